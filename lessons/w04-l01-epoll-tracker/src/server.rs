//! The event loop: wait, serve, accept, remove. There is one thread, and it sleeps only in
//! `epoll_wait`.
#![allow(unused, reason = "tasks are still to do")]

use epoll_tracker::epoll::{Epoll, Source};
use epoll_tracker::limit;
use poll_tracker::config::{Config, ConfigError};
use poll_tracker::connection::State;
use poll_tracker::log;
use poll_tracker::spare_fd::SpareFd;
use poll_tracker::table::Table;
use sockhelpers::{Accepted, Received, create_listening_socket, set_nonblocking};
use std::convert::Infallible;
use std::os::fd::{AsRawFd, OwnedFd};
use std::{error::Error, io};

/// The number of clients that may wait to be accepted (listen(2)).
const BACKLOG: u16 = 1024;

/// The most bytes that one read takes, and so the most output that is ever pending for a client.
const BUFFER_SIZE: usize = 4096;

/// The listener, the table of clients, and the interest list.
pub struct Server {
    listener: OwnedFd,
    table: Table,
    epoll: Epoll,
    /// Needed when all other descriptors are in use.
    spare_fd: SpareFd,
    /// The bytes of the last read.
    buffer: [u8; BUFFER_SIZE],
}

impl Server {
    /// Listens on the port in `config`, and logs the start.
    ///
    /// # Errors
    /// PORT and the reason, where the port is taken or needs root; otherwise those of fcntl(2),
    /// setrlimit(2) and epoll_create1(2).
    pub fn start(config: &Config) -> Result<Server, Box<dyn Error>> {
        limit::raise_fd_limit(config.max_clients)?;
        let listener = listen(config.port)?;
        // A client that epoll has reported may be gone when accept is called. On a blocking listener,
        // accept would then wait for the next client (accept(2), "Notes").
        set_nonblocking(&listener)?;
        let epoll = Epoll::new(&listener)?;
        let table = Table::new(config.max_clients);
        let spare_fd = SpareFd::new();
        todo!("Task 1: log the start, with no active client")
    }

    /// Serves clients until an error of the server itself.
    ///
    /// # Errors
    /// Those of epoll_wait(2), and those of accept(2) that concern the listener.
    pub fn run(&mut self) -> io::Result<Infallible> {
        loop {
            // Sleep until the listener or a client is ready.
            let count = self.epoll.wait()?;
            todo!("Task 2: serve every client that has an event, and accept after them")
        }
    }

    /// Accepts one client. If more clients wait, epoll reports the listener again.
    fn accept(&mut self) -> io::Result<()> {
        todo!("Task 2: accept a client as your poll tracker does")
    }

    /// Accepts one client when the process has no descriptors left. The client is rejected unless a
    /// descriptor has become free meanwhile.
    fn accept_with_spare_fd(&mut self) -> io::Result<()> {
        match self.spare_fd.accept(&self.listener) {
            Ok(Some((client, _))) => return self.admit(client),
            Ok(None) => log::note("out of descriptors: a client was rejected"),
            // Epoll reports the listener again if the client still waits.
            Err(_) => {}
        }
        Ok(())
    }

    /// Gives a client a slot and watches it, or rejects it when every slot is in use.
    fn admit(&mut self, client: OwnedFd) -> io::Result<()> {
        todo!("Task 2: admit a client as your poll tracker does, and add it to the list")
    }

    /// Closes a client that cannot be added to the interest list: ENOMEM, ENOSPC (epoll_ctl(2)).
    fn remove_unwatched(&mut self, slot: usize, error: io::Error) {
        self.table.remove(slot);
        log::note(format_args!("a client was rejected: epoll_ctl: {error}"));
    }

    /// Closes a client for which no slot is free, so that it does not wait in vain.
    fn reject(&mut self, client: OwnedFd) {
        todo!("Task 4: close and log a rejected client as your poll tracker does")
    }

    /// Serves one client that is ready. Pending output is sent first, and nothing is read until all
    /// of it is sent.
    fn serve(&mut self, slot: usize) {
        let Some(connection) = self.table.get_mut(slot) else {
            return;
        };
        let before = connection.state();
        // A draining client is watched for output alone: send what is pending.
        if before == State::Draining {
            let flushed = connection.flush();
            return self.after_write(slot, before, flushed);
        }
        // Any other client is watched for input: read once, and echo.
        match connection.receive(&mut self.buffer) {
            Received::Bytes(count) => {
                let echoed = connection.send(&self.buffer[..count]);
                self.after_write(slot, before, echoed);
            }
            other => self.after_read(slot, other),
        }
    }

    /// Watches a client with pending output for output, and any other for input. Calls epoll_ctl only
    /// when that changes, not with each message.
    fn after_write(&mut self, slot: usize, before: State, written: io::Result<()>) {
        let (Ok(()), Some(connection)) = (written, self.table.get(slot)) else {
            return self.remove(slot);
        };
        let (fd, after) = (connection.raw_fd(), connection.state());
        if (before == State::Draining) == (after == State::Draining) {
            return;
        }
        todo!("Task 3: draining has begun or ended: change what the client is watched for")
    }

    /// Handles a read without bytes: removes the client where the connection has ended.
    fn after_read(&mut self, slot: usize, received: Received) {
        todo!("Task 3: tell a client that has left from a silent client, as your poll tracker does")
    }

    /// Removes a client from the list first, and from the table second: once its descriptor is closed,
    /// another client may get the same number.
    fn remove(&mut self, slot: usize) {
        todo!("Task 3: stop watching the client, remove it from the table, log it")
    }
}

/// Creates a socket that listens on `port`.
///
/// # Errors
/// PORT and the reason, where the port is taken or needs root.
fn listen(port: u16) -> Result<OwnedFd, ConfigError> {
    todo!("Task 1: listen on the port as your poll tracker does")
}
