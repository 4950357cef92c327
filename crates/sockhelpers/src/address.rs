//! The addresses and ports of a socket's two ends, for IPv4 and IPv6.

use nix::sys::socket::{SockaddrLike, SockaddrStorage, getpeername, getsockname};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, AsRawFd};

/// Returns the IP address in a socket address, or `None` when its family is neither AF_INET nor
/// AF_INET6.
///
/// ```
/// use sockhelpers::{SockaddrStorage, get_addr, get_port};
///
/// let address = SockaddrStorage::from("[::1]:7000".parse::<std::net::SocketAddr>()?);
/// assert_eq!(get_addr(&address), Some("::1".parse()?));
/// assert_eq!(get_port(&address), Some(7000));
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
pub fn get_addr(address: &SockaddrStorage) -> Option<IpAddr> {
    to_socket_addr(address).map(|address| address.ip())
}

/// Returns the port in a socket address, or `None` when its family is neither AF_INET nor AF_INET6.
///
/// The returned port is in host byte order. In the socket address, the port is in network byte
/// order (ip(7), "Address format").
pub fn get_port(address: &SockaddrStorage) -> Option<u16> {
    to_socket_addr(address).map(|address| address.port())
}

/// Returns the address and port that a socket is bound to. If the socket was bound to port 0, the
/// returned port is the port that the kernel has chosen.
///
/// # Errors
/// The errors of getsockname(2), and `InvalidData` for a socket that is not an IP socket.
pub fn local_addr(socket: impl AsFd) -> io::Result<SocketAddr> {
    let address = getsockname(socket.as_fd().as_raw_fd())?;
    to_socket_addr(&address).ok_or_else(not_ip)
}

/// Returns the address and port of the other end of a connection.
///
/// # Errors
/// The errors of getpeername(2), such as ENOTCONN before the socket is connected or after the
/// connection was reset; and `InvalidData` for a socket that is not an IP socket.
pub fn peer_addr(socket: impl AsFd) -> io::Result<SocketAddr> {
    let address = getpeername(socket.as_fd().as_raw_fd())?;
    to_socket_addr(&address).ok_or_else(not_ip)
}

/// Returns the socket address that a system call has written to `raw`.
///
/// # Safety
/// `raw` points to `length` readable bytes that begin with the address family.
pub(crate) unsafe fn from_raw(
    raw: *const libc::sockaddr,
    length: libc::socklen_t,
) -> io::Result<SocketAddr> {
    // SAFETY: the caller guarantees that `raw` points to `length` readable bytes.
    let address = unsafe { SockaddrStorage::from_raw(raw, Some(length)) };
    address.as_ref().and_then(to_socket_addr).ok_or_else(not_ip)
}

fn to_socket_addr(address: &SockaddrStorage) -> Option<SocketAddr> {
    let v4 = address.as_sockaddr_in().map(|&v4| v4.into());
    v4.or_else(|| address.as_sockaddr_in6().map(|&v6| v6.into()))
}

fn not_ip() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the address is neither IPv4 nor IPv6")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{TcpListener, TcpStream};
    use std::os::unix::net::UnixStream;

    fn check_both_ends(any_port: &str) {
        let listener = TcpListener::bind(any_port).unwrap();
        let peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        assert_eq!(local_addr(&listener).unwrap(), listener.local_addr().unwrap());
        assert_eq!(peer_addr(&peer).unwrap(), listener.local_addr().unwrap());
    }

    #[test]
    fn reports_both_ends_of_an_ipv4_connection() {
        check_both_ends("127.0.0.1:0");
    }

    #[test]
    fn reports_both_ends_of_an_ipv6_connection() {
        check_both_ends("[::1]:0");
    }

    #[test]
    fn a_listener_has_no_peer() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        assert_eq!(peer_addr(&listener).unwrap_err().kind(), io::ErrorKind::NotConnected);
    }

    #[test]
    fn a_unix_socket_has_neither_address_nor_port() {
        let (socket, _peer) = UnixStream::pair().unwrap();
        let address: SockaddrStorage = getsockname(socket.as_raw_fd()).unwrap();
        assert_eq!((get_addr(&address), get_port(&address)), (None, None));
        assert_eq!(local_addr(&socket).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}
