//! A program under observation.

mod view;
mod vigil;
mod waiting;

use crate::client::Client;
use crate::control::{BATCH, Control, Message};
use crate::gate::Gatekeeper;
use crate::launch::LaunchError;
use crate::log::Log;
use crate::process::Process;
use crate::sockets::SocketTable;
use crate::strobe::Tracer;
use crate::stuck::{Exit, Unseen};
use crate::tier::Tier;
use nix::errno::Errno;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, OwnedFd};
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
    /// Whether it was ever seen going round and round.
    has_spun: bool,
    tracer: Tracer,
}

/// What is kept of its standard error.
const ERRORS_KEPT: usize = 1 << 16;
/// A program that goes on and on is not listened to more often than this before others are.
const AT_ONCE: usize = 64;

impl Server {
    pub(crate) fn new(
        init: i32,
        control: Control,
        log: Log,
        stderr: OwnedFd,
        tier: Tier,
        timeout: Duration,
    ) -> Self {
        Self {
            init,
            control,
            log,
            stderr,
            errors: Vec::new(),
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
            has_spun: false,
            tracer: Tracer::default(),
        }
    }

    pub(crate) fn next_message(&mut self) -> Result<Message, LaunchError> {
        let message = self.control.receive(true)?;
        message.ok_or_else(|| LaunchError::Observer(io::ErrorKind::UnexpectedEof.into()))
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

    /// Takes in what the kernel has for us; whether there was anything.
    fn pump(&mut self) -> Result<bool, Unseen> {
        let mut news = self.log.read();
        news |= self.read_stderr();
        news |= self.answer_gate()?;
        self.tracer.tidy();
        while self.exit.is_none() {
            match self.control.receive(false) {
                Ok(None) => break,
                Ok(Some(message)) => self.note(message),
                // The box's first process is gone, and with it everything else.
                Err(_) => self.exit = Some(Exit::Signal("SIGKILL".to_owned())),
            }
            news = true;
        }
        Ok(news)
    }

    /// Lets the calls at the gate go on, or fail as was ordered.
    fn answer_gate(&mut self) -> Result<bool, Unseen> {
        let Some(gate) = &mut self.gate else { return Ok(false) };
        for answered in 0..AT_ONCE {
            if !gate.is_asked() {
                return Ok(answered > 0);
            }
            gate.answer()?;
        }
        Ok(true)
    }

    fn note(&mut self, message: Message) {
        match message {
            Message::Exited { status } => {
                self.exit.get_or_insert(Exit::of(status));
            }
            Message::ExecFailed { errno } => self.exit = Some(Exit::NotExecuted(errno)),
            Message::Sockets(sockets, _) => self.sockets.extend(sockets),
            _ => {}
        }
    }

    fn read_stderr(&mut self) -> bool {
        let mut buffer = [0; 1 << 13];
        match nix::unistd::read(&self.stderr, &mut buffer) {
            Ok(length) if length > 0 => {
                let room = ERRORS_KEPT.saturating_sub(self.errors.len()).min(length);
                self.errors.extend_from_slice(&buffer[..room]);
                true
            }
            _ => false,
        }
    }

    /// Takes in everything that the server has said up to now.
    fn catch_up(&mut self) -> Result<(), Unseen> {
        self.log.catch_up(Duration::from_secs(1));
        // All that a pipe holds (pipe(7)), and not what is written meanwhile, for ever.
        let mut pieces = 0..AT_ONCE;
        while pieces.next().is_some() && self.read_stderr() {}
        self.pump().map(drop)
    }

    /// Sleeps until something that we can wait for happens, `pause` at the most.
    fn wait_for_news(&self, pause: Duration) {
        let ready = |fd| libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
        let gate = self.gate.as_ref().map(AsRawFd::as_raw_fd);
        let own = [self.log.as_raw_fd(), self.control.as_raw_fd()];
        let mut watched: Vec<_> = own.into_iter().chain(gate).map(ready).collect();
        let talking = |client: &'_ Client| Some((client.clone(), client.to_watch()?));
        let clients: Vec<_> = self.clients.iter().rev().take(16).filter_map(talking).collect();
        let others = watched.len();
        watched.extend(clients.iter().map(|(_, fd)| ready(*fd)));
        let pause = libc::timespec { tv_sec: 0, tv_nsec: pause.subsec_nanos().into() };
        // SAFETY: the array and the time are locals.
        unsafe {
            libc::ppoll(watched.as_mut_ptr(), watched.len() as u64, &pause, std::ptr::null());
        }
        for (slot, (client, _)) in watched[others..].iter().zip(&clients) {
            if slot.revents != 0 {
                client.notice();
            }
        }
    }

    /// Connects a client to the port that the server listens on.
    ///
    /// # Errors
    /// NotConnected before [`until_listening`](Self::until_listening); what connect(2) says, or
    /// TimedOut when the server's queue of connections stays full.
    pub fn connect(&mut self) -> io::Result<Client> {
        let address = self.address.ok_or(io::ErrorKind::NotConnected)?;
        if self.sockets.is_empty() {
            let family = if address.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 };
            let sockets = self.request_sockets(family, libc::SOCK_STREAM, 0, BATCH)?;
            self.sockets.extend(sockets);
        }
        let socket = self.sockets.pop().ok_or(io::ErrorKind::NotConnected)?;
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

    /// Sends the program a signal, by its number (signal(7)); nothing once it is known to have ended.
    pub fn signal(&self, signal: i32) {
        if self.exit.is_none() {
            // SAFETY: takes two numbers.
            unsafe { libc::kill(self.program.pid, signal) };
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
            match self.control.receive(true)? {
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
        // The end of the line is the end of the box; its first process is ours to reap.
        let _ =
            nix::sys::socket::shutdown(self.control.as_raw_fd(), nix::sys::socket::Shutdown::Both);
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
