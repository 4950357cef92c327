//! A listener of the observer in the program's network: the server that a client program connects to.

use crate::client::Client;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::socket::{
    Backlog, SockaddrIn, SockaddrIn6, SockaddrLike, SockaddrStorage, bind, connect, getsockname,
    listen, setsockopt, sockopt,
};
use nix::sys::time::{TimeVal, TimeValLike};
use std::io;
use std::net::{SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

/// The number of connections that wait until the observer accepts them.
const BACKLOG: i32 = 64;
/// The number of connections that fill the backlog of a listener that does not answer.
pub(crate) const FULL_BACKLOG: usize = 2;
/// The maximum time for each of them, in seconds.
const FILL_TIME: i64 = 2;
/// The size of a small receive buffer, in bytes (socket(7)). The kernel doubles it.
const SMALL_BUFFER: usize = 16 << 10;
/// The length of a segment on Ethernet, in bytes.
const ETHERNET_SEGMENT: u32 = 1460;

/// How the connections of a listener take and give bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Buffers {
    /// As the kernel chooses them: several MiB.
    #[default]
    Usual,
    /// A small receive buffer, and segments as on Ethernet: the kernels store less than 500 KiB of
    /// what the program sends, if the observer does not read.
    Small,
}

/// A socket of the observer that listens in the program's network.
#[derive(Debug)]
pub(crate) struct Listener {
    socket: OwnedFd,
    address: SocketAddr,
}

impl Listener {
    /// Listens at `address` with `socket`. With port 0 the kernel chooses a free port.
    pub(crate) fn new(socket: OwnedFd, address: SocketAddr, buffers: Buffers) -> io::Result<Self> {
        setsockopt(&socket, sockopt::ReuseAddr, &true)?;
        if buffers == Buffers::Small {
            // A connection inherits the options of its listener (tcp(7), "Socket options").
            setsockopt(&socket, sockopt::RcvBuf, &SMALL_BUFFER)?;
            setsockopt(&socket, sockopt::TcpMaxSeg, &ETHERNET_SEGMENT)?;
        }
        let fd = socket.as_raw_fd();
        let address = match address {
            SocketAddr::V4(v4) => {
                bind(fd, &SockaddrIn::from(v4))?;
                SocketAddrV4::from(getsockname::<SockaddrIn>(fd)?).into()
            }
            SocketAddr::V6(v6) => {
                setsockopt(&socket, sockopt::Ipv6V6Only, &true)?;
                bind(fd, &SockaddrIn6::from(v6))?;
                SocketAddrV6::from(getsockname::<SockaddrIn6>(fd)?).into()
            }
        };
        fcntl(&socket, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        listen(&socket, Backlog::new(BACKLOG)?)?;
        Ok(Self { socket, address })
    }

    /// Fills the backlog with connections of `sockets`, which nobody accepts. The kernel then drops
    /// the SYN of each further attempt (`tcp_conn_request` in net/ipv4/tcp_input.c), and the attempt
    /// waits.
    pub(crate) fn fill_backlog(&self, sockets: &[OwnedFd; FULL_BACKLOG]) -> io::Result<()> {
        // A backlog of 1 has room for two connections.
        listen(&self.socket, Backlog::new(FULL_BACKLOG as i32 - 1)?)?;
        for socket in sockets {
            setsockopt(socket, sockopt::SendTimeout, &TimeVal::seconds(FILL_TIME))?;
            match self.address {
                SocketAddr::V4(v4) => connect(socket.as_raw_fd(), &SockaddrIn::from(v4))?,
                SocketAddr::V6(v6) => connect(socket.as_raw_fd(), &SockaddrIn6::from(v6))?,
            }
        }
        Ok(())
    }

    /// The address that the program connects to.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Accepts the next connection of the program, if there is one.
    pub(crate) fn accept(&self) -> Option<Client> {
        let flags = libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
        // SAFETY: all zeros is a valid sockaddr_storage. The kernel writes an address of at most this
        // length, and returns a new descriptor, which nothing else owns.
        let (socket, peer) = unsafe {
            let mut peer: libc::sockaddr_storage = std::mem::zeroed();
            let mut length = size_of_val(&peer) as libc::socklen_t;
            let at = (&raw mut peer).cast();
            match libc::accept4(self.socket.as_raw_fd(), at, &mut length, flags) {
                -1 => return None,
                fd => (OwnedFd::from_raw_fd(fd), SockaddrStorage::from_raw(at, Some(length))?),
            }
        };
        let peer = match self.address {
            SocketAddr::V4(_) => SocketAddrV4::from(*peer.as_sockaddr_in()?).into(),
            SocketAddr::V6(_) => SocketAddrV6::from(*peer.as_sockaddr_in6()?).into(),
        };
        Some(Client::accepted(socket, self.address, peer))
    }
}

impl AsRawFd for Listener {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }
}
