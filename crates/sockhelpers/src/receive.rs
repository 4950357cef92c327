//! Reading from a client, and what can come of it.

use std::io;
use std::os::fd::AsFd;

/// Reads what has arrived, at most `buffer` full. Waits for the first byte on a blocking socket.
/// An empty `buffer` reads as [`Received::Eof`], which it is not: give it room.
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

/// What came of a read, one case for each thing that a server does next.
#[derive(Debug)]
pub enum Received {
    /// That many bytes, at the start of the buffer; never 0.
    Bytes(usize),
    /// End of file: the peer will send no more (read(2), "Return value").
    Eof,
    /// EAGAIN: nothing yet.
    WouldBlock,
    /// EINTR: a signal arrived first.
    Interrupted,
    /// ECONNRESET, EPIPE, ETIMEDOUT: the connection is lost, and what was on its way with it.
    Lost,
    /// Anything else.
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
    fn bytes_come_before_the_end() {
        let (client, mut peer) = connection();
        peer.write_all(b"bye").unwrap();
        peer.shutdown(Shutdown::Write).unwrap();
        assert!(matches!(receive(&client, &mut [0; 16]), Received::Bytes(3)));
        assert!(matches!(receive(&client, &mut [0; 16]), Received::Eof));
    }

    #[test]
    fn a_silent_peer_gives_nothing() {
        let (client, _peer) = connection();
        crate::set_nonblocking(&client).unwrap();
        assert!(matches!(receive(&client, &mut [0; 16]), Received::WouldBlock));
    }

    #[test]
    fn a_reset_is_a_client_gone() {
        let (client, peer) = connection();
        let at_once = libc::linger { l_onoff: 1, l_linger: 0 };
        setsockopt(&peer, sockopt::Linger, &at_once).unwrap();
        drop(peer);
        assert!(matches!(receive(&client, &mut [0; 16]), Received::Lost));
    }

    #[test]
    fn each_errno_has_its_case() {
        let outcome = |errno| Received::from(Err(io::Error::from_raw_os_error(errno)));
        assert!(matches!(outcome(libc::EINTR), Received::Interrupted));
        assert!(matches!(outcome(libc::EPIPE), Received::Lost));
        assert!(matches!(outcome(libc::EBADF), Received::Failed(_)));
    }
}
