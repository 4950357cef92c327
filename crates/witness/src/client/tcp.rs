//! What the kernel knows about a client's connection.

use std::os::fd::{AsRawFd, OwnedFd, RawFd};

/// Makes the kernel acknowledge received bytes immediately (tcp(7), TCP_QUICKACK). Otherwise the
/// server's kernel may delay the server's next bytes until the acknowledgement arrives, for up to
/// 40 ms (RFC 9293, section 3.7.4, Nagle).
pub(super) fn acknowledge(fd: RawFd) {
    let yes: libc::c_int = 1;
    let (level, option) = (libc::IPPROTO_TCP, libc::TCP_QUICKACK);
    let length = size_of_val(&yes) as libc::socklen_t;
    // SAFETY: the kernel reads one int.
    unsafe { libc::setsockopt(fd, level, option, (&raw const yes).cast(), length) };
}

/// The number of bytes that have arrived and have not been read (tcp(7), SIOCINQ, which is
/// FIONREAD).
pub(super) fn unread_bytes(socket: &OwnedFd) -> u64 {
    let mut bytes: libc::c_int = 0;
    // SAFETY: the kernel writes one int.
    let asked = unsafe { libc::ioctl(socket.as_raw_fd(), libc::FIONREAD, &mut bytes) };
    if asked == 0 { bytes.max(0) as u64 } else { 0 }
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
