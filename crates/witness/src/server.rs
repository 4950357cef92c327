//! A program under observation.

use crate::client::{Client, Left};
use crate::control::{BATCH, Control, Message};
use crate::gate::Gatekeeper;
use crate::launch::LaunchError;
use crate::log::{Line, Log};
use crate::process::{Descriptor, Process, Target, Thread};
use crate::sockets::{Socket, SocketTable, State};
use crate::strobe::Strobe;
use crate::syscalls::{Call, Sleep};
use crate::tier::Tier;
use crate::watched::{self, Watched};
use nix::errno::Errno;
use nix::sys::wait::waitpid;
use nix::unistd::Pid;
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
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
}

/// How a program ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exit {
    /// With an exit status.
    Status(i32),
    /// By a signal, named like `SIGSEGV`.
    Signal(String),
    /// Before it began: execve(2) refused it.
    NotExecuted(i32),
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Exit::Status(status) => write!(f, "ended with exit status {status}"),
            Exit::Signal(name) => write!(f, "was killed by {name}"),
            Exit::NotExecuted(errno) => {
                write!(f, "could not be executed: {}", io::Error::from_raw_os_error(*errno))
            }
        }
    }
}

/// Why a fact will not come true.
#[derive(Debug, thiserror::Error)]
pub enum Stuck {
    /// Every thread is asleep until an event, and no event is left on its way.
    #[error("the server is asleep in {}, and nothing is left for it to do", names(.calls))]
    Quiet {
        /// The call that each thread sleeps in.
        calls: Vec<Call>,
    },
    /// It goes round and round, and nothing comes of it.
    #[error("the server never sleeps: {0}, over and over")]
    Spinning(Strobe),
    /// It has ended.
    #[error("the server {0}")]
    Ended(Exit),
    /// It was still busy, or still about to go on by itself, when the time was up.
    #[error("after {} s the server was still {doing}", .after.as_secs_f64())]
    TimedOut {
        /// How long it was given.
        after: Duration,
        /// What it was doing instead.
        doing: String,
    },
    /// The machine hides what would have to be seen.
    #[error(transparent)]
    Unseen(#[from] Unseen),
}

/// Something that the kernel keeps from this observer.
#[derive(Debug, thiserror::Error)]
#[error("{what} cannot be seen here: {error}")]
pub struct Unseen {
    /// The file or facility.
    pub what: String,
    /// What the kernel said.
    pub error: io::Error,
}

impl Unseen {
    pub(crate) fn new(what: String, error: io::Error) -> Self {
        Self { what, error }
    }
}

enum Rest {
    /// Something runs, or is on its way.
    Awake,
    /// Asleep, and will go on by itself.
    Dozing,
    /// Asleep until an event, and none is on its way.
    Quiet(Vec<Call>),
}

const ERRORS_KEPT: usize = 1 << 16;
/// A server that has used this much processor time and shown nothing is looked at more closely.
const CPU_ALLOWANCE: Duration = Duration::from_millis(20);

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
        let netlink = self.request_sockets(family, libc::SOCK_RAW, protocol, 1)?.pop();
        self.table = netlink.map(SocketTable::new);
        Ok(())
    }

    // ---- waiting ----

    /// Waits until `fact` gives a value.
    ///
    /// A fact is looked at when something may have changed, and given up only when it cannot come
    /// true any more: when the server has ended, is asleep with nothing left for it in the kernel,
    /// or spins. No fixed time is ever waited.
    ///
    /// # Errors
    /// [`Stuck`] says why it will not come true.
    pub fn until<T>(
        &mut self,
        mut fact: impl FnMut(&mut Server) -> Result<Option<T>, Unseen>,
    ) -> Result<T, Stuck> {
        let deadline = Instant::now() + self.timeout;
        let mut pause = Duration::from_micros(30);
        let mut dozing = Dozing::default();
        let mut cpu = CpuWatch::default();
        loop {
            let news = self.pump()?;
            if let Some(value) = fact(self)? {
                return Ok(value);
            }
            if let Some(stuck) = self.stuck(&mut dozing, &mut cpu, deadline)? {
                // What happened up to now is on its way to us: take it in, and look once more.
                self.log.catch_up(Duration::from_secs(1));
                self.pump()?;
                return fact(self)?.ok_or(stuck);
            }
            pause = if news {
                Duration::from_micros(30)
            } else {
                (pause * 2).min(Duration::from_millis(1))
            };
            self.wait(pause);
        }
    }

    /// Waits until the server is asleep with nothing left for it to do, and says in which calls.
    ///
    /// # Errors
    /// [`Stuck`], for every other way in which its activity ends.
    pub fn until_quiet(&mut self) -> Result<Vec<Call>, Stuck> {
        match self.until(|_| Ok(None::<()>)) {
            Err(Stuck::Quiet { calls }) => Ok(calls),
            Err(stuck) => Err(stuck),
            Ok(()) => unreachable!("the fact never holds"),
        }
    }

    /// Waits until the server is asleep and all that was sent to it has been delivered. One that
    /// wakes by the clock as well may go on by itself; `until_quiet` waits for that too.
    ///
    /// # Errors
    /// [`Stuck`], for every other way in which its activity ends.
    pub fn until_resting(&mut self) -> Result<Vec<Call>, Stuck> {
        match self.until(Server::resting) {
            Err(Stuck::Quiet { calls }) => Ok(calls),
            resting => resting,
        }
    }

    fn resting(&mut self) -> Result<Option<Vec<Call>>, Unseen> {
        let threads = self.all_threads()?;
        let asleep = || threads.iter().filter_map(|(_, thread)| thread.call).collect();
        Ok(match self.rest(&threads)? {
            Rest::Awake => None,
            Rest::Dozing | Rest::Quiet(_) => Some(asleep()),
        })
    }

    /// Waits until the program, or a process that it has started, listens on `port`.
    /// Nobody connects to find out.
    ///
    /// # Errors
    /// [`Stuck`] when it never will.
    pub fn until_listening(&mut self, port: u16) -> Result<(), Stuck> {
        let (address, process) = self.until(|now| match now.exit {
            Some(_) => Ok(None),
            None => now.find_listener(port),
        })?;
        self.address = Some(address);
        self.listener = Some(process);
        Ok(())
    }

    fn stuck(
        &mut self,
        dozing: &mut Dozing,
        cpu: &mut CpuWatch,
        deadline: Instant,
    ) -> Result<Option<Stuck>, Stuck> {
        if let Some(exit) = &self.exit {
            return Ok(Some(Stuck::Ended(exit.clone())));
        }
        let threads = self.all_threads()?;
        match self.rest(&threads)? {
            Rest::Quiet(calls) => return Ok(Some(Stuck::Quiet { calls })),
            Rest::Dozing if dozing.is_idle(&threads) => {
                let calls = threads.iter().filter_map(|(_, thread)| thread.call).collect();
                return Ok(Some(Stuck::Quiet { calls }));
            }
            Rest::Dozing => {}
            Rest::Awake => {
                if let Some((process, thread)) = cpu.suspect(&threads) {
                    let strobe = Strobe::of(process, &thread);
                    if strobe.is_spinning() {
                        return Ok(Some(Stuck::Spinning(strobe)));
                    }
                }
            }
        }
        let late = Instant::now() >= deadline;
        Ok(late.then(|| Stuck::TimedOut { after: self.timeout, doing: doing(&threads) }))
    }

    /// Whether the server is asleep, with all that was sent to it delivered.
    ///
    /// Delivery wakes the threads that wait for it at once. So threads that slept before, during and
    /// after the moment at which everything had been delivered will not be woken by any of it.
    fn rest(&mut self, before: &[(Process, Thread)]) -> Result<Rest, Unseen> {
        let asleep = |(_, thread): &(Process, Thread)| thread.zombie || thread.call.is_some();
        if !before.iter().all(asleep) || !self.all_delivered()? || self.all_threads()? != before {
            return Ok(Rest::Awake);
        }
        let mut calls = Vec::new();
        for (process, thread) in before {
            let Some(call) = thread.call else { continue };
            match call.sleep(*process) {
                Sleep::UntilEvent => calls.push(call),
                Sleep::AtMost(_) => return Ok(Rest::Dozing),
                Sleep::Brief => return Ok(Rest::Awake),
            }
        }
        // With every thread gone, its end is about to be announced.
        Ok(if calls.is_empty() { Rest::Awake } else { Rest::Quiet(calls) })
    }

    fn all_delivered(&mut self) -> Result<bool, Unseen> {
        if self.gate.as_ref().is_some_and(|gate| is_readable(gate.as_raw_fd())) {
            return Ok(false);
        }
        let Some(table) = &self.table else { return Ok(true) };
        let mut kept = Vec::with_capacity(self.clients.len());
        let mut all = true;
        for client in self.clients.drain(..) {
            let socket = table.connection(client.server(), client.address()).map_err(netlink)?;
            all &= is_delivered(&client, socket.as_ref());
            // Nothing more can come of a client that has left and that the server has let go.
            if client.left().is_none() || socket.is_some_and(|socket| socket.inode != 0) || !all {
                kept.push(client);
            }
        }
        self.clients = kept;
        Ok(all)
    }

    /// Takes in what the kernel has for us; whether there was anything.
    fn pump(&mut self) -> Result<bool, Unseen> {
        let mut news = self.log.read();
        news |= self.read_stderr();
        while let Some(gate) = &mut self.gate
            && is_readable(gate.as_raw_fd())
        {
            gate.answer()?;
            news = true;
        }
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

    fn note(&mut self, message: Message) {
        match message {
            Message::Exited { status } => {
                self.exit.get_or_insert(exit_of(status));
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

    /// Sleeps until something that we can wait for happens, `pause` at the most.
    fn wait(&self, pause: Duration) {
        let gate = self.gate.as_ref().map(AsRawFd::as_raw_fd);
        let own = [self.log.as_raw_fd(), self.control.as_raw_fd()];
        let clients = self.clients.iter().rev().take(16).filter_map(Client::raw);
        let ready = |fd| libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
        let mut watched: Vec<_> = own.into_iter().chain(gate).chain(clients).map(ready).collect();
        let pause = libc::timespec { tv_sec: 0, tv_nsec: pause.as_nanos() as i64 };
        // SAFETY: the array and the time are locals.
        unsafe {
            libc::ppoll(watched.as_mut_ptr(), watched.len() as u64, &pause, std::ptr::null());
        }
    }

    // ---- acting ----

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
        let client = Client::connect(socket, address, self.timeout)?;
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

    /// Sends the program a signal, by its number.
    pub fn signal(&self, signal: i32) {
        if self.exit.is_none() {
            // SAFETY: the program is our own child's child, and has not been reaped.
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

    // ---- seeing ----

    /// The lines of its standard output so far.
    pub fn log(&self) -> &[Line] {
        self.log.lines()
    }

    /// Its standard error so far, the first 64 KiB of it.
    pub fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.errors).into_owned()
    }

    /// How it is kept apart.
    pub fn tier(&self) -> Tier {
        self.tier
    }

    /// How it ended, if it has.
    pub fn exit(&self) -> Option<&Exit> {
        self.exit.as_ref()
    }

    /// The process that listens, once one does; the program itself until then.
    pub fn process(&self) -> Process {
        self.listener.unwrap_or(self.program)
    }

    /// Every process in its box: the program and all that it has started and that has not been reaped.
    ///
    /// # Errors
    /// [`Unseen`] where the kernel hides them.
    pub fn processes(&self) -> Result<Vec<Process>, Unseen> {
        let mut found = Process { pid: self.init }.children()?;
        let mut next = 0;
        while let Some(process) = found.get(next).copied() {
            found.extend(process.children()?);
            next += 1;
        }
        Ok(found)
    }

    /// The calls that its threads sleep in, now; running threads are left out.
    ///
    /// # Errors
    /// [`Unseen`] where the kernel hides them.
    pub fn calls(&self) -> Result<Vec<&'static str>, Unseen> {
        let threads = self.all_threads()?;
        Ok(threads.iter().filter_map(|(_, thread)| Some(thread.call?.name())).collect())
    }

    /// The server's end of `client`'s connection; `None` when it has none any more.
    ///
    /// # Errors
    /// [`Unseen`] where the kernel does not answer.
    pub fn connection(&self, client: &Client) -> Result<Option<Socket>, Unseen> {
        let Some(table) = &self.table else { return Ok(None) };
        let socket = table.connection(client.server(), client.address()).map_err(netlink)?;
        if let Some(socket) = socket {
            client.seen_as(socket.inode);
        }
        Ok(socket)
    }

    /// The descriptor that the kernel connects to `client`; `None` while it has none.
    ///
    /// # Errors
    /// [`Unseen`] where the kernel hides descriptors.
    pub fn descriptor_of(&self, client: &Client) -> Result<Option<i32>, Unseen> {
        self.connection(client)?;
        let Some(inode) = client.inode() else { return Ok(None) };
        let mut descriptors = self.process().descriptors()?.into_iter();
        Ok(descriptors
            .find(|descriptor| descriptor.target == Target::Socket(inode))
            .map(|it| it.fd))
    }

    /// The descriptors of the process that listens.
    ///
    /// # Errors
    /// [`Unseen`] where the kernel hides them.
    pub fn descriptors(&self) -> Result<Vec<Descriptor>, Unseen> {
        self.process().descriptors()
    }

    /// The listener that clients reach, with the number of connections that wait to be accepted.
    ///
    /// # Errors
    /// [`Unseen`] where the kernel does not answer.
    pub fn listener(&self) -> Result<Option<Socket>, Unseen> {
        match (&self.table, self.address) {
            (Some(table), Some(address)) => table.listener(address).map_err(netlink),
            _ => Ok(None),
        }
    }

    /// Every socket in its network that listens.
    ///
    /// # Errors
    /// [`Unseen`] where the kernel does not answer.
    pub fn listeners(&self) -> Result<Vec<Socket>, Unseen> {
        self.table.as_ref().map_or(Ok(Vec::new()), |table| table.listeners().map_err(netlink))
    }

    /// Whether connections to `port` are held in TIME_WAIT in its network.
    ///
    /// # Errors
    /// [`Unseen`] where the kernel does not answer.
    pub fn is_in_time_wait(&self, port: u16) -> Result<bool, Unseen> {
        let Some(table) = &self.table else { return Ok(false) };
        let held = table.time_wait().map_err(netlink)?;
        Ok(held.iter().any(|socket| socket.local.port() == port))
    }

    /// What the process that listens has asked poll to watch; `None` while it is not asleep in poll.
    ///
    /// # Errors
    /// [`Unseen`] where its memory may not be read.
    pub fn watched(&self) -> Result<Option<Vec<Watched>>, Unseen> {
        let process = self.process();
        for thread in process.threads()? {
            let Some(call) = thread.call.filter(Call::is_poll) else { continue };
            let read = watched::read(process, &call);
            // It may have woken meanwhile, and be changing the array.
            if process.threads()?.contains(&thread) {
                return read.map(Some);
            }
        }
        Ok(None)
    }

    fn all_threads(&self) -> Result<Vec<(Process, Thread)>, Unseen> {
        let mut all = Vec::new();
        for process in self.processes()? {
            all.extend(process.threads()?.into_iter().map(|thread| (process, thread)));
        }
        Ok(all)
    }

    fn find_listener(&self, port: u16) -> Result<Option<(SocketAddr, Process)>, Unseen> {
        let Some(table) = &self.table else { return Ok(None) };
        for ip in [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()] {
            let address = SocketAddr::new(ip, port);
            let Some(socket) = table.listener(address).map_err(netlink)? else { continue };
            for process in self.processes()? {
                let descriptors = process.descriptors()?;
                if descriptors.iter().any(|it| it.target == Target::Socket(socket.inode)) {
                    return Ok(Some((address, process)));
                }
            }
        }
        Ok(None)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The end of the line is the end of the box; its first process is ours to reap.
        let _ =
            nix::sys::socket::shutdown(self.control.as_raw_fd(), nix::sys::socket::Shutdown::Both);
        while waitpid(Pid::from_raw(self.init), None) == Err(Errno::EINTR) {}
    }
}

/// Whether all that `client` has done so far has reached the server's socket.
fn is_delivered(client: &Client, socket: Option<&Socket>) -> bool {
    let Some(socket) = socket else { return true };
    match (socket.state, client.left()) {
        (State::SynReceived, _) => false,
        (State::TimeWait, _) => true,
        (_, Some(Left::Reset)) => false,
        (State::Established, Some(Left::Finished)) => false,
        _ => client.in_flight(socket.received) == 0 || client.held_up(),
    }
}

/// Servers that wake by the clock: idle once they have woken twice and gone back to sleep.
#[derive(Default)]
struct Dozing(Vec<(i32, u64)>);

impl Dozing {
    fn is_idle(&mut self, threads: &[(Process, Thread)]) -> bool {
        if self.0.is_empty() {
            self.0 = threads.iter().map(|(_, thread)| (thread.tid, thread.turns)).collect();
        }
        threads.iter().any(|(_, now)| self.0.contains(&(now.tid, now.turns.saturating_sub(2))))
    }
}

/// Processor time since the last close look.
#[derive(Default)]
struct CpuWatch {
    at: Option<Duration>,
    allowance: Duration,
}

impl CpuWatch {
    /// The thread to look at closely, where more time was used than is allowed.
    fn suspect(&mut self, threads: &[(Process, Thread)]) -> Option<(Process, Thread)> {
        let used: Duration = threads.iter().map(|(_, thread)| thread.cpu).sum();
        let since = *self.at.get_or_insert(used);
        if used.saturating_sub(since) < CPU_ALLOWANCE + self.allowance {
            return None;
        }
        // If it turns out to be at work, it may work twice as long before the next look.
        self.at = Some(used);
        self.allowance = self.allowance * 2 + CPU_ALLOWANCE;
        threads
            .iter()
            .filter(|(_, thread)| thread.call.is_none())
            .max_by_key(|(_, thread)| thread.cpu)
            .cloned()
    }
}

fn doing(threads: &[(Process, Thread)]) -> String {
    let running = threads.iter().any(|(_, thread)| thread.call.is_none() && !thread.zombie);
    let calls: Vec<_> = threads.iter().filter_map(|(_, thread)| thread.call).collect();
    if running { "running".to_owned() } else { format!("going in and out of {}", names(&calls)) }
}

fn names(calls: &[Call]) -> String {
    let mut names: Vec<_> = calls.iter().map(Call::name).collect();
    names.dedup();
    names.join(", ")
}

fn exit_of(status: i32) -> Exit {
    if libc::WIFEXITED(status) {
        return Exit::Status(libc::WEXITSTATUS(status));
    }
    let number = libc::WTERMSIG(status);
    let name = nix::sys::signal::Signal::try_from(number);
    Exit::Signal(name.map_or_else(|_| format!("signal {number}"), |signal| signal.to_string()))
}

fn is_readable(fd: RawFd) -> bool {
    let mut slot = libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
    // SAFETY: the slot is a local.
    unsafe { libc::poll(&mut slot, 1, 0) == 1 && slot.revents & libc::POLLIN != 0 }
}

fn netlink(error: io::Error) -> Unseen {
    Unseen::new("the kernel's socket table (sock_diag(7))".to_owned(), error)
}
