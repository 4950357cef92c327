//! The sockets of a server's network.

use std::net::SocketAddr;
use witness::{Descriptor, Server, Socket, Target, Unobservable};

/// The sockets of a server's network at one moment.
#[derive(Default)]
pub(crate) struct Network {
    /// The listener that clients connect to.
    pub(super) listener: Option<Socket>,
    /// All listeners of the server.
    pub(super) listeners: Vec<Socket>,
    /// The sockets that belong to a connection.
    pub(super) sockets: Vec<Socket>,
    /// The inodes of the Unix sockets.
    pub(super) unix: Vec<u64>,
}

impl Network {
    /// Reads all sockets. What cannot be read is empty.
    pub(crate) fn read(server: &Server) -> Self {
        Self {
            listener: server.listener().ok().flatten(),
            listeners: server.listeners().unwrap_or_default(),
            sockets: server.sockets().unwrap_or_default(),
            unix: server.unix_sockets(),
        }
    }

    /// Reads the known sockets again, and those of the connections `ends`. This takes microseconds for
    /// each of them, where [`read`](Self::read) takes milliseconds. Returns whether anything has
    /// changed.
    ///
    /// # Errors
    /// [`Unobservable`] if the kernel's socket table cannot be read.
    pub(crate) fn update(
        &mut self,
        server: &Server,
        ends: impl IntoIterator<Item = (SocketAddr, SocketAddr)>,
    ) -> Result<bool, Unobservable> {
        let listener = server.listener()?;
        let mut all: Vec<_> =
            self.sockets.iter().map(|socket| (socket.local, socket.peer)).collect();
        all.extend(ends);
        all.sort_unstable();
        all.dedup();
        let sockets: Vec<_> = server.sockets_between(&all)?.into_iter().flatten().collect();
        let has_changed = listener != self.listener || sockets != self.sockets;
        (self.listener, self.sockets) = (listener, sockets);
        Ok(has_changed)
    }

    /// Whether clients can connect.
    pub(crate) fn has_listener(&self) -> bool {
        self.listener.is_some()
    }

    /// Whether a descriptor refers to a socket that is not known.
    pub(crate) fn lacks_any(&self, descriptors: &[Descriptor]) -> bool {
        let tcp = || self.listener.iter().chain(&self.listeners).chain(&self.sockets);
        let is_known = |inode| tcp().any(|it| it.inode == inode) || self.unix.contains(&inode);
        let mut targets = descriptors.iter().map(|descriptor| &descriptor.target);
        targets.any(|target| matches!(target, Target::Socket(inode) if !is_known(*inode)))
    }

    /// The socket of the server that belongs to the connection between these addresses, of which the
    /// first one is the server's.
    pub(crate) fn between(&self, ends: (SocketAddr, SocketAddr)) -> Option<&Socket> {
        self.sockets.iter().find(|socket| (socket.local, socket.peer) == ends)
    }
}
