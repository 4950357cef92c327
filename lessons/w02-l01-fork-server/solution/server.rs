//! The parent's part: it accepts clients, and starts a child process for each client. The child
//! serves the client.

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
        // <task 1: listen on the port as your echo server does, then log the start>
        let listener = create_listening_socket(port, BACKLOG)
            .map_err(|error| ConfigError::new("PORT", port, error))?;
        log::start(port);
        Ok(Server { listener })
        // </task>
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
            // <task 2: fork, close the other process's socket, accept the next client>
            // SAFETY: this program has one thread, so the child may call any function (fork(2)).
            match unsafe { fork() } {
                // The child accepts no clients: it closes the listener and serves its client.
                Ok(ForkResult::Child) => {
                    drop(self);
                    return serve(client, parent);
                }
                // The parent serves no client: it closes its descriptor of the client. The child
                // still has the connection open, so the kernel sends no FIN yet.
                Ok(ForkResult::Parent { child }) => {
                    log::fork(child, client.as_raw_fd());
                    drop(client);
                }
                Err(errno) => reject(client, errno),
            }
            client = self.next_client()?;
            // </task>
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
    // <task 2: ignore SIGCHLD with sigaction>
    let ignore = SigAction::new(SigHandler::SigIgn, SaFlags::empty(), SigSet::empty());
    // SAFETY: SIG_IGN runs no code of this program when the signal arrives.
    unsafe { sigaction(Signal::SIGCHLD, &ignore) }?;
    Ok(())
    // </task>
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
    // <task 4: accept again after a temporary error, and return any other error>
    match accepted {
        Accepted::Client(..) | Accepted::WouldBlock => {}
        Accepted::Aborted | Accepted::Interrupted => {}
        // The parent has no client open, so its clients do not cause the shortage. The next accept
        // would fail immediately. Without a pause, this would be a busy loop.
        Accepted::NoDescriptors => thread::sleep(RETRY_DELAY),
        Accepted::Failed(error) => return Err(error),
    }
    Ok(())
    // </task>
}

/// Closes a client for which fork has failed.
fn reject(client: OwnedFd, errno: Errno) {
    // <task 4: close the client, and log the reason>
    drop(client);
    log::note(format_args!("fork: {errno}: a client was rejected"));
    // </task>
}
