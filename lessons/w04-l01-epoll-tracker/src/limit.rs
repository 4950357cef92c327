//! The limit on the number of descriptors of the process.

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use std::io;

/// The number of descriptors that are not clients: the standard streams, the listener, the epoll
/// descriptor, and a reserve.
const OTHER_FDS: u64 = 16;

/// Raises the soft limit on descriptors, which is often 1024, so that `clients` clients can be
/// connected. The hard limit may permit fewer clients. Returns the new soft limit (getrlimit(2),
/// RLIMIT_NOFILE).
///
/// # Errors
/// The errors of getrlimit(2) and setrlimit(2).
pub fn raise_fd_limit(clients: usize) -> io::Result<u64> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    let wanted = (clients as u64 + OTHER_FDS).clamp(soft.min(hard), hard);
    setrlimit(Resource::RLIMIT_NOFILE, wanted, hard)?;
    Ok(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raises_the_limit_and_never_lowers_it() {
        let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
        assert_eq!(raise_fd_limit(0).unwrap(), soft);
        assert_eq!(raise_fd_limit(usize::MAX / 2).unwrap(), hard);
        assert_eq!(getrlimit(Resource::RLIMIT_NOFILE).unwrap(), (hard, hard));
    }
}
