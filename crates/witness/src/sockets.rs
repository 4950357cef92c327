//! The kernel's TCP sockets, asked by netlink.
//!
//! `/proc/net/tcp` walks the whole table of established connections, 262,144 buckets on a machine
//! with 24 GiB, and takes over a millisecond however few there are. sock_diag(7) answers for one
//! pair of addresses in microseconds, and knows how many bytes have arrived.

use nix::sys::socket::{MsgFlags, recv, send};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsRawFd, OwnedFd};

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
    /// Bytes not yet read, an end of file counted as one; for a listener, connections not yet accepted.
    pub unread: u32,
    /// Bytes that arrived from the peer since it was connected.
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
    fn from_kernel(code: u8) -> Option<Self> {
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

/// A netlink socket inside the server's network.
#[derive(Debug)]
pub(crate) struct SocketTable(OwnedFd);

const SOCK_DIAG_BY_FAMILY: u16 = 20;
const INET_DIAG_INFO: u16 = 2;
/// tcpi_bytes_received in struct tcp_info (linux/tcp.h).
const BYTES_RECEIVED: usize = 128;
const HEADER: usize = 16;
const MESSAGE: usize = 72;

impl SocketTable {
    /// `netlink` must be an `AF_NETLINK`, `NETLINK_SOCK_DIAG` socket.
    pub(crate) fn new(netlink: OwnedFd) -> Self {
        Self(netlink)
    }

    /// The socket at `local` that is connected to `peer`.
    pub(crate) fn connection(
        &self,
        local: SocketAddr,
        peer: SocketAddr,
    ) -> io::Result<Option<Socket>> {
        // Where no connection matches, the kernel answers with the listener that would take one.
        Ok(self.one(local, peer)?.filter(|socket| socket.state != State::Listen))
    }

    /// The listener that a connection to `local` would reach.
    pub(crate) fn listener(&self, local: SocketAddr) -> io::Result<Option<Socket>> {
        let nobody = SocketAddr::new(local.ip(), 0);
        Ok(self.one(local, nobody)?.filter(|socket| socket.state == State::Listen))
    }

    /// Every listener.
    pub(crate) fn listeners(&self) -> io::Result<Vec<Socket>> {
        self.dump(1 << 10)
    }

    /// Every socket that is about to be forgotten, or held back, in TIME_WAIT.
    pub(crate) fn time_wait(&self) -> io::Result<Vec<Socket>> {
        self.dump(1 << 6)
    }

    fn one(&self, local: SocketAddr, peer: SocketAddr) -> io::Result<Option<Socket>> {
        let family = if local.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 };
        self.ask(&request(family, Some((local, peer)), u32::MAX))?;
        let mut buffer = [0; 4096];
        let length = recv(self.0.as_raw_fd(), &mut buffer, MsgFlags::empty())?;
        match messages(&buffer[..length]).next() {
            Some((SOCK_DIAG_BY_FAMILY, body)) => Ok(socket(body)),
            Some((_, body)) => refusal(body).map(|()| None),
            None => Ok(None),
        }
    }

    fn dump(&self, states: u32) -> io::Result<Vec<Socket>> {
        let mut found = Vec::new();
        for family in [libc::AF_INET, libc::AF_INET6] {
            self.ask(&request(family, None, states))?;
            let mut buffer = vec![0; 1 << 16];
            'family: loop {
                let length = recv(self.0.as_raw_fd(), &mut buffer, MsgFlags::empty())?;
                for (kind, body) in messages(&buffer[..length]) {
                    match kind {
                        SOCK_DIAG_BY_FAMILY => found.extend(socket(body)),
                        _ => {
                            refusal(body)?;
                            break 'family;
                        }
                    }
                }
            }
        }
        Ok(found)
    }

    fn ask(&self, request: &[u8]) -> io::Result<()> {
        send(self.0.as_raw_fd(), request, MsgFlags::empty())?;
        Ok(())
    }
}

