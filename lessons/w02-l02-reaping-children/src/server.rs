//! The parent's accept loop: a child process for each client, as in w02-l01. The children are
//! reaped by the handler of SIGCHLD (`reaping`), while this loop sleeps in accept.
#![allow(unused, reason = "tasks are still to do")]

use crate::reaping::catch_sigchld;
use fork_server::conversation::converse;
use fork_server::{log, parent_death};
use nix::errno::Errno;
use nix::sys::signal::{SigSet, Signal};
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

/// The state of the parent. The listener is its only socket. The kernel knows which children the
/// parent has, so the parent keeps no list of them.
pub struct Server {
    listener: OwnedFd,
}

impl Server {
    /// Listens on `port`, and logs the start.
    ///
    /// # Errors
    /// An error that names PORT and the reason, for instance that the port is in use or needs root.
    pub fn start(port: u16) -> Result<Server, Box<dyn Error>> {
        todo!("Task 1: copy from your fork server")
    }

    /// Starts a child for each client. In a child, the function returns when the child's client has
    /// left. In the parent, the function returns only with an error.
    ///
    /// # Errors
    /// In the parent: the errors of sigaction(2), and the errors of accept(2) that are not caused by
    /// a client. In a child: the client was lost.
    pub fn run(self) -> io::Result<()> {
        let parent = getpid();
        let mut client = self.next_client()?;
        catch_sigchld()?; // before the first child can end
        loop {
            todo!("Task 2: copy your loop, and block SIGCHLD until [FORK] is logged")
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

/// Runs in the child: serves the child's client, and returns when the client has left.
///
/// # Errors
/// The client was lost in the middle of an answer. `main` prints the error, and the child exits with
/// status 1, which the parent logs.
fn serve(client: OwnedFd, parent: Pid) -> io::Result<()> {
    parent_death::end_with_parent(parent)?;
    converse(client)
        .map_err(|error| io::Error::other(format!("pid={} lost its client: {error}", getpid())))
}

/// Handles the outcome of an accept that returned no client. If the result is `Ok`, the caller
/// accepts again.
///
/// # Errors
/// The listener cannot be used any more.
fn check_accept(accepted: Accepted) -> io::Result<()> {
    todo!("Task 4: copy from your fork server")
}

/// Closes a client for which fork has failed.
fn reject(client: OwnedFd, errno: Errno) {
    todo!("Task 2: copy from your fork server")
}
