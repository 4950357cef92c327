//! Connects clients to the server, with sockets of the server's own network.

use super::{Server, unobservable};
use crate::client::Client;
use crate::recording::Recorder;
use nix::sys::socket::{setsockopt, sockopt};
use sandbox::{BATCH, Message};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::OwnedFd;
use std::time::Instant;

/// The size of a small receive buffer, in bytes (socket(7), SO_RCVBUF). The kernel doubles it.
const SMALL_BUFFER: usize = 4096;

impl Server {
    /// Connects a client to the port that the server listens on.
    ///
    /// # Errors
    /// NotConnected if [`wait_listening`](Self::wait_listening) has not succeeded before; TimedOut
    /// if the server's backlog stays full; otherwise the error of connect(2).
    pub fn connect(&mut self) -> io::Result<Client> {
        self.connect_prepared(|_| Ok(()))
    }

    /// Connects a client whose segments are as short as on Ethernet. On the loopback interface,
    /// segments have up to 64 KiB. If a server writes to a client with such long segments, the
    /// kernel grows the server's send buffer to several MiB (tcp_sndbuf_expand() in
    /// net/ipv4/tcp_input.c).
    ///
    /// # Errors
    /// As for [`connect`](Self::connect).
    pub fn connect_over_ethernet(&mut self) -> io::Result<Client> {
        self.connect_prepared(|socket| Ok(setsockopt(socket, sockopt::TcpMaxSeg, &1460)?))
    }

    /// Connects a client with a small receive buffer and with segments as on Ethernet. The kernel
    /// stores less than 100 KiB of the bytes that a server writes to such a client, if the client
    /// does not read (tcp(7), tcp_rmem and tcp_wmem). For other clients it stores up to several
    /// MiB.
    ///
    /// # Errors
    /// As for [`connect`](Self::connect).
    pub fn connect_with_small_buffer(&mut self) -> io::Result<Client> {
        self.connect_prepared(|socket| {
            setsockopt(socket, sockopt::RcvBuf, &SMALL_BUFFER)?;
            Ok(setsockopt(socket, sockopt::TcpMaxSeg, &1460)?)
        })
    }

    /// Connects a client to the server's port at another address of the machine, e.g. 127.0.0.2.
    /// Each address of 127.0.0.0/8 belongs to the loopback interface.
    ///
    /// # Errors
    /// ConnectionRefused if the server does not listen at this address; otherwise as for
    /// [`connect`](Self::connect).
    pub fn connect_to(&mut self, ip: Ipv4Addr) -> io::Result<Client> {
        let address = self.address.ok_or(io::ErrorKind::NotConnected)?;
        let socket = self.one_socket(libc::AF_INET)?;
        self.connect_socket(socket, SocketAddr::new(ip.into(), address.port()))
    }

    /// The number of clients that have connected so far.
    pub fn connected_so_far(&self) -> usize {
        self.connected
    }

    fn connect_prepared(
        &mut self,
        prepare: impl FnOnce(&OwnedFd) -> io::Result<()>,
    ) -> io::Result<Client> {
        let address = self.address.ok_or(io::ErrorKind::NotConnected)?;
        if self.sockets.is_empty() {
            let family = if address.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 };
            let sockets = self.request_sockets(family, libc::SOCK_STREAM, 0, BATCH)?;
            self.sockets.extend(sockets);
        }
        let socket = self.sockets.pop().ok_or(io::ErrorKind::NotConnected)?;
        prepare(&socket)?;
        self.connect_socket(socket, address)
    }

    fn connect_socket(&mut self, socket: OwnedFd, address: SocketAddr) -> io::Result<Client> {
        let deadline = self.limits.deadline_of_wait(Instant::now());
        let begun = self.recorder.as_ref().map(Recorder::now).unwrap_or_default();
        let client = Client::connect(socket, address, || {
            if Instant::now() >= deadline {
                return Err(io::ErrorKind::TimedOut.into());
            }
            // Answer stopped calls. While an accept of the server waits for the fault injector's
            // answer, the server cannot accept the connections in its backlog.
            self.poll_events().map(drop).map_err(io::Error::other)
        })?;
        if let Some(recorder) = &self.recorder {
            client.record_in(recorder, begun);
        }
        self.clients.push(client.clone());
        self.connected += 1;
        Ok(client)
    }

    pub(super) fn one_socket(&mut self, family: i32) -> io::Result<OwnedFd> {
        let mut sockets = self.request_sockets(family, libc::SOCK_STREAM, 0, 1)?;
        sockets.pop().ok_or(io::ErrorKind::NotFound.into())
    }

    pub(super) fn request_sockets(
        &mut self,
        family: i32,
        kind: i32,
        protocol: i32,
        count: usize,
    ) -> io::Result<Vec<OwnedFd>> {
        self.sandbox.request_sockets(family, kind, protocol, count)?;
        loop {
            match self.sandbox.receive(true).map_err(|error| self.connection_error(error))? {
                // The sandbox could not make or send the sockets. This is no error of the server.
                Some(Message::Sockets(sockets, errno)) if sockets.is_empty() => {
                    return Err(unobservable(errno.into()));
                }
                Some(Message::Sockets(sockets, _)) => return Ok(sockets),
                Some(message) => self.handle(message),
                None => {}
            }
        }
    }
}
