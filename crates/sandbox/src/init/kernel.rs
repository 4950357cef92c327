//! Functions with system calls that several steps use.

use libc::{c_char, c_int};
use std::ffi::CStr;

/// Converts the result of a system call: `Err` with the errno if the result is -1.
pub(super) unsafe fn check(result: c_int) -> Result<c_int, i32> {
    // SAFETY: errno belongs to this thread.
    if result == -1 { Err(unsafe { *libc::__errno_location() }) } else { Ok(result) }
}

/// Writes a text to an existing file, such as a file in `/proc`.
pub(super) unsafe fn write_file(path: &CStr, text: &CStr) -> Result<(), i32> {
    // SAFETY: the buffer is the buffer of `text`.
    unsafe {
        let fd = check(libc::open(path.as_ptr(), libc::O_WRONLY | libc::O_CLOEXEC))?;
        let written = libc::write(fd, text.as_ptr().cast(), text.count_bytes());
        let result = check(written as c_int);
        libc::close(fd);
        result.map(drop)
    }
}

/// Creates a file with a text.
pub(super) unsafe fn write_new(path: &CStr, text: &CStr) -> Result<(), i32> {
    let flags = libc::O_WRONLY | libc::O_CREAT | libc::O_CLOEXEC;
    // SAFETY: the buffer is the buffer of `text`.
    unsafe {
        let fd = check(libc::open(path.as_ptr(), flags, 0o644))?;
        let written = libc::write(fd, text.as_ptr().cast(), text.count_bytes());
        let result = check(written as c_int);
        libc::close(fd);
        result.map(drop)
    }
}

/// Brings up the loopback interface in this process's network namespace (netdevice(7), IFF_UP).
pub(super) unsafe fn loopback_up() -> Result<(), i32> {
    // SAFETY: `ifreq` is plain data, filled for SIOCSIFFLAGS (netdevice(7)).
    unsafe {
        let socket = check(libc::socket(libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0))?;
        let mut request: libc::ifreq = std::mem::zeroed();
        request.ifr_name[0] = b'l' as c_char;
        request.ifr_name[1] = b'o' as c_char;
        request.ifr_ifru.ifru_flags = libc::IFF_UP as i16;
        let result = check(libc::ioctl(socket, libc::SIOCSIFFLAGS, &request));
        libc::close(socket);
        result.map(drop)
    }
}
