//! A program under observation.

mod again;
mod pump;
mod stopped;
mod view;
mod vigil;
mod waiting;

use crate::client::Client;
use crate::exit::Exit;
use crate::gate::Gatekeeper;
use crate::log::Log;
use crate::process::Process;
use crate::repute::Repute;
use crate::sandbox::control::{BATCH, Control, Message};
use crate::sandbox::error::LaunchError;
use crate::sandbox::quarters::Quarters;
use crate::sandbox::tier::Tier;
use crate::sockets::SocketTable;
use crate::strobe::Tracer;
use nix::errno::Errno;
use nix::sys::socket::{setsockopt, sockopt};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

/// A running program, and what the observer keeps of it. Dropping it ends the program and
/// everything that the program has started, and returns when they are gone.
#[derive(Debug)]
pub struct Server {
    init: i32,
    control: Control,
    log: Log,
    stderr: OwnedFd,
    errors: Vec<u8>,
    /// Bytes of its standard error, of which `errors` are the first.
    complained: u64,
    tier: Tier,
    timeout: Duration,
    program: Process,
    listener: Option<Process>,
    address: Option<SocketAddr>,
    table: Option<SocketTable>,
    gate: Option<Gatekeeper>,
    sockets: Vec<OwnedFd>,
    clients: Vec<Client>,
    exit: Option<Exit>,
    repute: Repute,
    tracer: Tracer,
    /// Given back after the box is gone.
    quarters: Quarters,
}

impl Server {
    pub(crate) fn new(
        init: i32,
        control: Control,
        log: Log,
        stderr: OwnedFd,
        tier: Tier,
        timeout: Duration,
        repute: Repute,
    ) -> Self {
        Self {
            init,
            control,
            log,
            stderr,
            errors: Vec::new(),
            complained: 0,
            tier,
            timeout,
            program: Process { pid: 0 },
            listener: None,
            address: None,
            table: None,
            gate: None,
            sockets: Vec::new(),
            clients: Vec::new(),
            exit: None,
            repute,
            tracer: Tracer::default(),
            quarters: Quarters::default(),
        }
    }

    pub(crate) fn next_message(&mut self) -> Result<Message, LaunchError> {
        let message = self.control.receive(true)?;
        message.ok_or_else(|| LaunchError::Observer(io::ErrorKind::UnexpectedEof.into()))
    }

    /// What the box gives back when it has ended.
    pub(crate) fn lives_in(&mut self, quarters: Quarters) {
        self.quarters = quarters;
    }

    pub(crate) fn keep_gate(&mut self, listener: OwnedFd) {
        self.gate = Some(Gatekeeper::new(listener));
    }

    pub(crate) fn started(&mut self, pid: i32) -> io::Result<()> {
        self.program = Process { pid };
        let (family, protocol) = (libc::AF_NETLINK, libc::NETLINK_SOCK_DIAG);
        let netlink = match self.request_sockets(family, libc::SOCK_RAW, protocol, 1) {
            Ok(mut sockets) => sockets.pop(),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Err(error),
            Err(_) => None,
        };
        self.table = Some(SocketTable::new(netlink, Process { pid: self.init }));
        Ok(())
    }

    /// Connects a client to the port that the server listens on.
    ///
    /// # Errors
    /// NotConnected before [`until_listening`](Self::until_listening); what connect(2) says, or
    /// TimedOut when the server's queue of connections stays full.
    pub fn connect(&mut self) -> io::Result<Client> {
        self.connect_after(|_| Ok(()))
    }

    /// The same for a client whose segments are as short as an Ethernet's. A server that writes to
    /// one on the loopback interface is otherwise given a send buffer of some MiB, for its segments
    /// are of 64 KiB each (tcp_sndbuf_expand() in net/ipv4/tcp_input.c).
    ///
    /// # Errors
    /// As for [`connect`](Self::connect).
    pub fn connect_over_ethernet(&mut self) -> io::Result<Client> {
        self.connect_after(|socket| Ok(setsockopt(socket, sockopt::TcpMaxSeg, &1460)?))
    }

    fn connect_after(
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
        let deadline = Instant::now() + self.timeout;
        let client = Client::connect(socket, address, || {
            if Instant::now() >= deadline {
                return Err(io::ErrorKind::TimedOut.into());
            }
            // A server that is held up at the gate would not empty its queue.
            self.pump().map(drop).map_err(io::Error::other)
        })?;
        self.clients.push(client.clone());
        Ok(client)
    }

    /// Lets the next call that stops at the gate fail with `errno`.
    pub fn fail_next(&mut self, errno: i32) {
        if let Some(gate) = &mut self.gate {
            gate.fail_next(Errno::from_raw(errno));
        }
    }

    /// Faults that were ordered with [`fail_next`](Self::fail_next) and that no call has met yet.
    pub fn faults_left(&self) -> usize {
        self.gate.as_ref().map_or(0, Gatekeeper::faults_left)
    }

    /// Sends the program a signal, by its number (signal(7)); none once it is known to have ended.
    pub fn signal(&self, signal: i32) {
        self.kill(self.program, signal);
    }

    fn kill(&self, process: Process, signal: i32) {
        if self.exit.is_none() {
            // SAFETY: takes two numbers.
            unsafe { libc::kill(process.pid, signal) };
        }
    }

    fn request_sockets(
        &mut self,
        family: i32,
        kind: i32,
        protocol: i32,
        count: usize,
    ) -> io::Result<Vec<OwnedFd>> {
        self.control.ask_for_sockets(family, kind, protocol, count)?;
        loop {
            match self.control.receive(true).map_err(|error| self.explained(error))? {
                Some(Message::Sockets(sockets, errno)) if sockets.is_empty() => {
                    return Err(errno.into());
                }
                Some(Message::Sockets(sockets, _)) => return Ok(sockets),
                Some(message) => self.note(message),
                None => {}
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A server that ends first would keep its port in TIME_WAIT; a reset leaves nothing.
        self.clients.iter().for_each(Client::reset);
        // The end of the line is the end of the box; its first process is ours to reap.
        self.control.hang_up();
        let init = Pid::from_raw(self.init);
        // A box does not end before its traced threads were reaped (ptrace(2)).
        while !self.tracer.is_done()
            && waitpid(init, Some(WaitPidFlag::WNOHANG)) == Ok(WaitStatus::StillAlive)
        {
            self.tracer.tidy();
            std::thread::yield_now();
        }
        while waitpid(init, None) == Err(Errno::EINTR) {}
    }
}

#[cfg(test)]
mod tests;
