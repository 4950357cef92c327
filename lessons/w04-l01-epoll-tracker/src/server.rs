//! The event loop: it waits, serves clients, accepts clients and removes clients. The server has
//! one thread, which sleeps only in `epoll_wait`.
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

/// The maximum number of clients that wait to be accepted (listen(2)).
const BACKLOG: u16 = 1024;

/// The maximum number of bytes that one read returns. This number also limits the pending output of
/// a client, because the server does not read from a client with pending output.
const BUFFER_SIZE: usize = 4096;

/// The listener, the table of clients, and the interest list.
pub struct Server {
    listener: OwnedFd,
    table: Table,
    epoll: Epoll,
    /// Used to accept a client when no other descriptor is free.
    spare_fd: SpareFd,
    /// The bytes of the last read.
    buffer: [u8; BUFFER_SIZE],
}

impl Server {
    /// Listens on the port in `config`, and logs the start.
    ///
    /// # Errors
    /// An error that names PORT if the server cannot listen on the port; otherwise the errors of
    /// fcntl(2), setrlimit(2) and epoll_create1(2).
    pub fn start(config: &Config) -> Result<Server, Box<dyn Error>> {
        limit::raise_fd_limit(config.max_clients)?;
        let listener = listen(config.port)?;
        // A client that epoll has reported may have left before accept is called. On a blocking
        // listener, accept would then wait for the next client (accept(2), "Notes").
        set_nonblocking(&listener)?;
        let epoll = Epoll::new(&listener)?;
        let table = Table::new(config.max_clients);
        let spare_fd = SpareFd::new();
        todo!("Task 1: log the start, with no active client")
    }

    /// Serves clients. Returns only with an error.
    ///
    /// # Errors
    /// The errors of epoll_wait(2), and the errors of accept(2) that are not caused by a client.
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

    /// Accepts one client while no descriptor is free. The client is closed, unless a descriptor
    /// has become free in the meantime.
    fn accept_with_spare_fd(&mut self) -> io::Result<()> {
        match self.spare_fd.accept(&self.listener) {
            Ok(Some((client, _))) => return self.admit(client),
            Ok(None) => log::note("out of descriptors: a client was rejected"),
            // epoll reports the listener again if the client still waits.
            Err(_) => {}
        }
        Ok(())
    }

    /// Gives a client a slot, and adds it to the interest list. Rejects the client if every slot is
    /// in use.
    fn admit(&mut self, client: OwnedFd) -> io::Result<()> {
        todo!("Task 2: admit a client as your poll tracker does, and add it to the list")
    }

    /// Closes a client that could not be added to the interest list (epoll_ctl(2), ENOMEM and
    /// ENOSPC).
    fn remove_unwatched(&mut self, slot: usize, error: io::Error) {
        self.table.remove(slot);
        log::note(format_args!("a client was rejected: epoll_ctl: {error}"));
    }

    /// Closes a client because no slot is free. If the client stayed connected, it would wait for
    /// an answer that never comes.
    fn reject(&mut self, client: OwnedFd) {
        todo!("Task 4: close and log a rejected client as your poll tracker does")
    }

    /// Serves one client that is ready. If output is pending, sends this output. Otherwise reads
    /// once and echoes. The server does not read from a client until all of its pending output is
    /// sent.
    fn serve(&mut self, slot: usize) {
        let Some(connection) = self.table.get_mut(slot) else {
            return;
        };
        let before = connection.state();
        // The entry of a draining client is for EPOLLOUT only: send the pending output.
        if before == State::Draining {
            let flushed = connection.flush();
            return self.after_write(slot, before, flushed);
        }
        // The entry of any other client is for EPOLLIN: read once, and echo.
        match connection.receive(&mut self.buffer) {
            Received::Bytes(count) => {
                let echoed = connection.send(&self.buffer[..count]);
                self.after_write(slot, before, echoed);
            }
            other => self.after_read(slot, other),
        }
    }

    /// Updates a client's entry after a write: the entry is for EPOLLOUT while output is pending,
    /// and for EPOLLIN otherwise. Calls epoll_ctl only if the entry has to change, not for each
    /// message.
    fn after_write(&mut self, slot: usize, before: State, written: io::Result<()>) {
        let (Ok(()), Some(connection)) = (written, self.table.get(slot)) else {
            return self.remove(slot);
        };
        let (fd, after) = (connection.raw_fd(), connection.state());
        if (before == State::Draining) == (after == State::Draining) {
            return;
        }
        todo!("Task 3: draining has begun or ended: change the client's entry")
    }

    /// Handles a read that returned no bytes. Removes the client at end of file, or if its
    /// connection is lost.
    fn after_read(&mut self, slot: usize, received: Received) {
        todo!("Task 3: check whether a client has left, as your poll tracker does")
    }

    /// Removes a client from the list first and from the table second. The table closes the
    /// client's descriptor, and then the next client may get the same descriptor number.
    fn remove(&mut self, slot: usize) {
        todo!("Task 3: remove the client from the list and from the table, and log it")
    }
}

/// Creates a socket that listens on `port`.
///
/// # Errors
/// An error that names PORT and the reason, for instance that the port is in use or needs root.
fn listen(port: u16) -> Result<OwnedFd, ConfigError> {
    todo!("Task 1: listen on the port as your poll tracker does")
}
