//! A lock for a port. The lock is needed if servers share this machine's network.

use crate::check_error::HarnessError;
use std::cell::RefCell;
use std::io::{self, ErrorKind, Read};
use std::net::{Ipv4Addr, TcpListener};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use witness::IsolationLevel;

/// The right to start a server on a port. Dropping the lock releases the port.
///
/// The lock is a name in the abstract namespace of Unix sockets (unix(7)). This name is visible to
/// the same programs as the port, because both belong to a network namespace
/// (network_namespaces(7)). The name leaves no file behind. The kernel releases the name when the
/// process that has bound it ends, even by SIGKILL.
pub(crate) struct PortLock {
    port: u16,
    _name: UnixListener,
}

thread_local! {
    /// The ports whose lock this thread has. A thread that waited for its own lock would wait for
    /// ever.
    static OWN: RefCell<Vec<u16>> = const { RefCell::new(Vec::new()) };
}

impl PortLock {
    /// Waits until no other proof has the lock.
    ///
    /// # Errors
    /// Another program, which is not a proof, listens on the port, or this thread has the lock.
    pub(crate) fn acquire(port: u16) -> Result<Self, HarnessError> {
        if OWN.with_borrow(|own| own.contains(&port)) {
            let what = "the check starts a second server while its first one has the port";
            return Err(HarnessError(format!("port {port} is not free: {what}")));
        }
        let name = bind_name(port)
            .map_err(|error| HarnessError(format!("cannot lock port {port}: {error}")))?;
        TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).map_err(|error| {
            let why = IsolationLevel::Namespaces
                .refusal()
                .unwrap_or("another isolation level than namespaces was asked for");
            HarnessError(format!(
                "port {port} is not free: {error}. Here the server uses this machine's ports \
                 ({why}). To see which program has the port: ss -ltnp 'sport = :{port}'"
            ))
        })?;
        OWN.with_borrow_mut(|own| own.push(port));
        Ok(Self { port, _name: name })
    }
}

impl Drop for PortLock {
    fn drop(&mut self) {
        OWN.with_borrow_mut(|own| own.retain(|port| *port != self.port));
    }
}

fn bind_name(port: u16) -> io::Result<UnixListener> {
    let name = SocketAddr::from_abstract_name(format!("sockproof-port-{port}"))?;
    loop {
        match UnixListener::bind_addr(&name) {
            Err(error) if error.kind() == ErrorKind::AddrInUse => {
                // The holder never accepts this connection. The read ends when the holder
                // releases the lock.
                if let Ok(mut holder) = UnixStream::connect_addr(&name) {
                    let _ = holder.read(&mut [0]);
                }
            }
            bound => return bound,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn one_proof_at_a_time_has_the_lock() {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let first = PortLock::acquire(port).unwrap();
        let second = thread::spawn(move || PortLock::acquire(port).map(drop));
        assert!(!second.is_finished());
        drop(first);
        second.join().unwrap().unwrap();
    }

    #[test]
    fn the_error_names_a_port_that_is_in_use() {
        let holder = TcpListener::bind("0.0.0.0:0").unwrap();
        let port = holder.local_addr().unwrap().port();
        let refused = PortLock::acquire(port).err().unwrap().to_string();
        assert!(refused.contains(&format!("port {port} is not free")), "{refused}");
    }

    #[test]
    fn a_thread_does_not_wait_for_its_own_lock() {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let first = PortLock::acquire(port).unwrap();
        let second = PortLock::acquire(port).err().unwrap().to_string();
        assert!(second.contains("a second server"), "{second}");
        drop(first);
        PortLock::acquire(port).unwrap();
    }
}
