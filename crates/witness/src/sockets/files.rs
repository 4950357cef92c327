//! Reads sockets from `/proc/PID/net/tcp` and `tcp6` (proc_pid_net(5)).
//!
//! Reading these files is slower than netlink. The files do not contain the number of received
//! bytes. The number of the client's bytes that have been acknowledged is used instead.

use super::{Socket, State};
use crate::client::Client;
use procfs::net::TcpNetEntry;
use procfs::{ProcError, ProcResult};
use sandbox::Process;
use std::io;
use std::net::SocketAddr;

/// The socket files of the network that a process is in.
#[derive(Debug)]
pub(crate) struct Files(Process);

impl Files {
    pub(crate) fn of(process: Process) -> Self {
        Self(process)
    }

    pub(crate) fn connections<'a>(
        &self,
        clients: impl Iterator<Item = &'a Client>,
    ) -> io::Result<Vec<Option<Socket>>> {
        let mut clients = clients.peekable();
        if clients.peek().is_none() {
            return Ok(Vec::new());
        }
        let rows = self.rows()?;
        Ok(clients.map(|client| server_socket(client, &rows)).collect())
    }

    pub(crate) fn between(
        &self,
        ends: &[(SocketAddr, SocketAddr)],
    ) -> io::Result<Vec<Option<Socket>>> {
        if ends.is_empty() {
            return Ok(Vec::new());
        }
        let rows = self.rows()?;
        Ok(ends.iter().map(|ends| connection(*ends, &rows)).collect())
    }

    /// The listener that a connection to `local` would reach. A listener on the IPv6 wildcard
    /// address may also accept IPv4 (ipv6(7), IPV6_V6ONLY). The files do not show whether the
    /// listener accepts IPv4, so this function assumes that it accepts only IPv6.
    pub(crate) fn listener(&self, local: SocketAddr) -> io::Result<Option<Socket>> {
        let here = |socket: &Socket| {
            let (own, asked) = (socket.local, local);
            let same = own.ip() == asked.ip()
                || own.ip().is_unspecified() && own.is_ipv4() == asked.is_ipv4();
            same && own.port() == asked.port()
        };
        Ok(self.all(&[State::Listen])?.into_iter().find(here))
    }

    pub(crate) fn all(&self, states: &[State]) -> io::Result<Vec<Socket>> {
        let mut rows = self.rows()?;
        rows.retain(|socket| states.contains(&socket.state));
        Ok(rows)
    }

    fn rows(&self) -> io::Result<Vec<Socket>> {
        read(self.0.pid).map_err(|error| io::Error::other(error.to_string()))
    }
}

fn read(pid: i32) -> ProcResult<Vec<Socket>> {
    let process = procfs::process::Process::new(pid)?;
    let mut rows = process.tcp()?;
    match process.tcp6() {
        Err(ProcError::NotFound(_)) => {} // a kernel without IPv6
        more => rows.extend(more?),
    }
    Ok(rows.into_iter().filter_map(socket).collect())
}

fn socket(row: TcpNetEntry) -> Option<Socket> {
    Some(Socket {
        state: State::from_kernel(row.state.to_u8())?,
        local: plain(row.local_address),
        peer: plain(row.remote_address),
        inode: row.inode,
        unread: row.rx_queue,
        unacknowledged: row.tx_queue,
        acknowledged: 0,
        received: 0,
    })
}

/// Converts an IPv4-mapped IPv6 address to the IPv4 address. Other addresses do not change.
fn plain(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// The server's socket for the connection to the client.
fn server_socket(client: &Client, rows: &[Socket]) -> Option<Socket> {
    let socket = connection((client.server(), client.address()), rows)?;
    let acknowledged = client.bytes_received() + client.unread();
    Some(Socket { acknowledged, received: client.acknowledged(), ..socket })
}

/// The socket with this own address and this peer.
fn connection(ends: (SocketAddr, SocketAddr), rows: &[Socket]) -> Option<Socket> {
    rows.iter().find(|it| it.state != State::Listen && (it.local, it.peer) == ends).copied()
}