/// A struct inet_diag_req_v2 (linux/inet_diag.h) in its netlink envelope.
fn request(family: i32, pair: Option<(SocketAddr, SocketAddr)>, states: u32) -> Vec<u8> {
    let flags = libc::NLM_F_REQUEST | if pair.is_none() { libc::NLM_F_DUMP } else { 0 };
    let mut bytes = Vec::with_capacity(MESSAGE);
    bytes.extend(72u32.to_ne_bytes());
    bytes.extend(SOCK_DIAG_BY_FAMILY.to_ne_bytes());
    bytes.extend((flags as u16).to_ne_bytes());
    bytes.extend([0; 8]); // sequence and port: one question at a time
    bytes.extend([family as u8, libc::IPPROTO_TCP as u8, 1 << (INET_DIAG_INFO - 1), 0]);
    bytes.extend(states.to_ne_bytes());
    match pair {
        None => bytes.extend([0; 36]),
        Some((local, peer)) => {
            bytes.extend(local.port().to_be_bytes());
            bytes.extend(peer.port().to_be_bytes());
            bytes.extend(sixteen(local.ip()));
            bytes.extend(sixteen(peer.ip()));
        }
    }
    bytes.extend([0; 4]); // any interface
    bytes.extend([0xff; 8]); // any cookie (INET_DIAG_NOCOOKIE)
    bytes
}

fn sixteen(ip: IpAddr) -> [u8; 16] {
    match ip {
        IpAddr::V6(v6) => v6.octets(),
        IpAddr::V4(v4) => {
            let mut bytes = [0; 16];
            bytes[..4].copy_from_slice(&v4.octets());
            bytes
        }
    }
}

/// The netlink messages in `bytes`: type and body (netlink(7)).
fn messages(bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let length = u32_at(rest, 0)? as usize;
        let kind = u16_at(rest, 4)?;
        let body = rest.get(HEADER..length)?;
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((kind, body))
    })
}

/// What NLMSG_ERROR or NLMSG_DONE says; a socket that does not exist is no error.
fn refusal(body: &[u8]) -> io::Result<()> {
    match u32_at(body, 0).map_or(0, |code| -(code as i32)) {
        0 | libc::ENOENT => Ok(()),
        errno => Err(io::Error::from_raw_os_error(errno)),
    }
}

/// A struct inet_diag_msg, and the bytes received from the tcp_info that follows it.
fn socket(body: &[u8]) -> Option<Socket> {
    let v4 = i32::from(*body.first()?) == libc::AF_INET;
    let address = |port: usize, ip: usize| -> Option<SocketAddr> {
        let octets: [u8; 16] = body.get(ip..ip + 16)?.try_into().ok()?;
        let ip = if v4 {
            IpAddr::V4(Ipv4Addr::new(octets[0], octets[1], octets[2], octets[3]))
        } else {
            IpAddr::V6(Ipv6Addr::from(octets)).to_canonical()
        };
        Some(SocketAddr::new(ip, u16::from_be_bytes(body.get(port..port + 2)?.try_into().ok()?)))
    };
    Some(Socket {
        state: State::from_kernel(*body.get(1)?)?,
        local: address(4, 8)?,
        peer: address(6, 24)?,
        inode: u32_at(body, 68)?.into(),
        unread: u32_at(body, 56)?,
        received: received(body.get(MESSAGE..)?).unwrap_or(0),
    })
}

fn received(mut attributes: &[u8]) -> Option<u64> {
    loop {
        let length = u16_at(attributes, 0)? as usize;
        if u16_at(attributes, 2)? == INET_DIAG_INFO {
            let at = 4 + BYTES_RECEIVED;
            return Some(u64::from_ne_bytes(attributes.get(at..at + 8)?.try_into().ok()?));
        }
        attributes = attributes.get(length.max(4).next_multiple_of(4)..)?;
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}
