//! Reads sockets by netlink.
//!
//! To read `/proc/net/tcp`, the kernel visits its whole hash table of connections, which has
//! 262,144 buckets on a machine with 24 GiB of memory. This takes more than a millisecond, even if
//! the table is nearly empty. sock_diag(7) finds the socket of one pair of addresses in
//! microseconds, and returns the number of received bytes.

use super::{Socket, State};
use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, recv, send};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsRawFd, OwnedFd};

/// An `AF_NETLINK`, `NETLINK_SOCK_DIAG` socket inside the server's network.
#[derive(Debug)]
pub(crate) struct Netlink(OwnedFd);

const SOCK_DIAG_BY_FAMILY: u16 = 20;
const INET_DIAG_INFO: u16 = 2;
/// The offsets of tcpi_bytes_acked and tcpi_bytes_received in struct tcp_info (linux/tcp.h).
const BYTES_ACKED: usize = 120;
const BYTES_RECEIVED: usize = 128;
const HEADER: usize = 16;
const MESSAGE: usize = 72;
/// The size of the buffer for a part of an answer. The kernel sends no longer parts than the buffer
/// of the last recvmsg(2), or 8 KiB (netlink_dump() in net/netlink/af_netlink.c).
const PART: usize = 1 << 14;

impl Netlink {
    pub(crate) fn new(socket: OwnedFd) -> Self {
        Self(socket)
    }

    /// Whether the kernel answers a request. The kernel does not answer if its module tcp_diag is
    /// missing.
    pub(crate) fn answers(&self) -> bool {
        self.all(&[State::Listen]).is_ok()
    }

    /// The socket at `local` that is connected to `peer`.
    pub(crate) fn connection(
        &self,
        local: SocketAddr,
        peer: SocketAddr,
    ) -> io::Result<Option<Socket>> {
        // If no connection matches, the kernel returns the listener that would accept such a
        // connection. Ignore this listener.
        Ok(self.find(local, peer)?.filter(|socket| socket.state != State::Listen))
    }

    pub(crate) fn listener(&self, local: SocketAddr) -> io::Result<Option<Socket>> {
        let any_peer = SocketAddr::new(local.ip(), 0);
        Ok(self.find(local, any_peer)?.filter(|socket| socket.state == State::Listen))
    }

    pub(crate) fn all(&self, states: &[State]) -> io::Result<Vec<Socket>> {
        let mut found = Vec::new();
        let mut buffer = vec![0; PART];
        let wanted = states.iter().fold(0, |bits, state| bits | state.bit());
        for family in [libc::AF_INET, libc::AF_INET6] {
            self.send_request(&request(family, None, wanted))?;
            while self.receive_part(&mut buffer, &mut found)? {}
        }
        Ok(found)
    }

    /// Reads one part of an answer that has several parts. Returns whether another part follows.
    fn receive_part(&self, buffer: &mut [u8], found: &mut Vec<Socket>) -> io::Result<bool> {
        let length = self.receive(buffer)?;
        for (kind, body) in messages(&buffer[..length]) {
            match kind {
                SOCK_DIAG_BY_FAMILY => found.extend(socket(body)),
                _ => return error_of(body).map_or(Ok(false), |errno| Err(errno.into())),
            }
        }
        Ok(length > 0)
    }

    fn find(&self, local: SocketAddr, peer: SocketAddr) -> io::Result<Option<Socket>> {
        let family = if local.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 };
        self.send_request(&request(family, Some((local, peer)), u32::MAX))?;
        let mut buffer = [0; 4096];
        let length = self.receive(&mut buffer)?;
        match messages(&buffer[..length]).next() {
            Some((SOCK_DIAG_BY_FAMILY, body)) => Ok(socket(body)),
            Some((_, body)) => match error_of(body) {
                None | Some(Errno::ENOENT) => Ok(None), // there is no such socket
                Some(errno) => Err(errno.into()),
            },
            None => Ok(None),
        }
    }

    fn send_request(&self, request: &[u8]) -> io::Result<()> {
        retry_on_eintr(|| send(self.0.as_raw_fd(), request, MsgFlags::empty()))?;
        Ok(())
    }

    fn receive(&self, buffer: &mut [u8]) -> io::Result<usize> {
        // Repeat a call that a signal has interrupted. Otherwise this answer would remain in the
        // socket and would be taken for the answer to the next request.
        retry_on_eintr(|| recv(self.0.as_raw_fd(), buffer, MsgFlags::empty()))
    }
}

