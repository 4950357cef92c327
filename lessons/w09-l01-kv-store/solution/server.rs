//! The loop: wait, accept, read, run, reply. One thread, and it sleeps nowhere but in epoll_wait.

use crate::config::Config;
use crate::watch::{Interest, Source, Watch};
use kv_store::reply::Reply;
use kv_store::service::{Fed, Service};
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

/// Clients that may wait to be accepted.
const BACKLOG: u16 = 1024;

/// Bytes read from a client at a time, into one buffer for all.
const BUFFER: usize = 64 << 10;

/// A client to which so many bytes are owed is not listened to.
const MOST_OWED: u64 = 1 << 20;

/// Between two looks for expired keys, where nothing else is to do.
const LEAST_SLEEP_MILLIS: i64 = 1000;

/// The table of clients, and beside it, by the same slot numbers, what each has said.
pub struct Server {
    listener: OwnedFd,
    table: Table,
    clients: Vec<Client>,
    watch: Watch,
    spare_fd: SpareFd,
    service: Service,
    buffer: Vec<u8>,
    reply: Reply,
}

#[derive(Default)]
struct Client {
    session: Session,
    /// The bytes of all replies so far, sent or not.
    replied: u64,
    /// Whether commands wait until it has read some replies.
    is_paused: bool,
}

impl Server {
    /// Listens on the port that `config` names, and says so in the log.
    ///
    /// # Errors
    /// PORT and why it will not do, when it is taken or needs root; else those of fcntl(2) and
    /// epoll_ctl(2).
    pub fn start(config: Config) -> Result<Server, Box<dyn Error>> {
        let table = Table::new(config.table.max_clients);
        let listener = listen(config.table.port)?;
        set_nonblocking(&listener)?;
        let watch = Watch::new(&listener, table.capacity())?;
        let clients: Vec<Client> = (0..table.capacity()).map(|_| Client::default()).collect();
        let (spare_fd, service) = (SpareFd::new(), Service::new(config.password));
        let (buffer, reply) = (vec![0; BUFFER], Reply::default());
        // <task 1: log the start as your trackers do>
        log::start(table.active(), table.capacity());
        Ok(Server { listener, table, clients, watch, spare_fd, service, buffer, reply })
        // </task>
    }

    /// Serves, until the kernel refuses to go on.
    ///
    /// # Errors
    /// Those of epoll_wait(2) and accept(2) that no client is the cause of.
    pub fn run(&mut self) -> io::Result<Infallible> {
        loop {
            let events = self.watch.wait(self.sleep())?;
            self.service.tick();
            // <task 1: serve and accept in the order of your epoll tracker>
            let mut arrived = false;
            for event in 0..events {
                match self.watch.source(event) {
                    Source::Client(slot) => self.serve(slot),
                    Source::Listener => arrived = true,
                }
            }
            // A slot that was freed in this batch is nobody else's before the batch is done.
            if arrived {
                self.accept()?;
            }
            // </task>
        }
    }

    /// How long it may sleep: for ever, unless keys are to be removed.
    fn sleep(&self) -> Option<i64> {
        let until = self.service.until_expiry()?;
        Some(if until == 0 { 0 } else { until.max(LEAST_SLEEP_MILLIS) })
    }

    /// Takes one client from the backlog. If there are more, epoll reports the listener again.
    fn accept(&mut self) -> io::Result<()> {
        // <task 1: accept a client as your epoll tracker does>
        match Accepted::from(sockhelpers::accept(&self.listener)) {
            Accepted::Client(client, _) => self.admit(client),
            Accepted::WouldBlock | Accepted::Aborted | Accepted::Interrupted => {}
            Accepted::NoDescriptors => self.accept_with_spare_fd(),
            Accepted::Failed(error) => return Err(error),
        }
        Ok(())
        // </task>
    }

    /// Takes one client where no descriptor is left for it, and if need be turns it away.
    fn accept_with_spare_fd(&mut self) {
        match self.spare_fd.accept(&self.listener) {
            Ok(Some((client, _))) => self.admit(client),
            Ok(None) => log::note("out of descriptors: a client was turned away"),
            Err(_) => {}
        }
    }

    /// Gives a client a slot and watches it, or turns it away when every slot is in use.
    fn admit(&mut self, client: OwnedFd) {
        // Without it, replies may wait 40 ms for an acknowledgement of those before (tcp(7)).
        let _ = setsockopt(&client, sockopt::TcpNoDelay, &true);
        // <task 1: make the client non-blocking, and welcome it to a slot or reject it>
        if set_nonblocking(&client).is_err() {
            return;
        }
        let fd = client.as_raw_fd();
        match self.table.insert(client) {
            Ok(slot) => self.welcome(fd, slot),
            Err(client) => self.reject(client),
        }
        // </task>
    }

    /// Begins the session of a client that has a slot.
    fn welcome(&mut self, fd: RawFd, slot: usize) {
        self.clients[slot] = Client { session: self.service.greet(), ..Client::default() };
        // <task 1: watch the client and log it, or free its slot where epoll has no room>
        match self.watch.add(fd, slot) {
            Ok(()) => log::accept(fd, slot),
            Err(_) => drop(self.table.remove(slot)),
        }
        // </task>
    }

