//! The event loop: wait, accept, read, run commands, reply. There is one thread, and it sleeps only
//! in epoll_wait.
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

/// The number of clients that may wait to be accepted (listen(2)).
const BACKLOG: u16 = 1024;

/// The most bytes that one read takes. All clients share one buffer for reading.
const BUFFER_SIZE: usize = 64 << 10;

/// A client with this many bytes of pending output is not read from.
const MAX_PENDING: u64 = 1 << 20;

/// The shortest sleep before the next search for expired keys, while no client needs anything.
const MIN_SLEEP_MILLIS: i64 = 1000;

/// The listener, the table of clients, and the state of each client under its slot number.
pub struct Server {
    listener: OwnedFd,
    table: Table,
    /// By slot number, as in the table.
    clients: Vec<Client>,
    epoll: Epoll,
    /// Needed when all other descriptors are in use.
    spare_fd: SpareFd,
    service: Service,
    /// The bytes of the last read.
    buffer: Vec<u8>,
    /// The replies to the commands of one read.
    reply: Reply,
}

/// The state of one client that its commands need.
#[derive(Default)]
struct Client {
    session: Session,
    /// The length of all replies so far in bytes, sent or not.
    total_replied: u64,
    /// Whether commands wait until the client has read some replies.
    is_paused: bool,
}

impl Server {
    /// Listens on the port in `config`, and logs the start.
    ///
    /// # Errors
    /// PORT and the reason, where the port is taken or needs root; otherwise those of fcntl(2),
    /// epoll_create1(2) and epoll_ctl(2).
    pub fn start(config: Config) -> Result<Server, Box<dyn Error>> {
        let table = Table::new(config.table.max_clients);
        let listener = listen(config.table.port)?;
        // A client that epoll has reported may be gone when accept is called. On a blocking listener,
        // accept would then wait for the next client (accept(2), "Notes").
        set_nonblocking(&listener)?;
        let epoll = Epoll::new(&listener, table.capacity())?;
        let clients: Vec<Client> = (0..table.capacity()).map(|_| Client::default()).collect();
        let (spare_fd, service) = (SpareFd::new(), Service::new(config.password));
        let (buffer, reply) = (vec![0; BUFFER_SIZE], Reply::default());
        todo!("Task 1: log the start as your trackers do")
    }

    /// Serves clients until an error of the server itself.
    ///
    /// # Errors
    /// Those of epoll_wait(2), and those of accept(2) that concern the listener.
    pub fn run(&mut self) -> io::Result<Infallible> {
        loop {
            // Sleep until a socket is ready or a key expires.
            let events = self.epoll.wait(self.timeout())?;
            // Read the clock once a turn, and remove expired keys.
            self.service.tick();
            todo!("Task 2: serve and accept in the order of your epoll tracker")
        }
    }

    /// The longest sleep in milliseconds; `None` where no key expires, and the sleep has no limit.
    fn timeout(&self) -> Option<i64> {
        let until = self.service.millis_until_expiry()?;
        Some(if until == 0 { 0 } else { until.max(MIN_SLEEP_MILLIS) })
    }

    /// Accepts one client. If more clients wait, epoll reports the listener again.
    fn accept(&mut self) -> io::Result<()> {
        todo!("Task 2: accept a client as your epoll tracker does")
    }

    /// Accepts one client when the process has no descriptors left. The client is rejected unless a
    /// descriptor has become free meanwhile.
    fn accept_with_spare_fd(&mut self) {
        match self.spare_fd.accept(&self.listener) {
            Ok(Some((client, _))) => self.admit(client),
            Ok(None) => log::note("out of descriptors: a client was rejected"),
            // Epoll reports the listener again if the client still waits.
            Err(_) => {}
        }
    }

    /// Gives a client a slot and watches it, or rejects it when every slot is in use.
    fn admit(&mut self, client: OwnedFd) {
        // Without TCP_NODELAY, a reply may wait 40 ms for the acknowledgement of the reply before.
        let _ = setsockopt(&client, sockopt::TcpNoDelay, &true);
        todo!("Task 2: make the client non-blocking, then start its session in a slot or reject it")
    }

    /// Starts the session of a client that has a slot.
    fn start_session(&mut self, fd: RawFd, slot: usize) {
        self.clients[slot] = Client { session: self.service.begin_session(), ..Client::default() };
        todo!("Task 2: watch the client and log it, or free its slot where epoll_ctl fails")
    }

