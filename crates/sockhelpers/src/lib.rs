//! The socket calls that all lessons share.
//!
//! | to | use |
//! |---|---|
//! | listen on a port | [`create_listening_socket`] |
//! | accept a client from the backlog | [`accept`], and [`Accepted`] for its outcomes |
//! | read from a client | [`receive`], and [`Received`] for its outcomes |
//! | make a descriptor non-blocking | [`set_nonblocking`] |
//! | read a port or another number from the environment | [`port_from_env`], [`number_from_env`] |
//! | write a line to the log | [`log_line`] |
//! | get the addresses of both ends | [`local_addr`], [`peer_addr`], [`get_addr`], [`get_port`] |
//!
//! Each descriptor is an [`OwnedFd`](std::os::fd::OwnedFd): dropping the value closes the
//! descriptor.
//!
//! ```
//! use sockhelpers::{Received, accept, create_listening_socket, local_addr, receive};
//! use std::{io::Write, net::TcpStream};
//!
//! let listener = create_listening_socket(0, 128)?;
//! let port = local_addr(&listener)?.port();
//! let mut peer = TcpStream::connect(("127.0.0.1", port))?;
//! let (client, address) = accept(&listener)?;
//! assert_eq!(address, peer.local_addr()?);
//!
//! peer.write_all(b"hello")?;
//! let mut buffer = [0; 16];
//! assert!(matches!(receive(&client, &mut buffer), Received::Bytes(5)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod accept;
mod address;
mod env;
mod listen;
mod log;
mod nonblocking;
mod receive;

pub use accept::{Accepted, accept};
pub use address::{get_addr, get_port, local_addr, peer_addr};
pub use env::{ConfigError, number_from_env, port_from_env};
pub use listen::{ListenError, create_listening_socket};
pub use log::log_line;
pub use nix::sys::socket::SockaddrStorage;
pub use nonblocking::set_nonblocking;
pub use receive::{Received, receive};
