//! One client after another: while this one is served, the others wait in the backlog.

use crate::echo::echo;
use crate::log;
use sockhelpers::{Accepted, ConfigError, accept, create_listening_socket};
use std::convert::Infallible;
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::Duration;
use std::{io, thread};

/// Clients that may wait for their turn.
const BACKLOG: u16 = 128;

/// How long a server that has run out of descriptors or memory leaves the others alone.
const PAUSE: Duration = Duration::from_millis(100);

/// A socket that listens.
pub struct Server {
    listener: OwnedFd,
}

impl Server {
    /// Listens on `port`, and says so in the log.
    ///
    /// # Errors
    /// PORT and why it will not do, when it is taken or needs root.
    pub fn start(port: u16) -> Result<Server, ConfigError> {
        // <task 1: listen on the port, then log the start>
        let listener = create_listening_socket(port, BACKLOG)
            .map_err(|error| ConfigError::new("PORT", port, error))?;
        log::start(port);
        Ok(Server { listener })
        // </task>
    }

    /// Serves, until the kernel refuses to go on.
    ///
    /// # Errors
    /// Those of accept(2) that no client is the cause of.
    pub fn run(&self) -> io::Result<Infallible> {
        loop {
            match Accepted::from(accept(&self.listener)) {
                Accepted::Client(client, _) => serve(client),
                nobody => try_again(nobody)?,
            }
        }
    }
}

/// Talks with one client until it leaves, and lets it go.
fn serve(client: OwnedFd) {
    let fd = client.as_raw_fd();
    log::accept(fd);
    let outcome = echo(&client);
    // <task 3: close the client's descriptor, and log that it left>
    drop(client);
    if let Err(error) = outcome {
        log::note(format_args!("fd={fd}: {error}"));
    }
    log::disconnect(fd);
    // </task>
}

/// After an accept without a client: whether there can be another.
///
/// # Errors
/// When the listener is of no use any more.
fn try_again(nobody: Accepted) -> io::Result<()> {
    // <task 4: tell what passes from what does not>
    match nobody {
        // The client stays in the backlog, so the next accept would fail at once (accept(2)).
        Accepted::NoDescriptors => thread::sleep(PAUSE),
        Accepted::Failed(error) => return Err(error),
        Accepted::Client(..) | Accepted::WouldBlock => {}
        Accepted::Aborted | Accepted::Interrupted => {}
    }
    Ok(())
    // </task>
}
