//! The loop: wait, serve, accept, remove. One thread, and it sleeps nowhere but in `epoll_wait`.
#![allow(unused, reason = "tasks are still to do")]

use epoll_tracker::limit;
use epoll_tracker::watch::{Source, Watch};
use poll_tracker::config::{Config, ConfigError};
use poll_tracker::connection::State;
use poll_tracker::log;
use poll_tracker::spare_fd::SpareFd;
use poll_tracker::table::Table;
use sockhelpers::{Accepted, Received, create_listening_socket, set_nonblocking};
use std::convert::Infallible;
use std::os::fd::{AsRawFd, OwnedFd};
use std::{error::Error, io};

/// Clients that may wait to be accepted.
const BACKLOG: u16 = 1024;

/// Bytes read from a client at a time, and so the most that is ever pending for it.
const BUFFER: usize = 4096;

/// A listening socket, the clients that came through it, and what `epoll` watches of them.
pub struct Server {
    listener: OwnedFd,
    table: Table,
    watch: Watch,
    spare_fd: SpareFd,
    buffer: [u8; BUFFER],
}

impl Server {
    /// Listens on the port that `config` names, and says so in the log.
    ///
    /// # Errors
    /// PORT and why it will not do, when it is taken or needs root; else those of fcntl(2),
    /// setrlimit(2) and epoll_create1(2).
    pub fn start(config: &Config) -> Result<Server, Box<dyn Error>> {
        limit::make_room(config.max_clients)?;
        let listener = listen(config.port)?;
        // A client that epoll reported may be gone by the time of accept (accept(2), "Notes").
        set_nonblocking(&listener)?;
        let watch = Watch::new(&listener)?;
        let table = Table::new(config.max_clients);
        let spare_fd = SpareFd::new();
        todo!("Task 1: log the start, with no active client")
    }

    /// Serves, until the kernel refuses to go on.
    ///
    /// # Errors
    /// Those of epoll_wait(2) and accept(2) that no client is the cause of.
    pub fn run(&mut self) -> io::Result<Infallible> {
        loop {
            let count = self.watch.wait()?;
            todo!("Task 2: serve every client that has an event, and accept after them")
        }
    }

    /// Takes one client from the backlog. If there are more, `epoll` reports the listener again.
    fn accept(&mut self) -> io::Result<()> {
        todo!("Task 2: accept a client as your poll tracker does")
    }

    /// Takes one client where no descriptor is left for it, and if need be turns it away.
    fn accept_with_spare_fd(&mut self) -> io::Result<()> {
        match self.spare_fd.accept(&self.listener) {
            Ok(Some((client, _))) => return self.admit(client),
            Ok(None) => log::note("out of descriptors: a client was turned away"),
            Err(_) => {}
        }
        Ok(())
    }

    /// Gives a client a slot and watches it, or turns it away when every slot is in use.
    fn admit(&mut self, client: OwnedFd) -> io::Result<()> {
        todo!("Task 2: admit a client as your poll tracker does, and add it to the list")
    }

    /// Closes a client that epoll has no room for: ENOMEM, ENOSPC (epoll_ctl(2)).
    fn give_up(&mut self, slot: usize, error: io::Error) {
        self.table.remove(slot);
        log::note(format_args!("a client was turned away: epoll_ctl: {error}"));
    }

    /// Closes a client that there is no slot for, so that it does not wait for nothing.
    fn reject(&mut self, client: OwnedFd) {
        todo!("Task 4: turn a client away as your poll tracker does")
    }

    /// Does for a client what `epoll` found it ready for: the output that is pending comes first,
    /// and until it is gone nothing more is read.
    fn serve(&mut self, slot: usize) {
        let Some(connection) = self.table.get_mut(slot) else {
            return;
        };
        let before = connection.state();
        if before == State::Draining {
            let flushed = connection.flush();
            return self.after_write(slot, before, flushed);
        }
        match connection.receive(&mut self.buffer) {
            Received::Bytes(count) => {
                let echoed = connection.send(&self.buffer[..count]);
                self.after_write(slot, before, echoed);
            }
            other => self.after_read(slot, other),
        }
    }

    /// A client with output pending is watched for room to send it, any other for input. The list
    /// is changed when that changes, not with each message.
    fn after_write(&mut self, slot: usize, before: State, written: io::Result<()>) {
        let (Ok(()), Some(connection)) = (written, self.table.get(slot)) else {
            return self.remove(slot);
        };
        let fd = connection.raw_fd();
        todo!("Task 3: change what the client is watched for, if it has begun or ended to drain")
    }

    /// After a read that gave no bytes: removes a client that has ended or lost its connection.
    fn after_read(&mut self, slot: usize, received: Received) {
        todo!("Task 3: tell a client that has left from a silent one, as your poll tracker does")
    }

    /// Takes a client off the list first and out of the table second: once closed, its number may
    /// be another client's.
    fn remove(&mut self, slot: usize) {
        todo!("Task 3: stop watching the client, remove it from the table, log it")
    }
}

/// A socket that listens on `port`.
///
/// # Errors
/// PORT and why it will not do, when it is taken or needs root.
fn listen(port: u16) -> Result<OwnedFd, ConfigError> {
    todo!("Task 1: listen on the port as your poll tracker does")
}
