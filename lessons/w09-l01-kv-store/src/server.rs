//! The event loop: it waits, reads, runs commands, replies and accepts clients. The server has one
//! thread, which sleeps only in epoll_wait.
#![allow(unused, reason = "tasks are still to do")]

use crate::config::Config;
use crate::epoll::{Epoll, Interest, Source};
use kv_store::reply::Reply;
use kv_store::service::{FeedResult, Service};
use kv_store::session::Session;
use nix::sys::socket::{MsgFlags, send, setsockopt, sockopt};
use poll_tracker::config::ConfigError;
use poll_tracker::connection::{Connection, State};
use poll_tracker::log;
use poll_tracker::spare_fd::SpareFd;
use poll_tracker::table::Table;
use sockhelpers::{Accepted, Received, create_listening_socket, set_nonblocking};
use std::convert::Infallible;
use std::error::Error;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::{io, mem};

/// The maximum number of clients that wait to be accepted (listen(2)).
const BACKLOG: u16 = 1024;

/// The maximum number of bytes that one read returns. All clients share one buffer for reading.
const BUFFER_SIZE: usize = 64 << 10;

/// If at least this number of bytes is pending for a client, the server does not read from the
/// client.
const MAX_PENDING: u64 = 1 << 20;

/// The shortest time-out of epoll_wait while no key has expired yet.
const MIN_SLEEP_MILLIS: i64 = 1000;

/// The listener, the table of clients, and the state of each client.
pub struct Server {
    listener: OwnedFd,
    table: Table,
    /// The state of each client, by the slot number of the client.
    clients: Vec<Client>,
    epoll: Epoll,
    /// Used to accept a client when no other descriptor is free.
    spare_fd: SpareFd,
    service: Service,
    /// The bytes of the last read.
    buffer: Vec<u8>,
    /// The replies to the commands of one read.
    reply: Reply,
}

/// The state of one client besides its connection.
#[derive(Default)]
struct Client {
    session: Session,
    /// The length in bytes of all replies so far, including the replies that were not sent yet.
    total_replied: u64,
    /// Whether commands that were read wait until the client has read some replies.
    is_paused: bool,
    /// Whether the client has shut down its sending side, and still gets the pending replies.
    input_ended: bool,
}

impl Server {
    /// Listens on the port in `config`, and logs the start.
    ///
    /// # Errors
    /// An error that names PORT if the server cannot listen on the port; otherwise the errors of
    /// fcntl(2), epoll_create1(2) and epoll_ctl(2).
    pub fn start(config: Config) -> Result<Server, Box<dyn Error>> {
        let table = Table::new(config.table.max_clients);
        let listener = listen(config.table.port)?;
        // A client that epoll has reported may have left before accept is called. On a blocking
        // listener, accept would then wait for the next client (accept(2), "Notes").
        set_nonblocking(&listener)?;
        let epoll = Epoll::new(&listener, table.capacity())?;
        let clients: Vec<Client> = (0..table.capacity()).map(|_| Client::default()).collect();
        let (spare_fd, service) = (SpareFd::new(), Service::new(config.password));
        let (buffer, reply) = (vec![0; BUFFER_SIZE], Reply::default());
        todo!("Task 1: log the start as your trackers do")
    }

    /// Serves clients. Returns only with an error.
    ///
    /// # Errors
    /// The errors of epoll_wait(2), and the errors of accept(2) that are not caused by a client.
    pub fn run(&mut self) -> io::Result<Infallible> {
        loop {
            // Sleep until a socket is ready, or until the time-out. The time-out depends on the
            // next key that expires.
            let events = self.epoll.wait(self.timeout())?;
            // Read the clock once in each iteration, and remove expired keys.
            self.service.tick();
            todo!("Task 2: serve and accept in the order of your epoll tracker")
        }
    }

    /// The time-out of epoll_wait in milliseconds; `None` if no key expires, so that no time-out is
    /// needed.
    fn timeout(&self) -> Option<i64> {
        let until = self.service.millis_until_expiry()?;
        Some(if until == 0 { 0 } else { until.max(MIN_SLEEP_MILLIS) })
    }

    /// Accepts one client. If more clients wait, epoll reports the listener again.
    fn accept(&mut self) -> io::Result<()> {
        todo!("Task 2: accept a client as your epoll tracker does")
    }

    /// Accepts one client while no descriptor is free. The client is closed, unless a descriptor
    /// has become free in the meantime.
    fn accept_with_spare_fd(&mut self) {
        match self.spare_fd.accept(&self.listener) {
            Ok(Some((client, _))) => self.admit(client),
            Ok(None) => log::note("out of descriptors: a client was rejected"),
            // epoll reports the listener again if the client still waits.
            Err(_) => {}
        }
    }

    /// Assigns a slot to the client and registers its descriptor with epoll. Rejects the client if
    /// no slot is free.
    fn admit(&mut self, client: OwnedFd) {
        // Without TCP_NODELAY, a reply may wait 40 ms for the acknowledgement of the previous
        // reply.
        let _ = setsockopt(&client, sockopt::TcpNoDelay, &true);
        todo!("Task 2: make the client non-blocking, then start its session in a slot or reject it")
    }

    /// Starts the session of a client that has a slot.
    fn start_session(&mut self, fd: RawFd, slot: usize) {
        self.clients[slot] = Client { session: self.service.begin_session(), ..Client::default() };
        todo!("Task 2: add the client to the list and log it, or free its slot if that fails")
    }

    /// Sends an error to a client for which no slot is free, and closes the client.
    fn reject(&mut self, client: OwnedFd) {
        let text = b"-ERR max number of clients reached\r\n";
        // An error of send is ignored, because the client may have left already.
        let _ = send(client.as_raw_fd(), text, MsgFlags::MSG_NOSIGNAL);
        todo!("Task 9: close and log a rejected client as your trackers do")
    }

