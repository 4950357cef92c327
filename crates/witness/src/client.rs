//! A client that the observer connects to the server and controls.

mod connect;
mod leaving;
mod recorded;
mod tcp;

use crate::ready::{self, unread_bytes};
use crate::recording::{ClientAct, ClientRecord};
use crate::server_close::ServerClose;
use nix::errno::Errno;
use nix::poll::PollFlags;
use nix::sys::socket::{MsgFlags, recv, send};
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use tcp::{acknowledge, enlarge_buffer, tcp_info, unacknowledged_bytes};

/// A client of the server under observation. Clones are handles of the same client. The client
/// stays connected until a function of the client closes the connection, or the
/// [`Server`](crate::Server) is dropped. Dropping a handle does not close the connection.
#[derive(Clone, Debug)]
pub struct Client(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    local: SocketAddr,
    server: SocketAddr,
    /// Whether the program has connected, and the observer has accepted.
    is_accepted: bool,
    inode: OnceLock<u64>,
    /// Set if the run is recorded.
    record: OnceLock<ClientRecord>,
    state: Mutex<ClientState>,
}

#[derive(Debug)]
struct ClientState {
    socket: Option<OwnedFd>,
    sent: u64,
    /// The received bytes that are kept.
    received: Vec<u8>,
    /// The number of received bytes, those that are not kept included.
    received_count: u64,
    /// The maximum number of received bytes that are kept.
    most_kept: usize,
    /// Whether the observer knows that unread bytes have arrived.
    known_readable: bool,
    ended: Option<ServerClose>,
    closed_by: Option<ClosedBy>,
}

/// How the client ended its side of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClosedBy {
    /// The client sent a FIN.
    Fin,
    /// The client sent a RST.
    Rst,
}

/// The maximum number of received bytes that a client keeps. Further bytes are read and counted, and
/// then discarded.
const MAX_RECEIVED: usize = 16 << 20;

impl Client {
    /// The client's own address, which is the peer address that the server sees.
    pub fn address(&self) -> SocketAddr {
        self.0.local
    }

    /// The server's address.
    pub fn server(&self) -> SocketAddr {
        self.0.server
    }

    /// Whether the program has connected, and the observer has accepted.
    pub(crate) fn is_accepted(&self) -> bool {
        self.0.is_accepted
    }

    /// The port of this connection that no other connection has: the port that the kernel has chosen
    /// for the side that has connected.
    pub(crate) fn free_port(&self) -> u16 {
        if self.0.is_accepted { self.server().port() } else { self.address().port() }
    }

    /// Sends as many bytes as the kernel accepts without blocking, and returns the number of these
    /// bytes.
    ///
    /// # Errors
    /// NotConnected if the client has closed or reset the connection. EPIPE or ECONNRESET if the
    /// server has closed or reset the connection.
    pub fn send(&self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.state();
        let socket = state.socket.as_ref().ok_or(io::ErrorKind::NotConnected)?;
        let flags = MsgFlags::MSG_NOSIGNAL | MsgFlags::MSG_DONTWAIT;
        let begun = self.record().map(ClientRecord::now).unwrap_or_default();
        match send(socket.as_raw_fd(), bytes, flags) {
            Err(Errno::EAGAIN) => Ok(0),
            sent => {
                let sent = sent?;
                state.sent += sent as u64;
                if let Some(record) = self.record().filter(|_| sent > 0) {
                    record.add_bytes(begun, &bytes[..sent], ClientAct::Sent);
                }
                Ok(sent)
            }
        }
    }

    /// All bytes that the client has received so far, up to the first 16 MiB.
    pub fn received(&self) -> Vec<u8> {
        self.read();
        self.state().received.clone()
    }

    /// The number of bytes that were read so far. In contrast to
    /// [`received_count`](Self::received_count), this function reads nothing.
    pub fn bytes_received(&self) -> u64 {
        self.state().received_count
    }

    /// The bytes that the client has received so far, without the first `at` bytes.
    pub fn received_from(&self, at: usize) -> Vec<u8> {
        self.read();
        self.state().received.get(at..).unwrap_or_default().to_vec()
    }

