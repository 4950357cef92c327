//! Waits until a descriptor is ready, and counts the bytes that it has.

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::time::Instant;

/// Waits until `fd` is ready for all events in `wanted`. Returns whether `fd` became ready before
/// the deadline. If the deadline has already expired, this function returns immediately.
pub(crate) fn wait_ready(deadline: Instant, fd: BorrowedFd<'_>, wanted: PollFlags) -> bool {
    let mut slot = [PollFd::new(fd, wanted)];
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match poll(&mut slot, PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX)) {
            Err(Errno::EINTR) => {}
            answer => {
                let found = slot[0].revents().unwrap_or(PollFlags::empty());
                return answer.is_ok() && found.contains(wanted);
            }
        }
    }
}

/// Whether `fd` is readable now.
pub(crate) fn is_readable(fd: BorrowedFd<'_>) -> bool {
    wait_ready(Instant::now(), fd, PollFlags::POLLIN)
}

/// The number of bytes that have arrived at a socket, a pipe or a terminal and have not been read
/// (tcp(7), SIOCINQ, which is FIONREAD; pipe(7)).
pub(crate) fn unread_bytes(fd: &OwnedFd) -> u64 {
    let mut bytes: libc::c_int = 0;
    // SAFETY: the kernel writes one int.
    let asked = unsafe { libc::ioctl(fd.as_raw_fd(), libc::FIONREAD, &mut bytes) };
    if asked == 0 { bytes.max(0) as u64 } else { 0 }
}
