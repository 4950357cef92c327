//! The loop: wait, accept, read, echo, remove. One thread, and it sleeps nowhere but in `poll`.

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

/// Clients that may wait to be accepted.
const BACKLOG: u16 = 128;

/// Bytes read from a client at a time, and so the most that is ever pending for it.
const BUFFER: usize = 4096;

/// A listening socket, the clients that came through it, and what `poll` watches of them.
pub struct Server {
    listener: OwnedFd,
    table: Table,
    poll_set: PollSet,
    spare_fd: SpareFd,
    buffer: [u8; BUFFER],
}

impl Server {
    /// Listens on the port that `config` names, and says so in the log.
    ///
    /// # Errors
    /// PORT and why it will not do, when it is taken or needs root; else those of fcntl(2).
    pub fn start(config: &Config) -> Result<Server, Box<dyn Error>> {
        let table = Table::new(config.max_clients);
        let listener = listen(config.port)?;
        // A client that poll reported may be gone by the time of accept (accept(2), "Notes").
        set_nonblocking(&listener)?;
        let poll_set = PollSet::new(&listener);
        let spare_fd = SpareFd::new();
        // <task 1: log the start, with no active client>
        log::start(table.active(), table.capacity());
        Ok(Server { listener, table, poll_set, spare_fd, buffer: [0; BUFFER] })
        // </task>
    }

    /// Serves, until the kernel refuses to go on.
    ///
    /// # Errors
    /// Those of poll(2) and accept(2) that no client is the cause of.
    pub fn run(&mut self) -> io::Result<Infallible> {
        loop {
            self.poll_set.wait()?;
            for position in self.poll_set.positions() {
                match self.poll_set.ready(position) {
                    Some(Source::Listener) => self.accept()?,
                    Some(Source::Client(slot)) => self.serve(position, slot),
                    None => {}
                }
            }
        }
    }

    /// Takes one client from the backlog. If there are more, `poll` reports the listener again.
    fn accept(&mut self) -> io::Result<()> {
        // <task 2: accept a client, and survive the errors that only it is the cause of>
        match Accepted::from(sockhelpers::accept(&self.listener)) {
            Accepted::Client(client, _) => self.admit(client),
            Accepted::WouldBlock | Accepted::Aborted | Accepted::Interrupted => Ok(()),
            Accepted::NoDescriptors => self.accept_with_spare_fd(),
            Accepted::Failed(error) => Err(error),
        }
        // </task>
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
        // <task 2: make the client non-blocking, give it a slot, watch it, log it>
        set_nonblocking(&client)?;
        let fd = client.as_raw_fd();
        match self.table.insert(client) {
            Ok(slot) => {
                self.poll_set.add(fd, slot);
                log::accept(fd, slot);
            }
            Err(client) => self.reject(client),
        }
        Ok(())
        // </task>
    }

    /// Closes a client that there is no slot for, so that it does not wait for nothing.
    fn reject(&mut self, client: OwnedFd) {
        // <task 4: close the client and log that the table is full>
        drop(client);
        log::reject(self.table.active(), self.table.capacity());
        // </task>
    }

    /// Does for a client what `poll` found it ready for: the output that is pending comes first,
    /// and until it is gone nothing more is read.
    fn serve(&mut self, position: usize, slot: usize) {
        let Some(connection) = self.table.get_mut(slot) else {
            return;
        };
        if connection.state() == State::Draining {
            let flushed = connection.flush();
            return self.after_write(position, slot, flushed);
        }
        match connection.receive(&mut self.buffer) {
            Received::Bytes(count) => {
                let echoed = connection.send(&self.buffer[..count]);
                self.after_write(position, slot, echoed);
            }
            other => self.after_read(position, slot, other),
        }
    }

    /// A client with output pending is watched for room to send it, any other for input.
    fn after_write(&mut self, position: usize, slot: usize, result: io::Result<()>) {
        let state = self.table.get(slot).map(|connection| connection.state());
        match (result, state) {
            (Ok(()), Some(State::Draining)) => self.poll_set.set_events(position, libc::POLLOUT),
            (Ok(()), _) => self.poll_set.set_events(position, libc::POLLIN),
            (Err(_), _) => self.remove(position, slot),
        }
    }

    /// After a read that gave no bytes: removes a client that has ended or lost its connection.
    fn after_read(&mut self, position: usize, slot: usize, received: Received) {
        // <task 3: tell a client that has left from one that has nothing to say yet>
        match received {
            Received::Bytes(_) | Received::WouldBlock | Received::Interrupted => {}
            Received::Eof | Received::Lost | Received::Failed(_) => self.remove(position, slot),
        }
        // </task>
    }

    /// Removes a client from the array first and from the table second: once closed, its number
    /// may be another client's.
    fn remove(&mut self, position: usize, slot: usize) {
        // <task 3: stop watching the client, remove it from the table, log it>
        self.poll_set.remove(position);
        if let Some(fd) = self.table.remove(slot) {
            log::disconnect(fd, slot);
        }
        // </task>
    }
}

/// A socket that listens on `port`.
///
/// # Errors
/// PORT and why it will not do, when it is taken or needs root.
fn listen(port: u16) -> Result<OwnedFd, ConfigError> {
    // <task 1: listen on the port as your echo server does>
    create_listening_socket(port, BACKLOG).map_err(|error| ConfigError::new("PORT", port, error))
    // </task>
}
