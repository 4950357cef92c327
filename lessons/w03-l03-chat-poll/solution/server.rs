//! The event loop: one thread lets members in, passes their lines on, and lets them go. The thread
//! sleeps only in [`Wait::wait`].

use crate::messages;
use crate::room::{Output, Room};
use crate::wait::{Event, Interest, Source, Wait};
use poll_tracker::config::{Config, ConfigError};
use poll_tracker::log;
use poll_tracker::spare_fd::SpareFd;
use sockhelpers::{Accepted, Received, create_listening_socket, set_nonblocking};
use std::convert::Infallible;
use std::os::fd::{AsRawFd, OwnedFd};
use std::{error::Error, io};

/// The maximum number of clients that wait to be accepted.
const BACKLOG: u16 = 128;

/// The maximum number of bytes that one read returns.
const BUFFER_SIZE: usize = 16 << 10;

/// The maximum number of bytes that may be pending for a member. A member that is further behind
/// is removed. Two lines of the greatest length fit in.
const MAX_PENDING: u64 = 144 << 10;

/// The listener, the room, and the list of sockets to wait for.
pub struct Server<W> {
    listener: OwnedFd,
    room: Room,
    wait: W,
    /// Used to accept a client when no other descriptor is free.
    spare_fd: SpareFd,
    /// The bytes of the last read.
    buffer: Vec<u8>,
    /// The slots of the members that have to be removed. A member is not removed while a message is
    /// being sent to everybody: the removal causes the next message.
    leaving: Vec<usize>,
}

impl<W: Wait> Server<W> {
    /// Listens on the port in `config`, and logs the start.
    ///
    /// # Errors
    /// An error that names PORT if the server cannot listen on the port; otherwise the errors of
    /// fcntl(2) and of [`Wait::new`].
    pub fn start(config: &Config) -> Result<Server<W>, Box<dyn Error>> {
        let room = Room::new(config.max_clients);
        let listener = listen(config.port)?;
        // A client that was reported may have left before accept is called. On a blocking listener,
        // accept would then wait for the next client (accept(2), "Notes").
        set_nonblocking(&listener)?;
        let wait = W::new(&listener)?;
        let (spare_fd, buffer) = (SpareFd::new(), vec![0; BUFFER_SIZE]);
        // <task 1: log the start, and return the server>
        log::start(room.active(), room.capacity());
        Ok(Server { listener, room, wait, spare_fd, buffer, leaving: Vec::new() })
        // </task>
    }

    /// Serves the room. Returns only with an error.
    ///
    /// # Errors
    /// The errors of the wait, and the errors of accept(2) that are not caused by a client.
    pub fn run(&mut self) -> io::Result<Infallible> {
        let mut events = Vec::new();
        loop {
            // Sleep until the listener or a member is ready.
            self.wait.wait(&mut events)?;
            for event in &events {
                if let Source::Member(slot) = event.source {
                    self.serve(slot, *event);
                }
            }
            // Accept after all members were served. A new member may get the slot of a member that
            // has just left, and no event of this wake-up may be taken for an event of the new
            // member.
            if events.iter().any(|event| event.source == Source::Listener) {
                self.accept()?;
            }
        }
    }

    /// Accepts one client. If more clients wait, the listener is reported again.
    fn accept(&mut self) -> io::Result<()> {
        // <task 2: accept a client as your tracker does>
        match Accepted::from(sockhelpers::accept(&self.listener)) {
            Accepted::Client(client, _) => self.admit(client),
            // The client may have left after the listener was reported (accept(2), EAGAIN).
            Accepted::WouldBlock | Accepted::Aborted | Accepted::Interrupted => Ok(()),
            // The client is still in the backlog, and the listener would be reported without end.
            Accepted::NoDescriptors => self.accept_with_spare_fd(),
            Accepted::Failed(error) => Err(error),
        }
        // </task>
    }

    /// Accepts one client while no descriptor is free. The client is closed, unless a descriptor
    /// has become free in the meantime.
    fn accept_with_spare_fd(&mut self) -> io::Result<()> {
        match self.spare_fd.accept(&self.listener) {
            Ok(Some((client, _))) => return self.admit(client),
            Ok(None) => log::note("out of descriptors: a client was rejected"),
            // The listener is reported again if the client still waits.
            Err(_) => {}
        }
        Ok(())
    }

    /// Lets a client into the room, and tells the others. Rejects the client if the room is full.
    fn admit(&mut self, client: OwnedFd) -> io::Result<()> {
        // <task 2: let the client in: non-blocking, a slot, an entry, the log, the others>
        // The new descriptor does not inherit O_NONBLOCK from the listener (accept(2)).
        set_nonblocking(&client)?;
        let fd = client.as_raw_fd();
        let slot = match self.room.enter(client) {
            Ok(slot) => slot,
            Err(client) => {
                self.reject(client);
                return Ok(());
            }
        };
        if let Err(error) = self.wait.add(fd, slot) {
            self.room.leave(slot);
            log::note(format_args!("a client was rejected: {error}"));
            return Ok(());
        }
        log::accept(fd, slot);
        self.broadcast(slot, &messages::joined(fd));
        self.remove_leaving();
        Ok(())
        // </task>
    }