    /// Tells a client that there is no slot for it, and closes it.
    fn reject(&mut self, client: OwnedFd) {
        let text = b"-ERR max number of clients reached\r\n";
        // It may be gone, and has no claim to an answer.
        let _ = send(client.as_raw_fd(), text, MsgFlags::MSG_NOSIGNAL);
        // <task 1: turn the client away as your trackers do>
        drop(client);
        log::reject(self.table.active(), self.table.capacity());
        // </task>
    }

    /// Does for a client what it is ready for, and has epoll watch it for what it needs next.
    fn serve(&mut self, slot: usize) {
        let Some(connection) = self.table.get(slot) else {
            return;
        };
        let fd = connection.raw_fd();
        let next = self.exchange(slot);
        if next.and_then(|interest| self.watch.change(fd, slot, interest)).is_err() {
            self.remove(slot);
        }
    }

    /// Sends what is owed to a client, then runs what it has sent.
    ///
    /// # Errors
    /// Any, whatever it is, means the end of the connection.
    fn exchange(&mut self, slot: usize) -> io::Result<Interest> {
        let connection = self.table.get_mut(slot).ok_or(io::ErrorKind::NotConnected)?;
        if connection.state() == State::Draining {
            connection.flush()?;
        }
        // What was read already comes before what was not.
        if self.clients[slot].is_paused && self.has_room(slot) {
            self.answer(slot, 0)?;
        }
        if self.may_read(slot) {
            self.read(slot)?;
        }
        self.interest(slot)
    }

    /// Reads once, and runs what came.
    fn read(&mut self, slot: usize) -> io::Result<()> {
        let connection = self.table.get_mut(slot).ok_or(io::ErrorKind::NotConnected)?;
        match connection.receive(&mut self.buffer) {
            Received::Bytes(count) => self.answer(slot, count),
            other => after_read(other),
        }
    }

    /// Runs the commands in the first `count` bytes of the buffer, and sends all replies at once;
    /// after very many, goes on as long as the client takes them.
    fn answer(&mut self, slot: usize, count: usize) -> io::Result<()> {
        let connection = self.table.get_mut(slot).ok_or(io::ErrorKind::NotConnected)?;
        let client = &mut self.clients[slot];
        let mut input = &self.buffer[..count];
        loop {
            let fed = self.service.feed(&mut client.session, input, &mut self.reply);
            let sent = send_all(connection, client, &self.reply);
            self.reply.clear();
            sent?;
            client.is_paused = fed == Fed::Paused;
            if !client.is_paused || client.owed(connection) >= MOST_OWED {
                return Ok(());
            }
            input = &[];
        }
    }

    /// Whether more of what a client says is to be read now.
    fn may_read(&self, slot: usize) -> bool {
        let client = &self.clients[slot];
        !client.is_paused && !client.session.closing && self.has_room(slot)
    }

    /// Whether so little is owed to a client that more may be.
    fn has_room(&self, slot: usize) -> bool {
        let owed = |connection| self.clients[slot].owed(connection);
        self.table.get(slot).map_or(0, owed) < MOST_OWED
    }

    /// What a client is to be watched for next.
    ///
    /// # Errors
    /// When it is to be closed.
    fn interest(&self, slot: usize) -> io::Result<Interest> {
        let connection = self.table.get(slot).ok_or(io::ErrorKind::NotConnected)?;
        if connection.state() == State::Draining {
            // <task 7: wait for room to send, and for input only while little enough is owed>
            return Ok(Interest { read: self.may_read(slot), write: true });
            // </task>
        }
        if self.clients[slot].session.closing {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        Ok(Interest::READ)
    }

    /// Closes a client's connection, frees its slot and forgets what it had under way.
    fn remove(&mut self, slot: usize) {
        let client = mem::take(&mut self.clients[slot]);
        self.service.dismiss(client.session);
        // <task 1: remove the client from the table and log it, as your trackers do>
        if let Some(fd) = self.table.remove(slot) {
            log::disconnect(fd, slot);
        }
        // </task>
    }
}

impl Client {
    /// The bytes of replies that the kernel has not taken yet.
    fn owed(&self, connection: &Connection) -> u64 {
        self.replied - connection.bytes_out()
    }
}

/// After a read that gave no bytes: an error where the connection has ended or is lost.
fn after_read(received: Received) -> io::Result<()> {
    // <task 1: tell a client that has left from a silent one, as your trackers do>
    match received {
        Received::Bytes(_) | Received::WouldBlock | Received::Interrupted => Ok(()),
        Received::Eof | Received::Lost => Err(io::ErrorKind::ConnectionReset.into()),
        Received::Failed(error) => Err(error),
    }
    // </task>
}

/// Sends the replies of a wake-up with one call.
fn send_all(connection: &mut Connection, client: &mut Client, reply: &Reply) -> io::Result<()> {
    if reply.has_overflowed() {
        // <task 7: give up a client that asks for more than is kept for anybody>
        return Err(io::ErrorKind::OutOfMemory.into());
        // </task>
    }
    if reply.bytes().is_empty() {
        return Ok(());
    }
    client.replied += reply.bytes().len() as u64;
    connection.send(reply.bytes())
}

/// A socket that listens on `port`.
///
/// # Errors
/// PORT and why it will not do, when it is taken or needs root.
fn listen(port: u16) -> Result<OwnedFd, ConfigError> {
    // <task 1: listen on the port as your epoll tracker does>
    create_listening_socket(port, BACKLOG).map_err(|error| ConfigError::new("PORT", port, error))
    // </task>
}
