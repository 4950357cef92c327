//! The parent's part: it accepts clients, and starts a child process for each client. The child
//! serves the client.
#![allow(unused, reason = "tasks are still to do")]

use crate::conversation::converse;
use crate::{log, parent_death};
use nix::errno::Errno;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use nix::unistd::{ForkResult, Pid, fork, getpid};
use sockhelpers::{Accepted, ConfigError, accept, create_listening_socket};
use std::error::Error;
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::Duration;
use std::{io, thread};

/// The maximum number of clients that wait to be accepted.
const BACKLOG: u16 = 128;

/// The pause before the next call of accept while no descriptor or no memory is free.
const RETRY_DELAY: Duration = Duration::from_millis(20);

/// The state of the parent. The listener is its only socket, and the parent stores no data about
/// clients.
pub struct Server {
    listener: OwnedFd,
}

impl Server {
    /// Listens on `port`, and logs the start.
    ///
    /// # Errors
    /// An error that names PORT and the reason, for instance that the port is in use or needs root.
    pub fn start(port: u16) -> Result<Server, Box<dyn Error>> {
        todo!("Task 1: listen on the port as your echo server does, then log the start")
    }

    /// Starts a child for each client. In a child, the function returns when the child's client has
    /// left. In the parent, the function returns only with an error.
    ///
    /// # Errors
    /// The errors of sigaction(2), and the errors of accept(2) that are not caused by a client.
    pub fn run(self) -> io::Result<()> {
        let parent = getpid();
        let mut client = self.next_client()?;
        ignore_sigchld()?; // before the first child can end
        loop {
            todo!("Task 2: fork, close the other process's socket, accept the next client")
        }
    }

    /// Sleeps until a client connects, and accepts the client.
    fn next_client(&self) -> io::Result<OwnedFd> {
        loop {
            match Accepted::from(accept(&self.listener)) {
                Accepted::Client(client, _) => return Ok(client),
                other => check_accept(other)?,
            }
        }
    }
}

/// Makes the kernel reap each child when it ends. A child that is not reaped stays a zombie
/// (wait(2), "Notes").
fn ignore_sigchld() -> io::Result<()> {
    todo!("Task 2: ignore SIGCHLD with sigaction")
}

/// Runs in the child: serves the child's client, and returns when the client has left.
fn serve(client: OwnedFd, parent: Pid) -> io::Result<()> {
    parent_death::end_with_parent(parent)?;
    if let Err(error) = converse(client) {
        log::note(format_args!("pid={} lost its client: {error}", getpid()));
    }
    Ok(())
}

/// Handles the outcome of an accept that returned no client. If the result is `Ok`, the caller
/// accepts again.
///
/// # Errors
/// The listener cannot be used any more.
fn check_accept(accepted: Accepted) -> io::Result<()> {
    todo!("Task 4: accept again after a temporary error, and return any other error")
}

/// Closes a client for which fork has failed.
fn reject(client: OwnedFd, errno: Errno) {
    todo!("Task 4: close the client, and log the reason")
}
