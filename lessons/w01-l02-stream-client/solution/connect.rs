//! From a host and a port to a connection: the first address that accepts one.

use crate::log;
use nix::sys::socket::{
    AddressFamily, SockFlag, SockType, SockaddrStorage, connect, socket as create_socket,
};
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::os::fd::{AsRawFd, OwnedFd};

/// The number of the port in the argument PORT.
///
/// # Errors
/// A text that names the argument, if it is not a number from 1 to 65535.
pub fn port_number(argument: &str) -> Result<u16, String> {
    // <task 1: check the whole argument and its range>
    match argument.parse() {
        Ok(0) | Err(_) => Err(format!("PORT {argument:?}: expected a number from 1 to 65535")),
        Ok(number) => Ok(number),
    }
    // </task>
}

/// All addresses of `host`, in the order in which a client should try them. `host` is a name or an
/// address.
///
/// # Errors
/// The error of getaddrinfo(3), for instance that the name has no address.
pub fn resolve(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    // <task 1: ask getaddrinfo for all addresses>
    // On Linux, to_socket_addrs calls getaddrinfo(3) with SOCK_STREAM.
    Ok((host, port).to_socket_addrs()?.collect())
    // </task>
}

/// Connects to the first of `addresses` that accepts a connection. Logs each attempt.
///
/// # Errors
/// The error of the last attempt, if every address refuses.
pub fn connect_first(addresses: &[SocketAddr]) -> io::Result<OwnedFd> {
    let mut last_error = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in addresses {
        match connect_to(*address) {
            Ok(socket) => return Ok(socket),
            // connect_to has dropped the socket of this attempt, which closes the socket.
            Err(error) => {
                // <task 2: keep the reason, and go on with the next address>
                last_error = error;
                // </task>
            }
        }
    }
    // <task 2: every address has refused: return the last reason>
    Err(last_error)
    // </task>
}

/// Connects to one address. Logs the attempt, and the connection.
///
/// # Errors
/// The error of socket(2) or connect(2).
fn connect_to(address: SocketAddr) -> io::Result<OwnedFd> {
    // <task 1: create a socket of the address's family, connect it, and log both steps>
    let family = match address {
        SocketAddr::V4(_) => AddressFamily::Inet,
        SocketAddr::V6(_) => AddressFamily::Inet6,
    };
    let socket = create_socket(family, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)?;
    log::attempting(address.ip());
    connect(socket.as_raw_fd(), &SockaddrStorage::from(address))?;
    log::connected(address.ip());
    Ok(socket)
    // </task>
}