    /// The number of bytes that the client has received so far.
    pub fn received_count(&self) -> u64 {
        self.read();
        self.state().received_count
    }

    /// From now on, keeps only the first `most` of the received bytes. All bytes are counted.
    pub fn keep_at_most(&self, most: usize) {
        let mut state = self.state();
        state.received.truncate(most);
        state.received.shrink_to_fit();
        state.most_kept = most;
    }

    /// Reads at most `limit` of the bytes that have arrived, as a slow client does, and returns the
    /// number of bytes that were read. In contrast, [`received`](Self::received),
    /// [`ended`](Self::ended) and [`close`](Self::close) read all bytes that have arrived.
    pub fn read_some(&self, limit: usize) -> usize {
        let mut state = self.state();
        let before = state.received_count;
        state.read(limit, self.record());
        (state.received_count - before) as usize
    }

    /// The number of bytes that have arrived, and that the client has not read. Reads none of them.
    pub fn unread(&self) -> u64 {
        self.state().socket.as_ref().map_or(0, unread_bytes)
    }

    /// Makes the client's kernel acknowledge everything that has arrived, although the client reads
    /// nothing. Otherwise the acknowledgement may come up to 40 ms later, and make room in the
    /// server's send buffer then (RFC 9293, section 3.8.6.3).
    pub fn acknowledge(&self) {
        if let Some(socket) = &self.state().socket {
            acknowledge(socket.as_raw_fd());
        }
    }

    /// Enlarges the receive buffer of a client that was connected with a small one. From now on, its
    /// kernel takes more bytes of the server's at once.
    pub fn enlarge_buffer(&self) {
        if let Some(socket) = &self.state().socket {
            enlarge_buffer(socket.as_raw_fd());
        }
    }

    /// Whether the client has closed or reset its connection. A client that has only shut down its
    /// sending side still has the connection.
    pub fn has_left(&self) -> bool {
        self.state().socket.is_none()
    }

    /// How the server has ended the connection, if the server has ended it.
    pub fn ended(&self) -> Option<ServerClose> {
        self.read();
        self.state().ended
    }

    /// Reads until the program has ended the connection, and returns how; `None` if it has not within
    /// `limit`. The kernel ends the connections of a program that has ended, so this is a wait for the
    /// kernel: the last bytes and the FIN may arrive later than the news of the program's end.
    pub fn wait_ended(&self, limit: Duration) -> Option<ServerClose> {
        let deadline = Instant::now() + limit;
        loop {
            let mut state = self.state();
            state.read(usize::MAX, self.record());
            let socket = state.socket.as_ref().filter(|_| state.ended.is_none());
            let may_come =
                socket.is_some_and(|it| ready::wait_ready(deadline, it.as_fd(), PollFlags::POLLIN));
            if !may_come {
                return state.ended;
            }
        }
    }

    /// The inode of the server's socket; `None` until the observer has found the socket. After a
    /// reset the kernel's socket table no longer contains the connection, but the server's
    /// descriptor still refers to this inode.
    pub fn inode(&self) -> Option<u64> {
        self.0.inode.get().copied()
    }

    /// Stores the inode of the server's socket. The inode 0 is ignored, because it means that no
    /// descriptor refers to the socket.
    pub(crate) fn set_inode(&self, inode: u64) {
        if inode != 0 {
            self.0.inode.get_or_init(|| inode);
            if let Some(record) = self.record() {
                record.set_inode(inode);
            }
        }
    }

    /// How the client has ended its side of the connection, if the client has ended it.
    pub(crate) fn closed_by(&self) -> Option<ClosedBy> {
        self.state().closed_by
    }

    /// The number of sent bytes that have not arrived at the server's socket. `received` is the
    /// number of bytes that the server's socket has received.
    ///
    /// This function does not use acknowledgements, because the kernel may delay an acknowledgement
    /// by 40 ms.
    pub(crate) fn in_flight(&self, received: u64) -> u64 {
        self.state().sent.saturating_sub(received)
    }

