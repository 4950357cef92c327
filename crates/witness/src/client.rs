//! A client that the observer plays.

mod connect;

use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, Shutdown, recv, send, setsockopt, shutdown, sockopt};
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// A client of the server under observation. Clones are the same client: it stays connected until
/// it closes or its [`Server`](crate::Server) is dropped, not when a handle goes out of scope.
#[derive(Clone, Debug)]
pub struct Client(Arc<Peer>);

#[derive(Debug)]
struct Peer {
    local: SocketAddr,
    server: SocketAddr,
    inode: OnceLock<u64>,
    state: Mutex<ClientState>,
}

#[derive(Debug)]
struct ClientState {
    socket: Option<OwnedFd>,
    sent: u64,
    received: Vec<u8>,
    /// Whether the observer knows that something has arrived, and has not read it yet.
    noticed: bool,
    ended: Option<ServerClose>,
    left: Option<ClosedBy>,
}

/// How the server ended a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerClose {
    /// It closed: an end of file.
    Closed,
    /// It reset: ECONNRESET.
    Reset,
}

/// How the client ended its side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClosedBy {
    /// With a FIN.
    Finished,
    /// With a RST.
    Reset,
}

/// What a client keeps of an answer; more is read and forgotten.
const KEPT: usize = 16 << 20;

impl Client {
    /// Its own address: the peer that the server sees.
    pub fn address(&self) -> SocketAddr {
        self.0.local
    }

    /// The server's address.
    pub fn server(&self) -> SocketAddr {
        self.0.server
    }

    /// Sends what the connection takes without waiting; the number of bytes.
    ///
    /// # Errors
    /// NotConnected after the client has left; EPIPE or ECONNRESET when the server has.
    pub fn send(&self, bytes: &[u8]) -> io::Result<usize> {
        let mut wire = self.wire();
        let socket = wire.socket.as_ref().ok_or(io::ErrorKind::NotConnected)?;
        let flags = MsgFlags::MSG_NOSIGNAL | MsgFlags::MSG_DONTWAIT;
        match send(socket.as_raw_fd(), bytes, flags) {
            Err(Errno::EAGAIN) => Ok(0),
            sent => {
                let sent = sent?;
                wire.sent += sent as u64;
                Ok(sent)
            }
        }
    }

    /// All that the server has sent so far.
    pub fn received(&self) -> Vec<u8> {
        self.read();
        self.wire().received.clone()
    }

    /// What the server has sent so far, from byte `at` on.
    pub fn received_from(&self, at: usize) -> Vec<u8> {
        self.read();
        self.wire().received.get(at..).unwrap_or_default().to_vec()
    }

    /// Reads at most `limit` bytes of what has arrived, as a slow reader does; how many came. The
    /// others of these calls read all that there is.
    pub fn read_some(&self, limit: usize) -> usize {
        let mut wire = self.wire();
        let before = wire.received.len();
        wire.read(limit);
        wire.received.len() - before
    }

    /// How the server has ended the connection, if it has.
    pub fn ended(&self) -> Option<ServerClose> {
        self.read();
        self.wire().ended
    }

    /// Shuts down the sending side: the server reads an end of file, and may still answer.
    pub fn half_close(&self) {
        let mut wire = self.wire();
        if let Some(socket) = &wire.socket
            && shutdown(socket.as_raw_fd(), Shutdown::Write).is_ok()
        {
            wire.left = Some(ClosedBy::Finished);
        }
    }

    /// Closes with a FIN. What has arrived is read first: unread bytes would turn it into a reset.
    pub fn close(&self) {
        self.read();
        let mut wire = self.wire();
        if wire.socket.take().is_some() {
            wire.left = Some(ClosedBy::Finished);
        }
    }

    /// Closes with a RST (socket(7), SO_LINGER with a time of 0).
    pub fn reset(&self) {
        let mut wire = self.wire();
        if let Some(socket) = wire.socket.take() {
            let at_once = libc::linger { l_onoff: 1, l_linger: 0 };
            let _ = setsockopt(&socket, sockopt::Linger, &at_once);
            wire.left = Some(ClosedBy::Reset);
        }
    }

    /// The inode of the server's end, once it was seen: it stays that of the descriptor after a
    /// reset, when the kernel's table has forgotten the connection.
    pub fn inode(&self) -> Option<u64> {
        self.0.inode.get().copied()
    }

    pub(crate) fn seen_as(&self, inode: u64) {
        if inode != 0 {
            self.0.inode.get_or_init(|| inode);
        }
    }

    /// How the client has ended its side, if it has.
    pub(crate) fn left(&self) -> Option<ClosedBy> {
        self.wire().left
    }

    /// How many bytes the server has not been handed, by its own count of `received`.
    ///
    /// Acknowledgements would not tell: they may be held back for 40 ms.
    pub(crate) fn in_flight(&self, received: u64) -> u64 {
        self.wire().sent.saturating_sub(received)
    }

