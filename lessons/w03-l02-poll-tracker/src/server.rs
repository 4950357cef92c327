//! The event loop: one thread accepts clients, reads, echoes, and removes clients. The thread
//! sleeps only in `poll`.
#![allow(unused, reason = "tasks are still to do")]

use crate::poll_set::{PollSet, Source};
use poll_tracker::config::{Config, ConfigError};
use poll_tracker::connection::State;
use poll_tracker::log;
use poll_tracker::spare_fd::SpareFd;
use poll_tracker::table::Table;
use sockhelpers::{Accepted, Received, create_listening_socket, set_nonblocking};
use std::convert::Infallible;
use std::os::fd::{AsRawFd, OwnedFd};
use std::{error::Error, io};

/// The maximum number of clients that wait to be accepted.
const BACKLOG: u16 = 128;

/// The maximum number of bytes that one read returns. This number also limits the pending output of
/// a client, because the server does not read from a client with pending output.
const BUFFER_SIZE: usize = 4096;

/// The listener, the table of clients, and the array for `poll`.
pub struct Server {
    listener: OwnedFd,
    table: Table,
    poll_set: PollSet,
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
    /// fcntl(2).
    pub fn start(config: &Config) -> Result<Server, Box<dyn Error>> {
        let table = Table::new(config.max_clients);
        let listener = listen(config.port)?;
        // A client that poll has reported may have left before accept is called. On a blocking
        // listener, accept would then wait for the next client (accept(2), "Notes").
        set_nonblocking(&listener)?;
        let poll_set = PollSet::new(&listener);
        let spare_fd = SpareFd::new();
        todo!("Task 1: log the start, and return the server")
    }

    /// Serves clients. Returns only with an error.
    ///
    /// # Errors
    /// The errors of poll(2) and accept(2) that are not caused by a client.
    pub fn run(&mut self) -> io::Result<Infallible> {
        loop {
            // Sleep until the listener or a client is ready.
            self.poll_set.wait()?;
            // Go through the array from its end: then a removal moves only an entry that was
            // already visited.
            for position in self.poll_set.positions() {
                match self.poll_set.ready(position) {
                    Some(Source::Listener) => self.accept()?,
                    Some(Source::Client(slot)) => self.serve(position, slot),
                    None => {}
                }
            }
        }
    }

    /// Accepts one client. If more clients wait, the next `poll` reports the listener again.
    fn accept(&mut self) -> io::Result<()> {
        todo!("Task 2: accept a client, and go on after the errors that concern only this client")
    }

    /// Accepts one client while no descriptor is free. The client is closed, unless a descriptor
    /// has become free in the meantime.
    fn accept_with_spare_fd(&mut self) -> io::Result<()> {
        match self.spare_fd.accept(&self.listener) {
            Ok(Some((client, _))) => return self.admit(client),
            Ok(None) => log::note("out of descriptors: a client was rejected"),
            // The next poll reports the listener again if the client still waits.
            Err(_) => {}
        }
        Ok(())
    }

    /// Gives a client a slot and an entry in the array. Rejects the client if every slot is in use.
    fn admit(&mut self, client: OwnedFd) -> io::Result<()> {
        todo!("Task 2: make the client non-blocking, give it a slot and an entry, and log it")
    }

    /// Closes a client because no slot is free. If the client stayed connected, it would wait for
    /// an answer that never comes.
    fn reject(&mut self, client: OwnedFd) {
        todo!("Task 4: close the client, and log that the table is full")
    }

    /// Serves a client that `poll` has reported as ready. If output is pending, sends this output.
    /// Otherwise reads once and echoes. While output is pending, the server does not read from the
    /// client. Therefore a client that does not read cannot make the server store more and more
    /// output.
    fn serve(&mut self, position: usize, slot: usize) {
        let Some(connection) = self.table.get_mut(slot) else {
            return;
        };
        // If output is pending, the entry waits for POLLOUT: send the output.
        if connection.state() == State::Draining {
            let flushed = connection.flush();
            return self.after_write(position, slot, flushed);
        }
        // Read once, and echo. If more bytes wait, the next poll reports the client again.
        match connection.receive(&mut self.buffer) {
            Received::Bytes(count) => {
                let echoed = connection.send(&self.buffer[..count]);
                self.after_write(position, slot, echoed);
            }
            other => self.after_read(position, slot, other),
        }
    }

    /// Updates a client's entry after a write. The entry waits for POLLOUT while output is pending,
    /// and for POLLIN otherwise. If the write failed, the client is removed.
    fn after_write(&mut self, position: usize, slot: usize, result: io::Result<()>) {
        let state = self.table.get(slot).map(|connection| connection.state());
        match (result, state) {
            (Ok(()), Some(State::Draining)) => self.poll_set.set_events(position, libc::POLLOUT),
            (Ok(()), _) => self.poll_set.set_events(position, libc::POLLIN),
            (Err(_), _) => self.remove(position, slot),
        }
    }

    /// Handles a read that returned no bytes. Removes the client at end of file, or if its
    /// connection is lost.
    fn after_read(&mut self, position: usize, slot: usize, received: Received) {
        todo!("Task 3: remove a client that has left, and keep one that has sent nothing yet")
    }

    /// Removes a client from the array first and from the table second. The table closes the
    /// client's descriptor, and then the next client may get the same descriptor number.
    fn remove(&mut self, position: usize, slot: usize) {
        todo!("Task 3: remove the client's entry, remove it from the table, and log it")
    }
}

/// Creates a socket that listens on `port`.
///
/// # Errors
/// An error that names PORT and the reason, for instance that the port is in use or needs root.
fn listen(port: u16) -> Result<OwnedFd, ConfigError> {
    todo!("Task 1: listen on the port as your echo server does")
}