    /// Serves one client that is ready, and updates the events that epoll waits for.
    fn serve(&mut self, slot: usize) {
        let Some(connection) = self.table.get(slot) else {
            return;
        };
        let fd = connection.raw_fd();
        // send_and_receive returns an error whenever the connection has to be closed, also after an
        // end of file. The connection is closed here.
        let next = self.send_and_receive(slot);
        if next.and_then(|interest| self.epoll.change(fd, slot, interest)).is_err() {
            self.remove(slot);
        }
    }

    /// Sends pending output, and then reads and runs commands. Returns the events that epoll must
    /// wait for next.
    ///
    /// # Errors
    /// After any error, the connection must be closed.
    fn send_and_receive(&mut self, slot: usize) -> io::Result<Interest> {
        let connection = self.table.get_mut(slot).ok_or(io::ErrorKind::NotConnected)?;
        // Send the output that is pending.
        if connection.state() == State::Draining {
            connection.flush()?;
        }
        // Run the commands that were read earlier and have waited because output was pending.
        if self.clients[slot].is_paused && self.below_max_pending(slot) {
            self.run_commands(slot, 0)?;
        }
        // Read new input only if no command waits and not too much output is pending.
        if self.should_read(slot) {
            self.read(slot)?;
        }
        self.interest(slot)
    }

    /// Reads once, and runs the commands in the input.
    fn read(&mut self, slot: usize) -> io::Result<()> {
        let connection = self.table.get_mut(slot).ok_or(io::ErrorKind::NotConnected)?;
        match connection.receive(&mut self.buffer) {
            Received::Bytes(count) => self.run_commands(slot, count),
            // The client sends nothing more, but it may still read its replies (shutdown(2)).
            Received::Eof if connection.state() == State::Draining => {
                self.clients[slot].input_ended = true;
                Ok(())
            }
            other => after_read(other),
        }
    }

    /// Runs the commands in the first `count` bytes of the buffer, and sends all replies in one
    /// call. If the replies are too long for one call, sends them in several calls, until too much
    /// output is pending.
    fn run_commands(&mut self, slot: usize, count: usize) -> io::Result<()> {
        let connection = self.table.get_mut(slot).ok_or(io::ErrorKind::NotConnected)?;
        let client = &mut self.clients[slot];
        let mut input = &self.buffer[..count];
        loop {
            let fed = self.service.feed(&mut client.session, input, &mut self.reply);
            let sent = send_all(connection, client, &self.reply);
            self.reply.clear();
            sent?;
            // Stop if all commands were run, or if too much output is pending because the client
            // does not read.
            client.is_paused = fed == FeedResult::Paused;
            if !client.is_paused || client.pending_bytes(connection) >= MAX_PENDING {
                return Ok(());
            }
            // The session's buffer has the rest of the input.
            input = &[];
        }
    }

    /// Whether the server may read from a client now.
    fn should_read(&self, slot: usize) -> bool {
        let client = &self.clients[slot];
        // If a client does not read its replies, the server does not read the client's next
        // commands. These commands wait in the kernel, and TCP slows the client down.
        !client.is_paused && !client.is_last_reply() && self.below_max_pending(slot)
    }

    /// Whether a client's pending output is shorter than `MAX_PENDING` bytes.
    fn below_max_pending(&self, slot: usize) -> bool {
        let pending = |connection| self.clients[slot].pending_bytes(connection);
        self.table.get(slot).map_or(0, pending) < MAX_PENDING
    }

    /// The events of a client that epoll must wait for next.
    ///
    /// # Errors
    /// An error if the connection must be closed.
    fn interest(&self, slot: usize) -> io::Result<Interest> {
        let connection = self.table.get(slot).ok_or(io::ErrorKind::NotConnected)?;
        if connection.state() == State::Draining {
            todo!("Task 4: wait for output, and for input only if the server may read")
        }
        if self.clients[slot].is_last_reply() {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        Ok(Interest::READ)
    }

    /// Closes a client's connection, frees its slot and ends its session.
    fn remove(&mut self, slot: usize) {
        let client = mem::take(&mut self.clients[slot]);
        self.service.end_session(client.session);
        todo!("Task 2: remove the client from the table and log it, as your trackers do")
    }
}

impl Client {
    /// Whether the connection is closed when the pending replies are sent.
    fn is_last_reply(&self) -> bool {
        self.session.close_after_reply || self.input_ended
    }

    /// The number of bytes of replies that the kernel has not accepted yet.
    fn pending_bytes(&self, connection: &Connection) -> u64 {
        self.total_replied - connection.bytes_out()
    }
}

/// Handles a read that returned no bytes. Returns an error at end of file, or if the connection is
/// lost.
fn after_read(received: Received) -> io::Result<()> {
    todo!("Task 2: check whether a client has left, as your trackers do")
}

/// Sends all replies with one call.
///
/// # Errors
/// The errors of send(2), and `OutOfMemory` if the replies have exceeded their limit.
fn send_all(connection: &mut Connection, client: &mut Client, reply: &Reply) -> io::Result<()> {
    if reply.has_overflowed() {
        todo!("Task 9: return an error, so that the client is closed")
    }
    if reply.bytes().is_empty() {
        return Ok(());
    }
    client.total_replied += reply.bytes().len() as u64;
    connection.send(reply.bytes())
}

/// Creates a socket that listens on `port`.
///
/// # Errors
/// An error that names PORT and the reason, for instance that the port is in use or needs root.
fn listen(port: u16) -> Result<OwnedFd, ConfigError> {
    todo!("Task 1: listen on the port as your epoll tracker does")
}
