//! How many descriptors the process may have.

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use std::io;

/// Descriptors that are no client's: standard streams, listener, epoll, and some to spare.
const OTHERS: u64 = 16;

/// Raises the soft limit of descriptors, often 1024, so that `clients` fit below it, or as far
/// towards that as the hard limit permits; the limit then (getrlimit(2), RLIMIT_NOFILE).
///
/// # Errors
/// Those of getrlimit(2) and setrlimit(2).
pub fn make_room(clients: usize) -> io::Result<u64> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    let wanted = (clients as u64 + OTHERS).clamp(soft.min(hard), hard);
    setrlimit(Resource::RLIMIT_NOFILE, wanted, hard)?;
    Ok(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn makes_room_and_takes_none_away() {
        let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
        assert_eq!(make_room(0).unwrap(), soft);
        assert_eq!(make_room(usize::MAX / 2).unwrap(), hard);
        assert_eq!(getrlimit(Resource::RLIMIT_NOFILE).unwrap(), (hard, hard));
    }
}
