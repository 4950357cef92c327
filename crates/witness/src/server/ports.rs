//! Occupies ports in a server's network, as if another program were using them.

use super::Server;
use nix::sys::socket::{Backlog, SockaddrIn, SockaddrIn6, bind, listen, setsockopt, sockopt};
use nix::sys::stat::fstat;
use nix::unistd::{Uid, fchown};
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddrV4, SocketAddrV6};
use std::os::fd::{AsRawFd, OwnedFd};

impl Server {
    /// Listens on `port` on every address in the server's network, as if another program were using
    /// the port. Dropping the descriptor frees the port.
    ///
    /// # Errors
    /// The error of bind(2) or listen(2), usually EADDRINUSE.
    pub fn occupy_port(&mut self, port: u16) -> io::Result<OwnedFd> {
        self.listen_on(port, |socket| Ok(setsockopt(socket, sockopt::ReuseAddr, &true)?))
    }

    /// Listens on `port` as a second copy of the server would that sets SO_REUSEPORT: the socket
    /// has this option, and the same user as the server's own sockets. A server that sets
    /// SO_REUSEPORT can bind the same port meanwhile (socket(7)); any other server cannot. Dropping
    /// the descriptor frees the port.
    ///
    /// # Errors
    /// The error of fchown(2), if this process may not choose the socket's user; otherwise the
    /// error of bind(2) or listen(2), usually EADDRINUSE.
    pub fn occupy_port_shared(&mut self, port: u16) -> io::Result<OwnedFd> {
        let user = self.user.ok_or(io::ErrorKind::NotFound)?;
        self.listen_on(port, |socket| {
            // The kernel compares the users of the two sockets (inet_csk_bind_conflict() in
            // net/ipv4/inet_connection_sock.c). The sandbox's first process, which creates the
            // sockets of the observer, may have another user than the program.
            if fstat(socket)?.st_uid != user {
                fchown(socket, Some(Uid::from_raw(user)), None)?;
            }
            setsockopt(socket, sockopt::ReuseAddr, &true)?;
            Ok(setsockopt(socket, sockopt::ReusePort, &true)?)
        })
    }

    /// Listens on `port` on every address. `prepare` sets the options of the socket before it is
    /// bound. The option SO_REUSEADDR allows a port that has connections in TIME_WAIT. A port that
    /// has a listener is still refused (socket(7)).
    fn listen_on(
        &mut self,
        port: u16,
        prepare: impl Fn(&OwnedFd) -> io::Result<()>,
    ) -> io::Result<OwnedFd> {
        let holder = match self.one_socket(libc::AF_INET6) {
            Ok(v6) => {
                setsockopt(&v6, sockopt::Ipv6V6Only, &false)?;
                prepare(&v6)?;
                let any = SocketAddrV6::new(Ipv6Addr::UNSPECIFIED, port, 0, 0);
                bind(v6.as_raw_fd(), &SockaddrIn6::from(any))?;
                v6
            }
            // The kernel has no IPv6.
            Err(_) => {
                let v4 = self.one_socket(libc::AF_INET)?;
                prepare(&v4)?;
                let any = SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, port);
                bind(v4.as_raw_fd(), &SockaddrIn::from(any))?;
                v4
            }
        };
        listen(&holder, Backlog::new(1)?)?;
        Ok(holder)
    }
}
