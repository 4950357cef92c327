//! From a host and a port to a connection: the first address that accepts one.
#![allow(unused, reason = "tasks are still to do")]

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
    todo!("Task 1: check the whole argument and its range")
}

/// All addresses of `host`, in the order in which a client should try them. `host` is a name or an
/// address.
///
/// # Errors
/// The error of getaddrinfo(3), for instance that the name has no address.
pub fn resolve(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    todo!("Task 1: ask getaddrinfo for all addresses")
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
                todo!("Task 2: keep the reason, and go on with the next address")
            }
        }
    }
    todo!("Task 2: every address has refused: return the last reason")
}

/// Connects to one address. Logs the attempt, and the connection.
///
/// # Errors
/// The error of socket(2) or connect(2).
fn connect_to(address: SocketAddr) -> io::Result<OwnedFd> {
    todo!("Task 1: create a socket of the address's family, connect it, and log both steps")
}
