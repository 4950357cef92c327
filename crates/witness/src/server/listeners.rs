//! The observer as the server: it listens in the program's network, and accepts what a client program
//! connects.

use super::Server;
use super::observe::table_unobservable;
use crate::client::Client;
use crate::listener::{Buffers, Listener};
use crate::sleep::timeout_for_descriptors;
use crate::sockets::{Socket, State};
use sandbox::{Process, Target, Unobservable};
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

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

    /// Listens at an address in the program's network with a full backlog: the program's attempts to
    /// connect have no answer. Nothing is accepted.
    ///
    /// # Errors
    /// Those of [`listen_at`](Self::listen_at), and of connect(2).
    pub fn listen_without_answer(&mut self, address: SocketAddr) -> io::Result<()> {
        let family = if address.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 };
        let listener = Listener::new(self.one_socket(family)?, address, Buffers::Usual)?;
        let sockets = [self.one_socket(family)?, self.one_socket(family)?];
        listener.fill_backlog(&sockets)?;
        self.full_listeners.push((listener, sockets));
        Ok(())
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
            new.iter().for_each(|client| client.record_in(recorder, recorder.now()));
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

    /// The process and the descriptor of a UDP socket of the program that is connected to `port`;
    /// `None` if there is none.
    ///
    /// # Errors
    /// [`Unobservable`] if the kernel hides descriptors from this user.
    pub fn connected_by_udp(&self, port: u16) -> Result<Option<(Process, i32)>, Unobservable> {
        let end = format!(":{port:04X}");
        let mut inodes = self.inodes_of_rows("udp", 9, |row| has_peer(row, &end));
        inodes.extend(self.inodes_of_rows("udp6", 9, |row| has_peer(row, &end)));
        let is_it = |target: &Target| matches!(target, Target::Socket(it) if inodes.contains(it));
        for process in self.processes()? {
            if let Some(it) = process.descriptors()?.iter().find(|it| is_it(&it.target)) {
                return Ok(Some((process, it.fd)));
            }
        }
        Ok(None)
    }

    /// The shortest time-out of the calls in which the program's threads wait for descriptors; `None`
    /// if no such call has one. The program should be idle during this call.
    ///
    /// # Errors
    /// [`Unobservable`] if the kernel hides the threads from this user.
    pub fn timeout_of_sleep(&self) -> Result<Option<Duration>, Unobservable> {
        let mut shortest = None;
        for process in self.processes()? {
            let calls = self.threads_of(process)?.into_iter().filter_map(|thread| thread.call);
            let timeouts = calls.filter_map(|call| timeout_for_descriptors(&call, process));
            shortest = shortest.into_iter().chain(timeouts).min();
        }
        Ok(shortest)
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

    /// The inodes in a column of one of the kernel's tables of sockets in the server's network. Empty
    /// if the file cannot be read.
    pub(super) fn inodes_in(&self, table: &str, column: usize) -> Vec<u64> {
        self.inodes_of_rows(table, column, |_| true)
    }

    /// Like [`inodes_in`](Self::inodes_in), of the rows for which `is_wanted` holds.
    pub(super) fn inodes_of_rows(
        &self,
        table: &str,
        column: usize,
        is_wanted: impl Fn(&str) -> bool,
    ) -> Vec<u64> {
        let path = format!("/proc/{}/net/{table}", self.process().pid);
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let inode = |row: &str| row.split_whitespace().nth(column)?.parse().ok();
        text.lines().skip(1).filter(|row| is_wanted(row)).filter_map(inode).collect()
    }
}

/// Whether a row of /proc/net/udp has a peer whose address and port end with `end`
/// (proc_pid_net(5)).
fn has_peer(row: &str, end: &str) -> bool {
    row.split_whitespace().nth(2).is_some_and(|peer| peer.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_the_port_of_its_peer() {
        let row = " 1: 0100007F:9C40 0100007F:0DA2 01 00000000:00000000 00:00000000 00000000 0 0 7";
        assert!(has_peer(row, ":0DA2"));
        assert!(!has_peer(row, ":9C40"));
    }
}
