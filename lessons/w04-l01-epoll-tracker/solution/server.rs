//! The event loop: wait, serve, accept, remove. There is one thread, and it sleeps only in
//! `epoll_wait`.

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
        // <task 1: log the start, with no active client>
        log::start(table.active(), table.capacity());
        Ok(Server { listener, table, epoll, spare_fd, buffer: [0; BUFFER_SIZE] })
        // </task>
    }

    /// Serves clients until an error of the server itself.
    ///
    /// # Errors
    /// Those of epoll_wait(2), and those of accept(2) that concern the listener.
    pub fn run(&mut self) -> io::Result<Infallible> {
        loop {
            // Sleep until the listener or a client is ready.
            let count = self.epoll.wait()?;
            // <task 2: serve every client that has an event, and accept after them>
            // Serve the clients first.
            let mut listener_is_ready = false;
            for index in 0..count {
                match self.epoll.source(index) {
                    Source::Client(slot) => self.serve(slot),
                    Source::Listener => listener_is_ready = true,
                }
            }
            // Accept last, so that no new client gets a slot for which an event may still wait.
            if listener_is_ready {
                self.accept()?;
            }
            // </task>
        }
    }

    /// Accepts one client. If more clients wait, epoll reports the listener again.
    fn accept(&mut self) -> io::Result<()> {
        // <task 2: accept a client as your poll tracker does>
        match Accepted::from(sockhelpers::accept(&self.listener)) {
            Accepted::Client(client, _) => self.admit(client),
            // The client may have left by now (accept(2), EAGAIN and ECONNABORTED).
            Accepted::WouldBlock | Accepted::Aborted | Accepted::Interrupted => Ok(()),
            // The client stays in the backlog. Without an accept, epoll_wait would never sleep again.
            Accepted::NoDescriptors => self.accept_with_spare_fd(),
            Accepted::Failed(error) => Err(error),
        }
        // </task>
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
        // <task 2: admit a client as your poll tracker does, and add it to the list>
        // accept does not pass O_NONBLOCK on from the listener (accept(2)).
        set_nonblocking(&client)?;
        let fd = client.as_raw_fd();
        match self.table.insert(client) {
            Ok(slot) => match self.epoll.add(fd, slot) {
                Ok(()) => log::accept(fd, slot),
                Err(error) => self.remove_unwatched(slot, error),
            },
            Err(client) => self.reject(client),
        }
        Ok(())
        // </task>
    }

    /// Closes a client that cannot be added to the interest list: ENOMEM, ENOSPC (epoll_ctl(2)).
    fn remove_unwatched(&mut self, slot: usize, error: io::Error) {
        self.table.remove(slot);
        log::note(format_args!("a client was rejected: epoll_ctl: {error}"));
    }

    /// Closes a client for which no slot is free, so that it does not wait in vain.
    fn reject(&mut self, client: OwnedFd) {
        // <task 4: close and log a rejected client as your poll tracker does>
        drop(client);
        log::reject(self.table.active(), self.table.capacity());
        // </task>
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
        // <task 3: draining has begun or ended: change what the client is watched for>
        let changed = match after {
            State::Draining => self.epoll.watch_for_output(fd, slot),
            _ => self.epoll.watch_for_input(fd, slot),
        };
        // A client that cannot be watched for what it needs would hang: close it.
        if changed.is_err() {
            self.remove(slot);
        }
        // </task>
    }

    /// Handles a read without bytes: removes the client where the connection has ended.
    fn after_read(&mut self, slot: usize, received: Received) {
        // <task 3: tell a client that has left from a silent client, as your poll tracker does>
        match received {
            Received::Bytes(_) | Received::WouldBlock | Received::Interrupted => {}
            Received::Eof | Received::Lost | Received::Failed(_) => self.remove(slot),
        }
        // </task>
    }

    /// Removes a client from the list first, and from the table second: once its descriptor is closed,
    /// another client may get the same number.
    fn remove(&mut self, slot: usize) {
        // <task 3: stop watching the client, remove it from the table, log it>
        let Some(connection) = self.table.get(slot) else { return };
        // The client is on the list, so this cannot fail; closing would end the entry too.
        let _ = self.epoll.remove(connection.raw_fd());
        if let Some(fd) = self.table.remove(slot) {
            log::disconnect(fd, slot);
        }
        // </task>
    }
}

/// Creates a socket that listens on `port`.
///
/// # Errors
/// PORT and the reason, where the port is taken or needs root.
fn listen(port: u16) -> Result<OwnedFd, ConfigError> {
    // <task 1: listen on the port as your poll tracker does>
    create_listening_socket(port, BACKLOG).map_err(|error| ConfigError::new("PORT", port, error))
    // </task>
}
