//! Serves one client after another. While a client is served, the others wait in the backlog.
#![allow(unused, reason = "tasks are still to do")]

use crate::echo::echo;
use crate::log;
use sockhelpers::{Accepted, ConfigError, accept, create_listening_socket};
use std::convert::Infallible;
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::Duration;
use std::{io, thread};

/// The maximum number of clients that wait to be accepted.
const BACKLOG: u16 = 128;

/// The pause before the next call of accept while no descriptor or no memory is free.
const RETRY_DELAY: Duration = Duration::from_millis(20);

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
        todo!("Task 1: listen on the port, then log the start")
    }

    /// Serves clients. Returns only with an error.
    ///
    /// # Errors
    /// The errors of accept(2) that are not caused by a client.
    pub fn run(&self) -> io::Result<Infallible> {
        loop {
            // Sleep until a client connects, then serve this client until it leaves.
            match Accepted::from(accept(&self.listener)) {
                Accepted::Client(client, _) => serve(client),
                other => check_accept(other)?,
            }
        }
    }
}

/// Serves one client until it leaves, and closes its descriptor.
fn serve(client: OwnedFd) {
    let fd = client.as_raw_fd();
    log::accept(fd);
    let outcome = echo(&client);
    todo!("Task 3: close the client's descriptor, and log it")
}

/// Handles the outcome of an accept that returned no client. If the result is `Ok`, the caller
/// accepts again.
///
/// # Errors
/// The listener cannot be used any more.
fn check_accept(accepted: Accepted) -> io::Result<()> {
    todo!("Task 4: accept again after a temporary error, and return any other error")
}