    /// Whether sent bytes remain in the client's send buffer because the server's receive buffer is
    /// full, and all other bytes have arrived. `received` is the number of bytes that the server's
    /// socket has received.
    pub(crate) fn is_send_blocked(&self, received: u64) -> bool {
        let state = self.state();
        let Some(info) = state.socket.as_ref().and_then(tcp_info) else { return false };
        // The kernel may delay the acknowledgement of bytes that have arrived. If there is room in
        // the congestion window, the rest waits for the server's window (RFC 5681, section 3.1).
        let sent = state.sent.saturating_sub(info.tcpi_notsent_bytes.into());
        let waits_for_server =
            info.tcpi_notsent_bytes > 0 && info.tcpi_unacked < info.tcpi_snd_cwnd;
        info.tcpi_unacked == 0 || waits_for_server && sent <= received
    }

    /// Whether the client is connected and has read all bytes that have arrived. Such a client may
    /// be waiting for more bytes.
    pub(crate) fn has_read_all(&self) -> bool {
        let state = self.state();
        state.ended.is_none()
            && state.socket.as_ref().is_some_and(|socket| unread_bytes(socket) == 0)
    }

    /// The number of sent bytes that the server's kernel has acknowledged. The other bytes are
    /// still in the send buffer (tcp(7), SIOCOUTQ). After the client has closed the connection, all
    /// sent bytes are counted as acknowledged, because the server receives these bytes before the
    /// FIN.
    pub(crate) fn acknowledged(&self) -> u64 {
        let state = self.state();
        state.sent - state.socket.as_ref().map_or(0, unacknowledged_bytes).min(state.sent)
    }

    /// The descriptor to poll for new bytes; `None` if the connection has ended, or if bytes are
    /// known to have arrived.
    pub(crate) fn descriptor_to_poll(&self) -> Option<RawFd> {
        let state = self.state();
        let may_wait = state.ended.is_none() && !state.known_readable;
        state.socket.as_ref().filter(|_| may_wait).map(AsRawFd::as_raw_fd)
    }

    /// Stores that bytes have arrived. The socket is not polled again before these bytes have been
    /// read.
    pub(crate) fn mark_readable(&self) {
        self.state().known_readable = true;
    }

    /// Reads all bytes that have arrived.
    pub(crate) fn read(&self) {
        self.state().read(usize::MAX, self.record());
    }

    fn state(&self) -> MutexGuard<'_, ClientState> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClientState {
    fn new(socket: OwnedFd, ended: Option<ServerClose>) -> Self {
        let received = Vec::new();
        Self {
            socket: Some(socket),
            sent: 0,
            received,
            received_count: 0,
            most_kept: MAX_RECEIVED,
            known_readable: false,
            ended,
            closed_by: None,
        }
    }

    /// Reads at most `limit` of the bytes that have arrived.
    fn read(&mut self, mut limit: usize, record: Option<&ClientRecord>) {
        let had_ended = self.ended.is_some();
        let Some(fd) = self.socket.as_ref().map(AsRawFd::as_raw_fd) else { return };
        self.known_readable = false;
        let mut buffer = [0; 1 << 16];
        while self.ended.is_none() && limit > 0 {
            let room = buffer.len().min(limit);
            match recv(fd, &mut buffer[..room], MsgFlags::MSG_DONTWAIT) {
                Ok(0) => self.ended = Some(ServerClose::Closed),
                Ok(length) => {
                    acknowledge(fd);
                    if let Some(record) = record {
                        record.add_bytes(record.now(), &buffer[..length], ClientAct::Received);
                    }
                    limit -= length;
                    self.received_count += length as u64;
                    let kept = self.most_kept.saturating_sub(self.received.len()).min(length);
                    self.received.extend_from_slice(&buffer[..kept]);
                }
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => return,
                Err(_) => self.ended = Some(ServerClose::Reset),
            }
        }
        if let (false, Some(ended), Some(record)) = (had_ended, self.ended, record) {
            record.add(record.now(), ClientAct::SawEnd(ended));
        }
    }
}
