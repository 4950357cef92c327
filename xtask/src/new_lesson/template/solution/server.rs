//! Sends a line to each client, and closes the connection.

use crate::log;
use nix::sys::socket::{MsgFlags, send};
use sockhelpers::{Accepted, ConfigError, accept, create_listening_socket};
use std::convert::Infallible;
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::Duration;
use std::{io, thread};

/// The maximum number of clients that wait to be accepted.
const BACKLOG: u16 = 128;

/// The line that each client gets.
const GREETING: &[u8] = b"hello\n";

/// The pause before the next call of accept while no descriptor or no memory is free.
const RETRY_DELAY: Duration = Duration::from_millis(100);

/// The server's listening socket.
pub struct Server {
    listener: OwnedFd,
}

impl Server {
    /// Listens on `port`, and logs the start.
    ///
    /// # Errors
    /// An error that names PORT and the reason, for instance that the port is in use or needs root.
    pub fn start(port: u16) -> Result<Server, ConfigError> {
        // <task 1: listen on the port, then log the start>
        let listener = create_listening_socket(port, BACKLOG)
            .map_err(|error| ConfigError::new("PORT", port, error))?;
        log::start(port);
        Ok(Server { listener })
        // </task>
    }

    /// Serves one client after another. Returns only with an error.
    ///
    /// # Errors
    /// The errors of accept(2) that are not caused by a client.
    pub fn run(&self) -> io::Result<Infallible> {
        loop {
            match Accepted::from(accept(&self.listener)) {
                Accepted::Client(client, _) => greet(client),
                // The client stays in the backlog, so the next accept would fail immediately.
                Accepted::NoDescriptors => thread::sleep(RETRY_DELAY),
                Accepted::Failed(error) => return Err(error),
                Accepted::Aborted | Accepted::Interrupted | Accepted::WouldBlock => {}
            }
        }
    }
}

/// Sends the line to a client, and closes the connection.
fn greet(client: OwnedFd) {
    // <task 1: send the line, and close the client's descriptor>
    // An error of this connection affects no other client.
    let _ = send(client.as_raw_fd(), GREETING, MsgFlags::MSG_NOSIGNAL);
    drop(client);
    // </task>
}