fn retry_on_eintr(mut call: impl FnMut() -> nix::Result<usize>) -> io::Result<usize> {
    loop {
        match call() {
            Err(Errno::EINTR) => {}
            result => return Ok(result?),
        }
    }
}

/// A netlink header, followed by a struct inet_diag_req_v2 (linux/inet_diag.h).
fn request(family: i32, pair: Option<(SocketAddr, SocketAddr)>, states: u32) -> Vec<u8> {
    let flags = libc::NLM_F_REQUEST | if pair.is_none() { libc::NLM_F_DUMP } else { 0 };
    let mut bytes = Vec::with_capacity(MESSAGE);
    bytes.extend((MESSAGE as u32).to_ne_bytes());
    bytes.extend(SOCK_DIAG_BY_FAMILY.to_ne_bytes());
    bytes.extend((flags as u16).to_ne_bytes());
    bytes.extend([0; 8]); // sequence number and port, not needed for one request at a time
    bytes.extend([family as u8, libc::IPPROTO_TCP as u8, 1 << (INET_DIAG_INFO - 1), 0]);
    bytes.extend(states.to_ne_bytes());
    match pair {
        None => bytes.extend([0; 36]),
        Some((local, peer)) => {
            bytes.extend(local.port().to_be_bytes());
            bytes.extend(peer.port().to_be_bytes());
            bytes.extend(address_bytes(local.ip()));
            bytes.extend(address_bytes(peer.ip()));
        }
    }
    bytes.extend([0; 4]); // any interface
    bytes.extend([0xff; 8]); // any cookie (INET_DIAG_NOCOOKIE)
    bytes
}

fn address_bytes(ip: IpAddr) -> [u8; 16] {
    match ip {
        IpAddr::V6(v6) => v6.octets(),
        IpAddr::V4(v4) => {
            let mut bytes = [0; 16];
            bytes[..4].copy_from_slice(&v4.octets());
            bytes
        }
    }
}

/// The netlink messages in `bytes`. Each message has a type and a body (netlink(7)).
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

/// The errno in an NLMSG_ERROR or NLMSG_DONE, if there is one (netlink(7)).
fn error_of(body: &[u8]) -> Option<Errno> {
    let code = u32_at(body, 0)? as i32;
    (code != 0).then(|| Errno::from_raw(code.saturating_neg()))
}

/// Parses a struct inet_diag_msg, and the numbers of bytes in the struct tcp_info that follows.
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
        unacknowledged: u32_at(body, 60)?,
        acknowledged: tcp_info(body.get(MESSAGE..)?, BYTES_ACKED).unwrap_or(0),
        received: tcp_info(body.get(MESSAGE..)?, BYTES_RECEIVED).unwrap_or(0),
    })
}

/// The number at this offset of the struct tcp_info.
fn tcp_info(mut attributes: &[u8], offset: usize) -> Option<u64> {
    loop {
        let length = u16_at(attributes, 0)? as usize;
        if u16_at(attributes, 2)? == INET_DIAG_INFO {
            let at = 4 + offset;
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_bytes_make_the_parser_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            for (_, body) in messages(&bytes) {
                let _ = (socket(body), error_of(body));
            }
            let _ = (socket(&bytes), tcp_info(&bytes, BYTES_ACKED));
        }

        #[test]
        fn an_incomplete_message_is_ignored(kind: u16, length: u32, cut in 0..72usize) {
            let mut bytes = length.to_ne_bytes().to_vec();
            bytes.extend(kind.to_ne_bytes());
            bytes.resize(HEADER + cut, 0xff);
            let whole = messages(&bytes).all(|(_, body)| body.len() + HEADER <= bytes.len());
            prop_assert!(whole);
        }
    }

    #[test]
    fn an_error_message_contains_an_errno() {
        assert_eq!(error_of(&(-libc::EPERM).to_ne_bytes()), Some(Errno::EPERM));
        assert_eq!(error_of(&[0; 4]), None);
        assert_eq!(error_of(&[]), None);
    }
}
