//! What the kernel knows about a client's connection.

use std::os::fd::{AsRawFd, OwnedFd, RawFd};

/// Makes the kernel acknowledge received bytes immediately (tcp(7), TCP_QUICKACK). Otherwise the
/// server's kernel may delay the server's next bytes until the acknowledgement arrives, for up to
/// 40 ms (RFC 9293, section 3.7.4, Nagle).
pub(super) fn acknowledge(fd: RawFd) {
    set(fd, libc::IPPROTO_TCP, libc::TCP_QUICKACK, 1);
}

/// Makes room for more bytes in a small receive buffer, and announces the room to the server (tcp(7),
/// TCP_WINDOW_CLAMP).
pub(super) fn enlarge_buffer(fd: RawFd) {
    set(fd, libc::SOL_SOCKET, libc::SO_RCVBUF, LARGE_BUFFER);
    set(fd, libc::IPPROTO_TCP, libc::TCP_WINDOW_CLAMP, LARGEST_WINDOW);
}

/// The size of a receive buffer that has room for the largest window.
const LARGE_BUFFER: libc::c_int = 256 << 10;
/// The largest window without window scaling, which is chosen when a connection begins (RFC 7323,
/// section 2).
const LARGEST_WINDOW: libc::c_int = 1 << 16;

/// Sets an option of a socket. If the kernel refuses, the option stays as it is.
fn set(fd: RawFd, level: libc::c_int, option: libc::c_int, value: libc::c_int) {
    let length = size_of_val(&value) as libc::socklen_t;
    // SAFETY: the kernel reads one int.
    unsafe { libc::setsockopt(fd, level, option, (&raw const value).cast(), length) };
}

/// The number of bytes that were sent and have not been acknowledged.
pub(super) fn unacknowledged_bytes(socket: &OwnedFd) -> u64 {
    let mut bytes: libc::c_int = 0;
    // SAFETY: the kernel writes one int (tcp(7), SIOCOUTQ, which is TIOCOUTQ).
    let asked = unsafe { libc::ioctl(socket.as_raw_fd(), libc::TIOCOUTQ, &mut bytes) };
    if asked == 0 { bytes.max(0) as u64 } else { 0 }
}

/// What the kernel says about a connection (tcp(7), TCP_INFO).
pub(super) fn tcp_info(socket: &OwnedFd) -> Option<libc::tcp_info> {
    // SAFETY: plain data, which the kernel fills up to the given length.
    unsafe {
        let mut info: libc::tcp_info = std::mem::zeroed();
        let mut length = size_of_val(&info) as libc::socklen_t;
        let (level, option) = (libc::IPPROTO_TCP, libc::TCP_INFO);
        let at = (&raw mut info).cast();
        let read = libc::getsockopt(socket.as_raw_fd(), level, option, at, &mut length);
        (read == 0).then_some(info)
    }
}
