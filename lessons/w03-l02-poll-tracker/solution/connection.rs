//! The server's record of one client.

use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, send};
use sockhelpers::Received;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::{io, mem};

/// The state of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The client was accepted, and no byte was read from it yet.
    Connected,
    /// Bytes were read from the client, and no output is pending.
    Ready,
    /// Output is pending: the kernel has no room for this output until the peer reads.
    Draining,
    /// The slot is free and has no client.
    Closed,
}

/// One slot of the table, with or without a client.
#[derive(Debug)]
pub struct Connection {
    /// Dropping the `OwnedFd` closes the descriptor. `None` in a closed connection.
    fd: Option<OwnedFd>,
    state: State,
    bytes_in: u64,
    bytes_out: u64,
    /// Output that the kernel has not accepted yet.
    pending: Vec<u8>,
}

impl Connection {
    /// A free slot, without a client.
    pub fn closed() -> Connection {
        // <task 1: describe a slot without a client>
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

    /// The state of the connection.
    pub fn state(&self) -> State {
        self.state
    }

    /// The number of bytes that were read from the client.
    pub fn bytes_in(&self) -> u64 {
        self.bytes_in
    }

    /// The number of bytes that the kernel has accepted for sending to the client.
    pub fn bytes_out(&self) -> u64 {
        self.bytes_out
    }

    /// The number of the descriptor, or -1 if the connection is closed.
    pub fn raw_fd(&self) -> RawFd {
        self.fd.as_ref().map_or(-1, |fd| fd.as_raw_fd())
    }

    /// Reads once, and adds the number of bytes to the client's `bytes_in`.
    pub fn receive(&mut self, buffer: &mut [u8]) -> Received {
        let received = match self.fd() {
            Ok(fd) => sockhelpers::receive(fd, buffer),
            Err(closed) => Received::Failed(closed),
        };
        if let Received::Bytes(count) = received {
            self.bytes_in += count as u64;
            self.update_state();
        }
        received
    }

    /// Sends `bytes` after the pending output. If the kernel has no room for some of the bytes,
    /// these bytes become pending output, and the state becomes [`State::Draining`]. Such a short
    /// write is not an error.
    ///
    /// # Errors
    /// The errors of send(2) that end the connection, such as ECONNRESET and EPIPE.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        // The order of the bytes must be kept, so no new byte is sent before the pending output.
        let sent = if self.pending.is_empty() { self.write(bytes)? } else { 0 };
        self.pending.extend_from_slice(&bytes[sent..]);
        self.update_state();
        Ok(())
    }

    /// Sends as much of the pending output as the kernel has room for.
    ///
    /// # Errors
    /// The same as for [`Connection::send`].
    pub fn flush(&mut self) -> io::Result<()> {
        let pending = mem::take(&mut self.pending);
        let sent = self.write(&pending)?;
        // Copying the rest frees the memory of the part that was sent.
        self.pending = pending[sent..].to_vec();
        self.update_state();
        Ok(())
    }

    /// Sends once. Returns the number of bytes that the kernel has accepted. This number may be 0.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // MSG_NOSIGNAL: if the connection is lost, send fails with EPIPE and the process gets no
        // SIGPIPE (send(2)).
        match send(self.fd()?.as_raw_fd(), bytes, MsgFlags::MSG_NOSIGNAL) {
            Ok(count) => {
                self.bytes_out += count as u64;
                Ok(count)
            }
            Err(Errno::EAGAIN | Errno::EINTR) => Ok(0),
            Err(errno) => Err(errno.into()),
        }
    }

    /// Sets the state after a read or a write.
    fn update_state(&mut self) {
        self.state = if self.pending.is_empty() { State::Ready } else { State::Draining };
    }

    fn fd(&self) -> io::Result<BorrowedFd<'_>> {
        self.fd.as_ref().map(|fd| fd.as_fd()).ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}
