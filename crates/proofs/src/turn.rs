//! Taking turns at a port, where programs share this machine's network.

use crate::Fault;
use std::io::{self, ErrorKind, Read};
use std::net::{Ipv4Addr, TcpListener};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use witness::Tier;

/// The right to use a port, until it is dropped.
///
/// It is a name in the abstract namespace (unix(7)): that has the same extent as the ports, leaves
/// no file behind, and is given back by the kernel however its holder ends.
pub(crate) struct Turn {
    _name: UnixListener,
}

impl Turn {
    /// Waits for the proofs that came before.
    ///
    /// # Errors
    /// Someone else's program holds the port.
    pub(crate) fn at(port: u16) -> Result<Self, Fault> {
        let name = claim(port).map_err(|error| Fault(format!("a turn at port {port}: {error}")))?;
        TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).map_err(|error| {
            let why = Tier::Strong.refusal().unwrap_or("another tier than strong was asked for");
            Fault(format!(
                "port {port} is not free: {error}. Programs share this machine's ports here \
                 ({why}); see who holds it with: ss -ltnp 'sport = :{port}'"
            ))
        })?;
        Ok(Self { _name: name })
    }
}

fn claim(port: u16) -> io::Result<UnixListener> {
    let name = SocketAddr::from_abstract_name(format!("sockproof-port-{port}"))?;
    loop {
        match UnixListener::bind_addr(&name) {
            Err(error) if error.kind() == ErrorKind::AddrInUse => {
                // Nobody accepts this connection: it ends when the one before us is done.
                if let Ok(mut before) = UnixStream::connect_addr(&name) {
                    let _ = before.read(&mut [0]);
                }
            }
            claimed => return claimed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn one_at_a_time() {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let first = Turn::at(port).unwrap();
        let second = thread::spawn(move || Turn::at(port).map(drop));
        assert!(!second.is_finished());
        drop(first);
        second.join().unwrap().unwrap();
    }

    #[test]
    fn a_port_that_is_held_is_named() {
        let holder = TcpListener::bind("0.0.0.0:0").unwrap();
        let port = holder.local_addr().unwrap().port();
        let refused = Turn::at(port).err().unwrap().to_string();
        assert!(refused.contains(&format!("port {port} is not free")), "{refused}");
    }
}
