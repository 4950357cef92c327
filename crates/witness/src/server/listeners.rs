//! The observer as the server: it listens in the program's network, and accepts what a client program
//! connects.

use super::Server;
use super::observe::table_unobservable;
use crate::client::Client;
use crate::listener::{Buffers, Listener};
use crate::sockets::{Socket, State};
use sandbox::{Process, Target, Unobservable};
use std::io;
use std::net::SocketAddr;

impl Server {
    /// Listens at an address in the program's network. The observer accepts every connection that
    /// the program makes to it ([`accepted`](Self::accepted)). Returns the address, with the port
    /// that the kernel has chosen if `address` has port 0.
    ///
    /// # Errors
    /// The error of bind(2) or listen(2): EADDRINUSE, or EADDRNOTAVAIL for an IPv6 address on a
    /// machine without IPv6.
    pub fn listen_at(&mut self, address: SocketAddr, buffers: Buffers) -> io::Result<SocketAddr> {
        let family = if address.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 };
        let socket = self.one_socket(family)?;
        let listener = Listener::new(socket, address, buffers)?;
        let address = listener.address();
        self.own_listeners.push(listener);
        Ok(address)
    }

    /// The connections that the program has made to the observer's listeners so far, in the order in
    /// which they were accepted. Each is the observer's end of the connection.
    pub fn accepted(&self) -> &[Client] {
        &self.accepted
    }

    /// Accepts the connections that the program has made. Returns whether there were any.
    pub(super) fn accept_all(&mut self) -> bool {
        let new: Vec<_> =
            self.own_listeners.iter().flat_map(|it| std::iter::from_fn(|| it.accept())).collect();
        if let Some(recorder) = &self.recorder {
            new.iter().for_each(|client| client.record_in(recorder));
        }
        self.accepted.extend(new.iter().cloned());
        self.clients.extend(new.iter().cloned());
        !new.is_empty()
    }

    /// The attempts of the program that have no answer yet: its sockets in SYN_SENT (RFC 9293,
    /// section 3.3.2).
    ///
    /// # Errors
    /// [`Unobservable`] if the kernel's socket table cannot be read.
    pub fn attempts(&self) -> Result<Vec<Socket>, Unobservable> {
        let Some(table) = &self.table else { return Ok(Vec::new()) };
        table.all(&[State::SynSent]).map_err(table_unobservable)
    }

    /// The process and the descriptor that are connected to the observer's end `connection`; `None`
    /// if the program has no such descriptor.
    ///
    /// # Errors
    /// [`Unobservable`] if the kernel hides descriptors from this user.
    pub fn connected(&self, connection: &Client) -> Result<Option<(Process, i32)>, Unobservable> {
        self.connection(connection)?;
        let Some(inode) = connection.inode() else { return Ok(None) };
        for process in self.processes()? {
            let open = process.descriptors()?;
            if let Some(found) = open.iter().find(|it| it.target == Target::Socket(inode)) {
                return Ok(Some((process, found.fd)));
            }
        }
        Ok(None)
    }

    /// The program's sockets that no table of the kernel has: they were never connected, or their
    /// attempt was refused, or their connection was reset. A socket that is connected, listens, or is
    /// in SYN_SENT is not among them, nor is a socket of another kind.
    ///
    /// # Errors
    /// [`Unobservable`] if the kernel hides this information from this user.
    pub fn unconnected_sockets(&self) -> Result<Vec<(Process, i32)>, Unobservable> {
        let mut known: Vec<u64> = self.sockets()?.iter().map(|socket| socket.inode).collect();
        known.extend(self.listeners()?.iter().map(|socket| socket.inode));
        // The column of the inode in each table (proc_pid_net(5); the header counts as no row).
        for (name, column) in
            [("unix", 6), ("netlink", 9), ("udp", 9), ("udp6", 9), ("raw", 9), ("packet", 8)]
        {
            known.extend(self.inodes_in(name, column));
        }
        let mut found = Vec::new();
        for process in self.processes()? {
            let open = process.descriptors()?.into_iter();
            let unknown = open.filter(|it| match it.target {
                Target::Socket(inode) => !known.contains(&inode),
                Target::Other(_) => false,
            });
            found.extend(unknown.map(|it| (process, it.fd)));
        }
        Ok(found)
    }
}
