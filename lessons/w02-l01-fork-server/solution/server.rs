//! The parent's part: it accepts, hands each client to a child, and talks to nobody.

use crate::conversation::converse;
use crate::{log, orphan};
use nix::errno::Errno;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use nix::unistd::{ForkResult, Pid, fork, getpid};
use sockhelpers::{Accepted, ConfigError, accept, create_listening_socket};
use std::error::Error;
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::Duration;
use std::{io, thread};

/// Clients that may wait to be accepted.
const BACKLOG: u16 = 128;

/// How long to wait for somebody else to give back a file or memory.
const SHORTAGE: Duration = Duration::from_millis(100);

/// A listening socket, and nothing about any client.
pub struct Server {
    listener: OwnedFd,
}

impl Server {
    /// Listens on `port`, and says so in the log.
    ///
    /// # Errors
    /// PORT and why it will not do, when it is taken or needs root.
    pub fn start(port: u16) -> Result<Server, Box<dyn Error>> {
        // <task 1: listen on the port as your echo server does, then log the start>
        let listener = create_listening_socket(port, BACKLOG)
            .map_err(|error| ConfigError::new("PORT", port, error))?;
        log::start(port);
        Ok(Server { listener })
        // </task>
    }

    /// Gives each client a child. Returns in the children alone, each when its client has left.
    ///
    /// # Errors
    /// Those of accept(2) that no client is the cause of.
    pub fn run(self) -> io::Result<()> {
        let parent = getpid();
        leave_the_dead_to_the_kernel()?;
        loop {
            let client = self.next_client()?;
            // <task 2: fork, and close in each process what belongs to the other>
            // SAFETY: this program has one thread, so its copy may do all that it may (fork(2)).
            match unsafe { fork() } {
                Ok(ForkResult::Child) => {
                    drop(self);
                    return serve(client, parent);
                }
                Ok(ForkResult::Parent { child }) => {
                    log::fork(child, client.as_raw_fd());
                    drop(client);
                }
                Err(errno) => turn_away(client, errno),
            }
            // </task>
        }
    }

    /// Sleeps until there is a client.
    fn next_client(&self) -> io::Result<OwnedFd> {
        loop {
            match Accepted::from(accept(&self.listener)) {
                Accepted::Client(client, _) => return Ok(client),
                other => nobody_came(other)?,
            }
        }
    }
}

/// Has the kernel reap each child as it ends. Children that nobody reaps stay zombies.
fn leave_the_dead_to_the_kernel() -> io::Result<()> {
    // <task 2: ignore SIGCHLD, by sigaction>
    let ignore = SigAction::new(SigHandler::SigIgn, SaFlags::empty(), SigSet::empty());
    // SAFETY: to ignore a signal puts no code of ours into its path.
    unsafe { sigaction(Signal::SIGCHLD, &ignore) }?;
    Ok(())
    // </task>
}

/// The whole life of a child.
fn serve(client: OwnedFd, parent: Pid) -> io::Result<()> {
    orphan::end_with(parent)?;
    if let Err(error) = converse(client) {
        log::note(format_args!("pid={} lost its client: {error}", getpid()));
    }
    Ok(())
}

/// After an `accept` that gave no client: goes on, unless it never will give one again.
fn nobody_came(outcome: Accepted) -> io::Result<()> {
    // <task 4: tell what passes from what does not>
    match outcome {
        Accepted::Client(..) | Accepted::WouldBlock => {}
        Accepted::Aborted | Accepted::Interrupted => {}
        // The parent keeps no client open: the shortage is the machine's, and to ask again at once
        // would only keep a processor busy.
        Accepted::NoDescriptors => thread::sleep(SHORTAGE),
        Accepted::Failed(error) => return Err(error),
    }
    Ok(())
    // </task>
}

/// Lets a client go that there is no child for.
fn turn_away(client: OwnedFd, errno: Errno) {
    // <task 4: close the client, and say why>
    drop(client);
    log::note(format_args!("fork: {errno}: a client was turned away"));
    // </task>
}