    /// Tells a client that no slot is free, and closes it.
    fn reject(&mut self, client: OwnedFd) {
        let text = b"-ERR max number of clients reached\r\n";
        // An error is ignored: the client may have left already.
        let _ = send(client.as_raw_fd(), text, MsgFlags::MSG_NOSIGNAL);
        todo!("Task 9: close and log a rejected client as your trackers do")
    }

    /// Serves one client that is ready, and sets what epoll watches it for next.
    fn serve(&mut self, slot: usize) {
        let Some(connection) = self.table.get(slot) else {
            return;
        };
        let fd = connection.raw_fd();
        // Whatever ends a connection is an error, and is handled here.
        let next = self.send_and_receive(slot);
        if next.and_then(|interest| self.epoll.change(fd, slot, interest)).is_err() {
            self.remove(slot);
        }
    }

    /// Sends pending output, then reads and runs commands. Returns what the client is watched for next.
    ///
    /// # Errors
    /// Every error means that the connection must be closed.
    fn send_and_receive(&mut self, slot: usize) -> io::Result<Interest> {
        let connection = self.table.get_mut(slot).ok_or(io::ErrorKind::NotConnected)?;
        // Send the output that is pending.
        if connection.state() == State::Draining {
            connection.flush()?;
        }
        // Run the commands that were read earlier, and waited for the output.
        if self.clients[slot].is_paused && self.below_max_pending(slot) {
            self.run_commands(slot, 0)?;
        }
        // Read more only when nothing waits.
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
            other => after_read(other),
        }
    }

    /// Runs the commands in the first `count` bytes of the buffer, and sends their replies in one call.
    /// Where the replies are too many for one call, goes on as long as the client takes them.
    fn run_commands(&mut self, slot: usize, count: usize) -> io::Result<()> {
        let connection = self.table.get_mut(slot).ok_or(io::ErrorKind::NotConnected)?;
        let client = &mut self.clients[slot];
        let mut input = &self.buffer[..count];
        loop {
            let fed = self.service.feed(&mut client.session, input, &mut self.reply);
            let sent = send_all(connection, client, &self.reply);
            self.reply.clear();
            sent?;
            // Stop when all commands were run, or when the client does not take the replies.
            client.is_paused = fed == FeedResult::Paused;
            if !client.is_paused || client.pending_bytes(connection) >= MAX_PENDING {
                return Ok(());
            }
            // The session has kept the rest of the input.
            input = &[];
        }
    }

    /// Whether the server reads from a client now.
    fn should_read(&self, slot: usize) -> bool {
        let client = &self.clients[slot];
        // A client that does not take its replies is slowed down: its next commands wait in the kernel.
        !client.is_paused && !client.session.close_after_reply && self.below_max_pending(slot)
    }

    /// Whether a client's pending output is below the limit.
    fn below_max_pending(&self, slot: usize) -> bool {
        let pending = |connection| self.clients[slot].pending_bytes(connection);
        self.table.get(slot).map_or(0, pending) < MAX_PENDING
    }

    /// What epoll watches a client for next.
    ///
    /// # Errors
    /// The connection must be closed.
    fn interest(&self, slot: usize) -> io::Result<Interest> {
        let connection = self.table.get(slot).ok_or(io::ErrorKind::NotConnected)?;
        if connection.state() == State::Draining {
            todo!("Task 5: watch for output, and for input only while the server reads")
        }
        if self.clients[slot].session.close_after_reply {
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
    /// The bytes of replies that the kernel has not taken yet.
    fn pending_bytes(&self, connection: &Connection) -> u64 {
        self.total_replied - connection.bytes_out()
    }
}

/// Handles a read without bytes. Returns an error where the connection has ended.
fn after_read(received: Received) -> io::Result<()> {
    todo!("Task 2: tell a client that has left from a silent client, as your trackers do")
}

/// Sends all replies with one call.
///
/// # Errors
/// Those of send(2), and `OutOfMemory` where the replies exceed their limit.
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
/// PORT and the reason, where the port is taken or needs root.
fn listen(port: u16) -> Result<OwnedFd, ConfigError> {
    todo!("Task 1: listen on the port as your epoll tracker does")
}
