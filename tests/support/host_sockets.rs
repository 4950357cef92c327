//! Sockets of this machine that no submission may reach.

use std::fs::{self, Permissions};
use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::path::Path;

/// The port that the hostile programs try to reach.
const PORT: u16 = 47_001;
/// The folder with the sockets that the hostile programs try to reach.
const FOLDER: &str = "/tmp/hostile-host";

/// A server of each kind on this machine.
pub(crate) struct HostSockets {
    tcp: TcpListener,
    udp: UdpSocket,
    stream: UnixListener,
    datagram: UnixDatagram,
}

impl HostSockets {
    /// Opens the sockets. Every user of this machine may connect to them.
    pub(crate) fn open() -> Self {
        let _ = fs::remove_dir_all(FOLDER);
        fs::create_dir(FOLDER).unwrap();
        let [stream, datagram] = ["stream", "datagram"].map(|name| Path::new(FOLDER).join(name));
        let sockets = Self {
            tcp: TcpListener::bind((Ipv4Addr::LOCALHOST, PORT)).unwrap(),
            udp: UdpSocket::bind((Ipv4Addr::LOCALHOST, PORT)).unwrap(),
            stream: UnixListener::bind(&stream).unwrap(),
            datagram: UnixDatagram::bind(&datagram).unwrap(),
        };
        for path in [Path::new(FOLDER), &stream, &datagram] {
            fs::set_permissions(path, Permissions::from_mode(0o777)).unwrap();
        }
        sockets.tcp.set_nonblocking(true).unwrap();
        sockets.udp.set_nonblocking(true).unwrap();
        sockets.stream.set_nonblocking(true).unwrap();
        sockets.datagram.set_nonblocking(true).unwrap();
        sockets
    }

    /// The sockets that a program has reached, one line each.
    pub(crate) fn reached(&self) -> Vec<String> {
        let mut buffer = [0; 16];
        let answers = [
            ("TCP", self.tcp.accept().map(drop)),
            ("UDP", self.udp.recv(&mut buffer).map(drop)),
            ("a stream socket with a path", self.stream.accept().map(drop)),
            ("a datagram socket with a path", self.datagram.recv(&mut buffer).map(drop)),
        ];
        let is_idle = |result: &std::io::Result<()>| {
            result.as_ref().is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
        };
        let reached = answers.into_iter().filter(|(_, result)| !is_idle(result));
        reached.map(|(name, _)| format!("a program has reached {name} of this machine")).collect()
    }
}

impl Drop for HostSockets {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(FOLDER);
    }
}
