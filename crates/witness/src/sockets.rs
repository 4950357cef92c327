//! Reads the kernel's table of TCP sockets by netlink or from `/proc`.

mod files;
mod netlink;

use crate::client::Client;
use files::Files;
use netlink::Netlink;
use sandbox::Process;
use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;

/// A TCP socket in the kernel's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Socket {
    /// The socket's TCP state.
    pub state: State,
    /// The socket's own address.
    pub local: SocketAddr,
    /// The peer's address. It is the unspecified address for a listener.
    pub peer: SocketAddr,
    /// The socket's inode, which the links in `/proc/PID/fd` contain; 0 if no descriptor refers to
    /// the socket any more.
    pub inode: u64,
    /// The number of received bytes that have not been read. An end of file counts as one byte. For
    /// a listener, this is the number of connections that have not been accepted.
    pub unread: u32,
    /// The number of written bytes that the peer has not acknowledged. A FIN counts as one byte.
    /// For a listener, this is the maximum length of the backlog, if the table contains this
    /// length.
    pub unacknowledged: u32,
    /// The number of written bytes that the peer has acknowledged since the connection was
    /// established. If the table does not contain this number, this is the number of bytes that have
    /// arrived at the client, which may not have acknowledged the last of them.
    pub acknowledged: u64,
    /// The number of bytes that were received since the connection was established. If the table
    /// does not contain this number, this is the number of the client's bytes that have been
    /// acknowledged. An acknowledgement may be 40 ms late (RFC 9293, section 3.8.6.3).
    pub received: u64,
}

impl Socket {
    /// The number of bytes that were written to the socket since the connection was established.
    pub fn written(&self) -> u64 {
        self.acknowledged + u64::from(self.unacknowledged)
    }
}

/// The state of a TCP socket (include/net/tcp_states.h).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the names are TCP's own (RFC 9293, section 3.3.2)")]
pub enum State {
    Established,
    SynSent,
    SynReceived,
    FinWait1,
    FinWait2,
    TimeWait,
    Closed,
    CloseWait,
    LastAck,
    Listen,
    Closing,
}

impl State {
    pub(crate) fn from_kernel(code: u8) -> Option<Self> {
        use State::*;
        Some(match code {
            1 => Established,
            2 => SynSent,
            3 | 12 => SynReceived, // 12 is TCP_NEW_SYN_RECV: no accept(2) returns it yet
            4 => FinWait1,
            5 => FinWait2,
            6 => TimeWait,
            7 => Closed,
            8 => CloseWait,
            9 => LastAck,
            10 => Listen,
            11 => Closing,
            _ => return None,
        })
    }

    /// The state's bit in a set of states (linux/inet_diag.h, idiag_states).
    pub(crate) fn bit(self) -> u32 {
        1 << (self as u32 + 1)
    }

    /// The name that `ss` and RFC 9293 use, e.g. `CLOSE_WAIT`.
    pub fn name(self) -> &'static str {
        use State::*;
        match self {
            Established => "ESTABLISHED",
            SynSent => "SYN_SENT",
            SynReceived => "SYN_RECV",
            FinWait1 => "FIN_WAIT1",
            FinWait2 => "FIN_WAIT2",
            TimeWait => "TIME_WAIT",
            Closed => "CLOSED",
            CloseWait => "CLOSE_WAIT",
            LastAck => "LAST_ACK",
            Listen => "LISTEN",
            Closing => "CLOSING",
        }
    }
}

/// Finds the TCP sockets of one network namespace.
#[derive(Debug)]
pub(crate) enum SocketTable {
    /// By netlink. Reading one socket takes microseconds.
    Netlink(Netlink),
    /// In `/proc/PID/net`, if netlink is refused. All sockets must be read, which takes
    /// milliseconds.
    Files(Files),
}

impl SocketTable {
    /// The table of the network that `process` is in. `netlink` is a netlink socket that was
    /// created in this network; `None` if the socket could not be created, because a container's
    /// seccomp profile refuses it or the kernel does not support it.
    pub(crate) fn new(netlink: Option<OwnedFd>, process: Process) -> Self {
        match netlink.map(Netlink::new).filter(Netlink::answers) {
            Some(netlink) => SocketTable::Netlink(netlink),
            None => SocketTable::Files(Files::of(process)),
        }
    }

    /// The server's socket for the connection to each client; `None` if the server has no such
    /// socket, or no longer has it.
    pub(crate) fn connections<'a>(
        &self,
        clients: impl Iterator<Item = &'a Client>,
    ) -> io::Result<Vec<Option<Socket>>> {
        match self {
            SocketTable::Netlink(netlink) => {
                clients.map(|it| netlink.connection(it.server(), it.address())).collect()
            }
            SocketTable::Files(files) => files.connections(clients),
        }
    }

    /// The sockets of these connections, each given by the socket's own address and the peer's
    /// address; `None` for a connection that is not in the table any more.
    pub(crate) fn between(
        &self,
        ends: &[(SocketAddr, SocketAddr)],
    ) -> io::Result<Vec<Option<Socket>>> {
        match self {
            SocketTable::Netlink(netlink) => {
                ends.iter().map(|(local, peer)| netlink.connection(*local, *peer)).collect()
            }
            SocketTable::Files(files) => files.between(ends),
        }
    }

    /// The listener that a connection to `local` would reach.
    pub(crate) fn listener(&self, local: SocketAddr) -> io::Result<Option<Socket>> {
        match self {
            SocketTable::Netlink(netlink) => netlink.listener(local),
            SocketTable::Files(files) => files.listener(local),
        }
    }

    /// All sockets in one of these states.
    pub(crate) fn all(&self, states: &[State]) -> io::Result<Vec<Socket>> {
        match self {
            SocketTable::Netlink(netlink) => netlink.all(states),
            SocketTable::Files(files) => files.all(states),
        }
    }
}

#[cfg(test)]
mod tests;
