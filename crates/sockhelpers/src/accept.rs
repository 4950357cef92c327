//! Accepting a client from the backlog, and the possible outcomes.

use crate::address;
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::{io, mem};

/// Accepts the first connection of the listener's backlog. Returns its descriptor and its peer's
/// address. The descriptor is close-on-exec, and it is blocking even if the listener is not.
///
/// On a blocking listener with an empty backlog, the call waits for a connection.
///
/// # Errors
/// The errors of accept(2). [`Accepted`] groups these errors by what a server does next.
pub fn accept(listener: impl AsFd) -> io::Result<(OwnedFd, SocketAddr)> {
    // SAFETY: all zeros is a valid sockaddr_storage.
    let mut peer: libc::sockaddr_storage = unsafe { mem::zeroed() };
    let mut length = size_of_val(&peer) as libc::socklen_t;
    let peer = (&raw mut peer).cast();
    let listener = listener.as_fd().as_raw_fd();
    // SAFETY: `peer` points to `length` writable bytes, and both outlive the call.
    let client = unsafe { libc::accept4(listener, peer, &mut length, libc::SOCK_CLOEXEC) };
    if client == -1 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel has just created this descriptor, and nothing else owns it.
    let client = unsafe { OwnedFd::from_raw_fd(client) };
    // SAFETY: the kernel has written an address of `length` bytes to `peer`.
    Ok((client, unsafe { address::from_raw(peer, length) }?))
}

/// The outcome of an [`accept`] call. The variants differ in what a server does next.
///
/// ```
/// use sockhelpers::{Accepted, accept, create_listening_socket, set_nonblocking};
///
/// let listener = create_listening_socket(0, 1)?;
/// set_nonblocking(&listener)?;
/// assert!(matches!(Accepted::from(accept(&listener)), Accepted::WouldBlock));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub enum Accepted {
    /// A client's descriptor, and its peer's address.
    Client(OwnedFd, SocketAddr),
    /// EAGAIN: the backlog is empty.
    WouldBlock,
    /// ECONNABORTED, EPROTO or a pending network error: this client's connection failed before it
    /// was accepted. Other clients are not affected.
    Aborted,
    /// EINTR: a signal interrupted the call before a connection arrived.
    Interrupted,
    /// EMFILE, ENFILE, ENOBUFS, ENOMEM: no descriptor is free, or there is no memory for a new
    /// descriptor. The client stays in the backlog.
    NoDescriptors,
    /// Any other error: the listener itself cannot be used any more.
    Failed(io::Error),
}

impl From<io::Result<(OwnedFd, SocketAddr)>> for Accepted {
    /// Sorts the errors as accept(2) lists them under "Errors" and "Error handling".
    fn from(result: io::Result<(OwnedFd, SocketAddr)>) -> Self {
        let error = match result {
            Ok((client, peer)) => return Accepted::Client(client, peer),
            Err(error) => error,
        };
        match error.raw_os_error().unwrap_or_default() {
            libc::EAGAIN => Accepted::WouldBlock,
            libc::ECONNABORTED | libc::EPROTO => Accepted::Aborted,
            libc::ENETDOWN | libc::ENETUNREACH | libc::EHOSTDOWN => Accepted::Aborted,
            libc::EHOSTUNREACH | libc::ENONET | libc::ENOPROTOOPT => Accepted::Aborted,
            libc::EINTR => Accepted::Interrupted,
            libc::EMFILE | libc::ENFILE => Accepted::NoDescriptors,
            libc::ENOBUFS | libc::ENOMEM => Accepted::NoDescriptors,
            _ => Accepted::Failed(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::fcntl::{FcntlArg, FdFlag, fcntl};
    use std::net::{TcpListener, TcpStream};

    #[test]
    fn returns_the_client_and_its_peer() {
        let listener = TcpListener::bind("[::1]:0").unwrap();
        let peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (client, address) = accept(&listener).unwrap();
        assert_eq!(address, peer.local_addr().unwrap());
        assert_eq!(crate::peer_addr(&client).unwrap(), address);
    }

    #[test]
    fn a_client_is_closed_on_exec() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let _peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (client, _) = accept(&listener).unwrap();
        let flags = FdFlag::from_bits_retain(fcntl(&client, FcntlArg::F_GETFD).unwrap());
        assert!(flags.contains(FdFlag::FD_CLOEXEC));
    }

    #[test]
    fn each_errno_has_its_variant() {
        let outcome = |errno| Accepted::from(Err(io::Error::from_raw_os_error(errno)));
        assert!(matches!(outcome(libc::EWOULDBLOCK), Accepted::WouldBlock));
        assert!(matches!(outcome(libc::ECONNABORTED), Accepted::Aborted));
        assert!(matches!(outcome(libc::EINTR), Accepted::Interrupted));
        assert!(matches!(outcome(libc::EMFILE), Accepted::NoDescriptors));
        assert!(matches!(outcome(libc::ENOMEM), Accepted::NoDescriptors));
        assert!(matches!(outcome(libc::EBADF), Accepted::Failed(_)));
    }

    #[test]
    fn a_descriptor_that_is_not_a_listener_fails() {
        let file = std::fs::File::open("/dev/null").unwrap();
        assert!(matches!(Accepted::from(accept(&file)), Accepted::Failed(_)));
    }
}
