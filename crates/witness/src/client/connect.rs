//! Connects a client. The server may wait for an answer of the observer, so the observer continues
//! to answer while the client connects.

use super::{Client, ClientState, Shared};
use crate::ready;
use crate::server_close::ServerClose;
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::PollFlags;
use nix::sys::socket::{
    SockaddrIn, SockaddrIn6, connect, getsockname, getsockopt, setsockopt, sockopt,
};
use std::io;
use std::net::{SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

impl Client {
    /// Connects `socket` to `server`. The socket may be in another network namespace.
    ///
    /// If the server's backlog is full, the kernel drops the SYN, and sends it again after a
    /// second. While the connection is not established, `meanwhile` is called every millisecond. If
    /// `meanwhile` returns an error, the attempt ends with this error.
    pub(crate) fn connect(
        socket: OwnedFd,
        server: SocketAddr,
        meanwhile: impl FnMut() -> io::Result<()>,
    ) -> io::Result<Self> {
        let fd = socket.as_raw_fd();
        fcntl(&socket, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        setsockopt(&socket, sockopt::TcpNoDelay, &true)?;
        let begun = match server {
            SocketAddr::V4(v4) => connect(fd, &SockaddrIn::from(v4)),
            SocketAddr::V6(v6) => connect(fd, &SockaddrIn6::from(v6)),
        };
        let ended = match begun {
            Err(Errno::EINPROGRESS | Errno::EINTR) => finish_connect(&socket, meanwhile)?,
            begun => begun.map(|()| None)?,
        };
        let local = match server {
            SocketAddr::V4(_) => v4(getsockname(fd)?),
            SocketAddr::V6(_) => v6(getsockname(fd)?),
        };
        Ok(Self::new(local, server, false, ClientState::new(socket, ended)))
    }

    fn new(local: SocketAddr, server: SocketAddr, is_accepted: bool, state: ClientState) -> Self {
        let (inode, record) = (OnceLock::new(), OnceLock::new());
        let state = Mutex::new(state);
        Self(Arc::new(Shared { local, server, is_accepted, inode, record, state }))
    }

    /// The observer's end of a connection that the program has made to a listener at `local`.
    /// accept(2) has returned `socket` and `peer`. The socket is non-blocking.
    pub(crate) fn accepted(socket: OwnedFd, local: SocketAddr, peer: SocketAddr) -> Self {
        // A connection that was reset already has no options any more.
        let _ = setsockopt(&socket, sockopt::TcpNoDelay, &true);
        Self::new(local, peer, true, ClientState::new(socket, None))
    }
}

/// Waits until the socket is connected. If the server has already ended the connection, the result
/// says how.
fn finish_connect(
    socket: &OwnedFd,
    mut meanwhile: impl FnMut() -> io::Result<()>,
) -> io::Result<Option<ServerClose>> {
    let moment = Duration::from_millis(1);
    while !ready::wait_ready(Instant::now() + moment, socket.as_fd(), PollFlags::POLLOUT) {
        meanwhile()?;
    }
    match getsockopt(socket, sockopt::SocketError)? {
        0 => Ok(None),
        libc::ECONNRESET => Ok(Some(ServerClose::Reset)), // connected, and reset immediately
        errno => Err(io::Error::from_raw_os_error(errno)),
    }
}

fn v4(address: SockaddrIn) -> SocketAddr {
    SocketAddrV4::from(address).into()
}

fn v6(address: SockaddrIn6) -> SocketAddr {
    SocketAddrV6::from(address).into()
}