    /// How much it has read and kept.
    pub(crate) fn bytes_read(&self) -> usize {
        self.wire().received.len()
    }

    /// Whether bytes wait on our side because the server's buffer is full.
    pub(crate) fn held_up(&self) -> bool {
        let wire = self.wire();
        wire.socket.as_ref().is_some_and(|socket| unacknowledged(socket) == Some(0))
    }

    /// Whether it has taken in all that has arrived, and may be waiting for more.
    pub(crate) fn is_listening(&self) -> bool {
        let wire = self.wire();
        wire.ended.is_none() && wire.socket.as_ref().is_some_and(|socket| unread(socket) == 0)
    }

    /// How many bytes the server's side is known to have: the kernel keeps the others (tcp(7),
    /// SIOCOUTQ). A client that has closed keeps none: its FIN comes after them.
    pub(crate) fn acknowledged(&self) -> u64 {
        let wire = self.wire();
        wire.sent - wire.socket.as_ref().map_or(0, unfinished).min(wire.sent)
    }

    /// Its descriptor, while something new may arrive there.
    pub(crate) fn to_watch(&self) -> Option<RawFd> {
        let wire = self.wire();
        let quiet = wire.ended.is_none() && !wire.noticed;
        wire.socket.as_ref().filter(|_| quiet).map(AsRawFd::as_raw_fd)
    }

    /// Something has arrived: no need to watch for it again until it was read.
    pub(crate) fn notice(&self) {
        self.wire().noticed = true;
    }

    /// Takes in what has arrived.
    pub(crate) fn read(&self) {
        self.wire().read(usize::MAX);
    }

    fn wire(&self) -> MutexGuard<'_, ClientState> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClientState {
    fn new(socket: OwnedFd, ended: Option<ServerClose>) -> Self {
        let received = Vec::new();
        Self { socket: Some(socket), sent: 0, received, noticed: false, ended, left: None }
    }

    /// Takes in what has arrived, at most `limit` bytes of it.
    fn read(&mut self, mut limit: usize) {
        let Some(fd) = self.socket.as_ref().map(AsRawFd::as_raw_fd) else { return };
        self.noticed = false;
        let mut buffer = [0; 1 << 16];
        while self.ended.is_none() && limit > 0 {
            let room = buffer.len().min(limit);
            match recv(fd, &mut buffer[..room], MsgFlags::MSG_DONTWAIT) {
                Ok(0) => self.ended = Some(ServerClose::Closed),
                Ok(length) => {
                    acknowledge(fd);
                    limit -= length;
                    let kept = KEPT.saturating_sub(self.received.len()).min(length);
                    self.received.extend_from_slice(&buffer[..kept]);
                }
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => return,
                Err(_) => self.ended = Some(ServerClose::Reset),
            }
        }
    }
}

/// Acknowledges at once what was read (tcp(7), TCP_QUICKACK): what the server has written since may
/// wait for that (RFC 9293, section 3.7.4, Nagle), up to 40 ms.
fn acknowledge(fd: RawFd) {
    let yes: libc::c_int = 1;
    let (level, option) = (libc::IPPROTO_TCP, libc::TCP_QUICKACK);
    let length = size_of_val(&yes) as libc::socklen_t;
    // SAFETY: the kernel reads one int.
    unsafe { libc::setsockopt(fd, level, option, (&raw const yes).cast(), length) };
}

/// Bytes that have arrived and were not read (tcp(7), SIOCINQ, which is FIONREAD).
fn unread(socket: &OwnedFd) -> u64 {
    let mut bytes: libc::c_int = 0;
    // SAFETY: the kernel writes one int.
    let asked = unsafe { libc::ioctl(socket.as_raw_fd(), libc::FIONREAD, &mut bytes) };
    if asked == 0 { bytes.max(0) as u64 } else { 0 }
}

/// Bytes that were sent and not yet acknowledged.
fn unfinished(socket: &OwnedFd) -> u64 {
    let mut bytes: libc::c_int = 0;
    // SAFETY: the kernel writes one int (tcp(7), SIOCOUTQ, which is TIOCOUTQ).
    let asked = unsafe { libc::ioctl(socket.as_raw_fd(), libc::TIOCOUTQ, &mut bytes) };
    if asked == 0 { bytes.max(0) as u64 } else { 0 }
}

/// Segments on their way (tcp(7), TCP_INFO).
fn unacknowledged(socket: &OwnedFd) -> Option<u32> {
    // SAFETY: plain data, filled by the kernel up to the length that it is given.
    unsafe {
        let mut info: libc::tcp_info = std::mem::zeroed();
        let mut length = size_of_val(&info) as libc::socklen_t;
        let (level, option) = (libc::IPPROTO_TCP, libc::TCP_INFO);
        let at = (&raw mut info).cast();
        let read = libc::getsockopt(socket.as_raw_fd(), level, option, at, &mut length);
        (read == 0).then_some(info.tcpi_unacked)
    }
}
