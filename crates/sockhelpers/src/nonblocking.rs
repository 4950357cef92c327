//! Making a descriptor non-blocking.

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use std::io;
use std::os::fd::AsFd;

/// Sets O_NONBLOCK. From now on, a call on the descriptor fails with EAGAIN if the call would have
/// to wait (fcntl(2), "File status flags"). The other flags do not change.
///
/// # Errors
/// The errors of fcntl(2).
///
/// ```
/// let listener = sockhelpers::create_listening_socket(0, 1)?;
/// sockhelpers::set_nonblocking(&listener)?;
/// let error = sockhelpers::accept(&listener).unwrap_err();
/// assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn set_nonblocking(descriptor: impl AsFd) -> io::Result<()> {
    let flags = OFlag::from_bits_retain(fcntl(&descriptor, FcntlArg::F_GETFL)?);
    fcntl(&descriptor, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::OpenOptions;

    #[test]
    fn keeps_the_other_flags() {
        let file = OpenOptions::new().append(true).open("/dev/null").unwrap();
        set_nonblocking(&file).unwrap();
        let flags = OFlag::from_bits_retain(fcntl(&file, FcntlArg::F_GETFL).unwrap());
        assert!(flags.contains(OFlag::O_APPEND | OFlag::O_NONBLOCK), "{flags:?}");
    }
}
