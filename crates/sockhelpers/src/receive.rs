//! Reading from a client, and the possible outcomes.

use std::io;
use std::os::fd::AsFd;

/// Reads the bytes that have arrived, up to the size of `buffer`. On a blocking socket, the call
/// waits for the first byte.
///
/// `buffer` must not be empty. A read into an empty buffer returns 0, and this function would
/// return [`Received::Eof`].
///
/// ```
/// use sockhelpers::{Received, receive};
/// use std::os::unix::net::UnixStream;
///
/// let (ours, theirs) = UnixStream::pair()?;
/// drop(theirs);
/// assert!(matches!(receive(&ours, &mut [0; 16]), Received::Eof));
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn receive(socket: impl AsFd, buffer: &mut [u8]) -> Received {
    nix::unistd::read(socket, buffer).map_err(io::Error::from).into()
}

/// The outcome of a read. The variants differ in what a server does next.
#[derive(Debug)]
pub enum Received {
    /// The number of bytes that were read into the start of the buffer; never 0.
    Bytes(usize),
    /// End of file: the peer will send no more bytes (read(2), "Return value").
    Eof,
    /// EAGAIN: no bytes have arrived yet.
    WouldBlock,
    /// EINTR: a signal interrupted the call before a byte was read.
    Interrupted,
    /// ECONNRESET, EPIPE, ETIMEDOUT: the connection is lost, and so are all bytes in transit.
    Lost,
    /// Any other error.
    Failed(io::Error),
}

impl From<io::Result<usize>> for Received {
    /// Sorts the errors as read(2) and tcp(7) list them.
    fn from(result: io::Result<usize>) -> Self {
        let error = match result {
            Ok(0) => return Received::Eof,
            Ok(count) => return Received::Bytes(count),
            Err(error) => error,
        };
        match error.raw_os_error().unwrap_or_default() {
            libc::EAGAIN => Received::WouldBlock,
            libc::EINTR => Received::Interrupted,
            libc::ECONNRESET | libc::EPIPE | libc::ETIMEDOUT => Received::Lost,
            _ => Received::Failed(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::sys::socket::{setsockopt, sockopt};
    use std::io::Write;
    use std::net::{Shutdown, TcpListener, TcpStream};

    fn connection() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (listener.accept().unwrap().0, peer)
    }

    #[test]
    fn bytes_are_read_before_end_of_file() {
        let (client, mut peer) = connection();
        peer.write_all(b"bye").unwrap();
        peer.shutdown(Shutdown::Write).unwrap();
        assert!(matches!(receive(&client, &mut [0; 16]), Received::Bytes(3)));
        assert!(matches!(receive(&client, &mut [0; 16]), Received::Eof));
    }

    #[test]
    fn a_silent_peer_would_block() {
        let (client, _peer) = connection();
        crate::set_nonblocking(&client).unwrap();
        assert!(matches!(receive(&client, &mut [0; 16]), Received::WouldBlock));
    }

    #[test]
    fn a_reset_is_a_lost_connection() {
        let (client, peer) = connection();
        let at_once = libc::linger { l_onoff: 1, l_linger: 0 };
        setsockopt(&peer, sockopt::Linger, &at_once).unwrap();
        drop(peer);
        assert!(matches!(receive(&client, &mut [0; 16]), Received::Lost));
    }

    #[test]
    fn each_errno_has_its_variant() {
        let outcome = |errno| Received::from(Err(io::Error::from_raw_os_error(errno)));
        assert!(matches!(outcome(libc::EINTR), Received::Interrupted));
        assert!(matches!(outcome(libc::EPIPE), Received::Lost));
        assert!(matches!(outcome(libc::EBADF), Received::Failed(_)));
    }
}
