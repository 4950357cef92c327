//! The kernel's table of TCP sockets, and the two places where it can be asked.

mod files;
mod netlink;

use crate::client::Client;
use files::Files;
use netlink::Netlink;
use sandbox::Process;
use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;

/// A TCP socket as the kernel has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Socket {
    /// Where it is in its life.
    pub state: State,
    /// Its own address.
    pub local: SocketAddr,
    /// The other end's address; unspecified for a listener.
    pub peer: SocketAddr,
    /// What `/proc/PID/fd` calls it; 0 once no descriptor is left.
    pub inode: u64,
    /// Bytes not yet read, an end of file counted as one; for a listener, connections not yet
    /// accepted.
    pub unread: u32,
    /// Bytes written that the peer has not acknowledged, an end of file counted as one; for a
    /// listener, the length of its backlog, if the table knows it.
    pub unacknowledged: u32,
    /// Bytes that arrived from the peer since it was connected. Where the table does not count
    /// them, those that the client knows to be acknowledged, which may be 40 ms behind (RFC 9293,
    /// section 3.8.6.3).
    pub received: u64,
}

/// Where a TCP socket is in its life (include/net/tcp_states.h).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
            3 | 12 => SynReceived, // 12 is a request that no accept has seen yet
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

    /// Its place in a set of states (linux/inet_diag.h, idiag_states).
    pub(crate) fn bit(self) -> u32 {
        1 << (self as u32 + 1)
    }

    /// The name that `ss` and RFC 9293 give it, e.g. `CLOSE_WAIT`.
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

/// Where the sockets of one network are looked up.
#[derive(Debug)]
pub(crate) enum SocketTable {
    /// By netlink: one socket at a time, in microseconds.
    Netlink(Netlink),
    /// In `/proc/PID/net`: all of them, in milliseconds, where netlink is refused.
    Files(Files),
}

impl SocketTable {
    /// The table of the network that `process` is in; `netlink` is a socket made in it, if one
    /// could be made (a container's seccomp profile or a small kernel may refuse that).
    pub(crate) fn new(netlink: Option<OwnedFd>, process: Process) -> Self {
        match netlink.map(Netlink::new).filter(Netlink::answers) {
            Some(netlink) => SocketTable::Netlink(netlink),
            None => SocketTable::Files(Files::of(process)),
        }
    }

    /// The server's end of each client's connection, `None` where it has none (any more).
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

    /// The listener that a connection to `local` would reach.
    pub(crate) fn listener(&self, local: SocketAddr) -> io::Result<Option<Socket>> {
        match self {
            SocketTable::Netlink(netlink) => netlink.listener(local),
            SocketTable::Files(files) => files.listener(local),
        }
    }

    /// Every socket in one of these states.
    pub(crate) fn all(&self, states: &[State]) -> io::Result<Vec<Socket>> {
        match self {
            SocketTable::Netlink(netlink) => netlink.all(states),
            SocketTable::Files(files) => files.all(states),
        }
    }
}

#[cfg(test)]
mod tests;
