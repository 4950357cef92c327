//! Starts the same program again in the same network, and occupies ports in this network.

use super::Server;
use nix::errno::Errno;
use nix::sys::socket::{Backlog, SockaddrIn, SockaddrIn6, bind, listen, setsockopt, sockopt};
use sandbox::Message;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddrV4, SocketAddrV6};
use std::os::fd::{AsRawFd, OwnedFd};

impl Server {
    /// Starts the program again after the program has ended, with the same command, environment,
    /// streams and network. The log keeps its lines, and the text of standard error is cleared. The
    /// caller must use [`wait_listening`](Self::wait_listening) to wait until the program listens
    /// again.
    ///
    /// # Errors
    /// `ResourceBusy` if the program is still running; otherwise the error of the connection to the
    /// sandbox.
    pub fn restart(&mut self) -> io::Result<()> {
        if self.exit.is_none() {
            return Err(io::ErrorKind::ResourceBusy.into());
        }
        self.catch_up().map_err(io::Error::other)?;
        (self.exit, self.listener, self.address) = (None, None, None);
        self.errors.clear();
        self.sandbox.request_restart()?;
        loop {
            match self.sandbox.receive(true)? {
                Some(Message::Started { pid }) => {
                    self.program.pid = pid;
                    return Ok(());
                }
                Some(Message::NotifyListener(listener)) => self.supervise(listener),
                Some(message) => self.handle(message),
                None => {}
            }
            if self.exit.is_some() {
                return Ok(()); // execve(2) refused the program; the next wait returns this exit
            }
        }
    }

    /// Listens on `port` on every address in the server's network, as if another program were using
    /// the port. Dropping the descriptor frees the port.
    ///
    /// # Errors
    /// The error of bind(2) or listen(2), usually EADDRINUSE.
    pub fn occupy_port(&mut self, port: u16) -> io::Result<OwnedFd> {
        let holder = match self.one_socket(libc::AF_INET6) {
            Ok(v6) => {
                setsockopt(&v6, sockopt::Ipv6V6Only, &false)?;
                reuse_address(&v6)?;
                let any = SocketAddrV6::new(Ipv6Addr::UNSPECIFIED, port, 0, 0);
                bind(v6.as_raw_fd(), &SockaddrIn6::from(any))?;
                v6
            }
            // The kernel has no IPv6.
            Err(_) => {
                let v4 = self.one_socket(libc::AF_INET)?;
                reuse_address(&v4)?;
                let any = SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, port);
                bind(v4.as_raw_fd(), &SockaddrIn::from(any))?;
                v4
            }
        };
        listen(&holder, Backlog::new(1)?)?;
        Ok(holder)
    }

    fn one_socket(&mut self, family: i32) -> io::Result<OwnedFd> {
        let mut sockets = self.request_sockets(family, libc::SOCK_STREAM, 0, 1)?;
        sockets.pop().ok_or(io::ErrorKind::NotFound.into())
    }
}

/// Allows the socket to be bound to a port that has connections in TIME_WAIT. A port that has a
/// listener is still refused (socket(7), SO_REUSEADDR).
fn reuse_address(socket: &OwnedFd) -> Result<(), Errno> {
    setsockopt(socket, sockopt::ReuseAddr, &true)
}
