//! Waits until a descriptor is ready.

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::os::fd::BorrowedFd;
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
