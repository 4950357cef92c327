//! What the server knows of one client.

use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, send};
use sockhelpers::Received;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::{io, mem};

/// Where a connection is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Accepted; nothing was read from it yet.
    Connected,
    /// It has sent something, and all of the output for it is with the kernel.
    Ready,
    /// Output is waiting for the peer to read.
    Draining,
    /// There is no client: the slot is free.
    Closed,
}

/// One slot of the table: a client, or none.
#[derive(Debug)]
pub struct Connection {
    /// Owned, so that to drop it is to close it; `None` when closed.
    fd: Option<OwnedFd>,
    state: State,
    bytes_in: u64,
    bytes_out: u64,
    /// What the kernel had no room for.
    pending: Vec<u8>,
}

impl Connection {
    /// A slot with no client in it.
    pub fn closed() -> Connection {
        // <task 1: describe a slot with no client in it>
        Connection {
            fd: None,
            state: State::Closed,
            bytes_in: 0,
            bytes_out: 0,
            pending: Vec::new(),
        }
        // </task>
    }

    /// A client that was just accepted.
    pub fn connected(fd: OwnedFd) -> Connection {
        // <task 2: describe a client that was just accepted>
        Connection { fd: Some(fd), state: State::Connected, ..Connection::closed() }
        // </task>
    }

    /// Where the connection is in its life.
    pub fn state(&self) -> State {
        self.state
    }

    /// How many bytes were read from the client.
    pub fn bytes_in(&self) -> u64 {
        self.bytes_in
    }

    /// How many bytes the kernel has taken for the client.
    pub fn bytes_out(&self) -> u64 {
        self.bytes_out
    }

    /// The descriptor's number, and -1 when closed.
    pub fn raw_fd(&self) -> RawFd {
        self.fd.as_ref().map_or(-1, |fd| fd.as_raw_fd())
    }

    /// Reads once, and counts what came.
    pub fn receive(&mut self, buffer: &mut [u8]) -> Received {
        let received = match self.fd() {
            Ok(fd) => sockhelpers::receive(fd, buffer),
            Err(closed) => Received::Failed(closed),
        };
        if let Received::Bytes(count) = received {
            self.bytes_in += count as u64;
            self.settle();
        }
        received
    }

    /// Sends `bytes`, after what is pending. What the kernel has no room for becomes pending: a
    /// short write is no error, and the connection is then [`State::Draining`].
    ///
    /// # Errors
    /// Those of send(2) that mean the end of the connection: ECONNRESET, EPIPE and the like.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        let sent = if self.pending.is_empty() { self.write(bytes)? } else { 0 };
        self.pending.extend_from_slice(&bytes[sent..]);
        self.settle();
        Ok(())
    }

    /// Sends what is pending, as far as the kernel has room.
    ///
    /// # Errors
    /// As for [`Connection::send`].
    pub fn flush(&mut self) -> io::Result<()> {
        let pending = mem::take(&mut self.pending);
        let sent = self.write(&pending)?;
        // A client that is owed nothing keeps no memory for it.
        self.pending = pending[sent..].to_vec();
        self.settle();
        Ok(())
    }

    /// Writes once. Answers how much the kernel has taken, which may be nothing.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // MSG_NOSIGNAL: a peer that is gone answers EPIPE, not the signal SIGPIPE (send(2)).
        match send(self.fd()?.as_raw_fd(), bytes, MsgFlags::MSG_NOSIGNAL) {
            Ok(count) => {
                self.bytes_out += count as u64;
                Ok(count)
            }
            Err(Errno::EAGAIN | Errno::EINTR) => Ok(0),
            Err(errno) => Err(errno.into()),
        }
    }

    fn settle(&mut self) {
        self.state = if self.pending.is_empty() { State::Ready } else { State::Draining };
    }

    fn fd(&self) -> io::Result<BorrowedFd<'_>> {
        self.fd.as_ref().map(|fd| fd.as_fd()).ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}
