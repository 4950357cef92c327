//! The parent's part: it accepts clients and starts a child for each, which serves the client.

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

/// The number of clients that may wait to be accepted.
const BACKLOG: u16 = 128;

/// The time between two calls of accept while there is no free descriptor or memory.
const RETRY_DELAY: Duration = Duration::from_millis(100);

/// The parent's only socket. It keeps nothing about any client.
pub struct Server {
    listener: OwnedFd,
}

impl Server {
    /// Listens on `port`, and logs the start.
    ///
    /// # Errors
    /// An error that names PORT and the reason, for instance when the port is in use or needs root.
    pub fn start(port: u16) -> Result<Server, Box<dyn Error>> {
        // <task 1: listen on the port as your echo server does, then log the start>
        let listener = create_listening_socket(port, BACKLOG)
            .map_err(|error| ConfigError::new("PORT", port, error))?;
        log::start(port);
        Ok(Server { listener })
        // </task>
    }

    /// Starts a child for each client. In a child, returns when its client has left; in the parent,
    /// returns only with an error.
    ///
    /// # Errors
    /// The errors of sigaction(2), and those of accept(2) that are not caused by a client.
    pub fn run(self) -> io::Result<()> {
        let parent = getpid();
        ignore_sigchld()?;
        loop {
            let client = self.next_client()?;
            // <task 2: fork, and close in each process the socket that only the other needs>
            // SAFETY: this program has one thread, so the child may call any function (fork(2)).
            match unsafe { fork() } {
                // The child accepts no clients: it closes the listener and serves its client.
                Ok(ForkResult::Child) => {
                    drop(self);
                    return serve(client, parent);
                }
                // The parent does not serve: it closes the client. The child still has it open,
                // so the kernel sends no FIN yet.
                Ok(ForkResult::Parent { child }) => {
                    log::fork(child, client.as_raw_fd());
                    drop(client);
                }
                Err(errno) => reject(client, errno),
            }
            // </task>
        }
    }

    /// Sleeps until a client connects, and accepts it.
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
    // SAFETY: SIG_IGN runs no code of this program when the signal comes.
    unsafe { sigaction(Signal::SIGCHLD, &ignore) }?;
    Ok(())
    // </task>
}

/// Everything that a child does: it serves its client, and returns.
fn serve(client: OwnedFd, parent: Pid) -> io::Result<()> {
    parent_death::end_with_parent(parent)?;
    if let Err(error) = converse(client) {
        log::note(format_args!("pid={} lost its client: {error}", getpid()));
    }
    Ok(())
}

/// Checks an accept without a client. With `Ok`, the caller can accept again.
///
/// # Errors
/// The listener cannot be used any more.
fn check_accept(accepted: Accepted) -> io::Result<()> {
    // <task 4: accept again after a temporary error, and return any other error>
    match accepted {
        Accepted::Client(..) | Accepted::WouldBlock => {}
        Accepted::Aborted | Accepted::Interrupted => {}
        // The parent has no client open, so other processes cause the shortage. accept would fail
        // again at once: without a pause, the loop would keep a core busy.
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