    /// Closes a client because the room is full.
    fn reject(&mut self, client: OwnedFd) {
        // <task 4: close the client, and log that the room is full>
        drop(client);
        log::reject(self.room.active(), self.room.capacity());
        // </task>
    }

    /// Serves a member that was reported.
    fn serve(&mut self, slot: usize, event: Event) {
        // First make room in the member's pending output, then read what the member has sent.
        if event.writable {
            self.flush(slot);
        }
        if event.readable {
            self.read(slot);
        }
        // Reading and sending have only noted who has to leave.
        self.remove_leaving();
    }

    /// Reads once from a member. If more bytes wait, the member is reported again.
    fn read(&mut self, slot: usize) {
        match self.room.receive(slot, &mut self.buffer) {
            Received::Bytes(_) => self.pass_on_lines(slot),
            other => self.after_read(slot, other),
        }
    }

    /// Sends every complete line of a member to the others.
    fn pass_on_lines(&mut self, slot: usize) {
        let Some(fd) = self.room.fd(slot) else { return };
        // <task 3: pass on each complete line; a member whose line is too long leaves>
        loop {
            match self.room.next_line(slot) {
                Ok(Some(line)) => self.broadcast(slot, &messages::said(fd, &line)),
                Ok(None) => return,
                Err(_) => return self.leaving.push(slot),
            }
        }
        // </task>
    }

    /// Handles a read that returned no bytes: a member leaves at end of file, or if its connection
    /// is lost.
    fn after_read(&mut self, slot: usize, received: Received) {
        // <task 2: note who has left, and keep who has sent nothing yet>
        match received {
            Received::Bytes(_) | Received::WouldBlock | Received::Interrupted => {}
            Received::Eof | Received::Lost | Received::Failed(_) => self.leaving.push(slot),
        }
        // </task>
    }

    /// Sends a message to all members except the one in slot `about`.
    fn broadcast(&mut self, about: usize, message: &[u8]) {
        // <task 2: send the message to each of the others>
        for slot in self.room.others(about) {
            self.send(slot, message);
        }
        // </task>
    }

    /// Sends a message to one member. Never waits for the member.
    fn send(&mut self, slot: usize, message: &[u8]) {
        match self.room.send(slot, message) {
            Output::Sent => {}
            Output::Pending => self.after_short_write(slot, message),
            Output::Lost => self.leaving.push(slot),
        }
    }

    /// Handles output that is pending after `message` was sent. The member is reported when the
    /// kernel has room for output again. A member that is too far behind has to leave.
    fn after_short_write(&mut self, slot: usize, message: &[u8]) {
        // <task 4: wait for room, or note that the member is too far behind>
        let pending = self.room.pending(slot);
        if pending > MAX_PENDING {
            return self.leaving.push(slot);
        }
        // If output was pending before, the entry already waits for room.
        if pending <= message.len() as u64 {
            self.set_interest(slot, Interest::InputAndOutput);
        }
        // </task>
    }

    /// Sends pending output to a member that has room for it again.
    fn flush(&mut self, slot: usize) {
        // <task 4: send what is pending; when nothing is left, wait for input alone>
        match self.room.flush(slot) {
            Output::Sent => self.set_interest(slot, Interest::Input),
            Output::Pending => {}
            Output::Lost => self.leaving.push(slot),
        }
        // </task>
    }

    fn set_interest(&mut self, slot: usize, interest: Interest) {
        let Some(fd) = self.room.fd(slot) else { return };
        if self.wait.set_interest(fd, slot, interest).is_err() {
            self.leaving.push(slot);
        }
    }

    /// Removes the members that have to leave, and tells the others. Telling them may show that
    /// more members have to leave.
    fn remove_leaving(&mut self) {
        while let Some(slot) = self.leaving.pop() {
            // A member that was noted twice is removed once.
            if self.room.fd(slot).is_some() {
                self.remove(slot);
            }
        }
    }

    /// Removes a member from the list first and from the room second. The room closes the
    /// descriptor, and then the next client may get the same number.
    fn remove(&mut self, slot: usize) {
        let Some(fd) = self.room.fd(slot) else { return };
        // <task 2: remove the entry and the member, log it, and tell the others>
        let _ = self.wait.remove(fd, slot);
        self.room.leave(slot);
        log::disconnect(fd, slot);
        self.broadcast(slot, &messages::disconnected(fd));
        // </task>
    }
}

/// Creates a socket that listens on `port`.
///
/// # Errors
/// An error that names PORT and the reason, for instance that the port is in use or needs root.
fn listen(port: u16) -> Result<OwnedFd, ConfigError> {
    // <task 1: listen on the port as your tracker does>
    create_listening_socket(port, BACKLOG).map_err(|error| ConfigError::new("PORT", port, error))
    // </task>
}
