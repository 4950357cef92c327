//! A server under observation.

mod attribution;
mod busy_loops;
mod connecting;
mod delivery;
mod descriptors;
mod ending;
mod errno_probe;
mod events;
mod following;
mod helper_threads;
mod listeners;
mod nap_rounds;
mod observe;
mod pause;
mod ports;
mod restart;
mod rounds;
mod sleeps;
mod threads;
mod timers;
mod verdict;
mod wait_state;
mod waiting;

pub use following::Activity;

use crate::client::Client;
use crate::fault_injector::{FaultSupervisor, FaultTarget, StoppedCall};
use crate::input::InputStream;
use crate::listener::{FULL_BACKLOG, Listener};
use crate::log::Log;
use crate::recording::{Event, Recorder};
use crate::run_history::RunHistory;
use crate::sockets::SocketTable;
use crate::syscall_sample::{SyscallSample, Tracer};
use crate::wait_limits::WaitLimits;
use attribution::Attribution;
use descriptors::LoweredLimit;
use errno_probe::ErrnoProbe;
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sandbox::{CpuLoad, Exit, LaunchError, Message, Process, Sandbox, Unobservable};
use sleeps::Sleeps;
use std::cell::{Cell, RefCell};
use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;

/// A running server under observation. Dropping this value kills the program and all processes that
/// the program has started, and waits until they have ended.
#[derive(Debug)]
pub struct Server {
    sandbox: Sandbox,
    log: Log,
    stderr: OwnedFd,
    input: InputStream,
    /// The first bytes of standard error.
    errors: Vec<u8>,
    /// The number of bytes that the program has written to standard error.
    stderr_bytes: u64,
    limits: WaitLimits,
    program: Process,
    /// The user id of the program on this machine; `None` if it could not be read.
    user: Option<u32>,
    /// The process that listens; `None` before a process listens.
    listener: Option<Process>,
    /// The address that clients connect to; `None` before a process listens.
    address: Option<SocketAddr>,
    table: Option<SocketTable>,
    faults: Option<FaultSupervisor>,
    /// Sockets that were created in the server's network, for the next clients.
    sockets: Vec<OwnedFd>,
    /// The clients from which the server may still receive bytes, a FIN or a RST.
    clients: Vec<Client>,
    /// The number of clients that have connected so far.
    connected: usize,
    /// The listeners of the observer, which a client program connects to.
    own_listeners: Vec<Listener>,
    /// Listeners that do not answer, each with the connections that fill its backlog.
    full_listeners: Vec<(Listener, [OwnedFd; FULL_BACKLOG])>,
    /// The connections that the program has made to these listeners.
    accepted: Vec<Client>,
    exit: Option<Exit>,
    history: RunHistory,
    tracer: Tracer,
    /// How long the program has waited for a processor since its start.
    load: CpuLoad,
    /// The threads that were seen asleep, until a clock wakes them, in calls without descriptors.
    helpers: Vec<i32>,
    attribution: Attribution,
    sleeps: RefCell<Sleeps>,
    /// The descriptor that was found last for a client.
    last_found: Cell<i32>,
    /// The calls of a thread that naps, at the end of the last wait.
    naps: Option<SyscallSample>,
    /// The descriptor limit that a process had before the observer lowered the limit.
    lowered: Option<LoweredLimit>,
    /// The thread that is traced until one of its calls has failed.
    probe: Option<ErrnoProbe>,
    /// Where the run is recorded, if it is.
    recorder: Option<Recorder>,
}

impl Server {
    pub(crate) fn new(
        sandbox: Sandbox,
        log: Log,
        stderr: OwnedFd,
        input: InputStream,
        limits: WaitLimits,
        history: RunHistory,
    ) -> Self {
        Self {
            sandbox,
            log,
            stderr,
            input,
            errors: Vec::new(),
            stderr_bytes: 0,
            limits,
            program: Process { pid: 0 },
            user: None,
            listener: None,
            address: None,
            table: None,
            faults: None,
            sockets: Vec::new(),
            clients: Vec::new(),
            own_listeners: Vec::new(),
            full_listeners: Vec::new(),
            accepted: Vec::new(),
            exit: None,
            history,
            tracer: Tracer::default(),
            load: CpuLoad::default(),
            helpers: Vec::new(),
            attribution: Attribution::default(),
            sleeps: RefCell::default(),
            connected: 0,
            last_found: Cell::default(),
            naps: None,
            lowered: None,
            probe: None,
            recorder: None,
        }
    }

    pub(crate) fn next_message(&mut self) -> Result<Message, LaunchError> {
        let message = self.sandbox.receive(true)?;
        message.ok_or_else(|| LaunchError::Observer(io::ErrorKind::UnexpectedEof.into()))
    }

    pub(crate) fn check_launch(&self, message: &Message) -> Result<(), LaunchError> {
        self.sandbox.check_launch(message)
    }

    /// Begins to answer the system calls that are reported on `listener`.
    pub(crate) fn supervise(&mut self, listener: OwnedFd) {
        self.faults = Some(FaultSupervisor::new(listener));
    }

    /// Records this run. The program must not have been started.
    pub(crate) fn record(&mut self, recorder: Recorder) {
        self.recorder = Some(recorder);
    }

    /// Opens the kernel's table of the sockets in the sandbox's network.
    pub(crate) fn open_table(&mut self) -> io::Result<()> {
        let (family, protocol) = (libc::AF_NETLINK, libc::NETLINK_SOCK_DIAG);
        let netlink = match self.request_sockets(family, libc::SOCK_RAW, protocol, 1) {
            Ok(mut sockets) => sockets.pop(),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Err(error),
            Err(_) => None,
        };
        self.table = Some(SocketTable::new(netlink, self.sandbox.init()));
        Ok(())
    }

    /// Stores the process of the program, which is about to be executed.
    pub(crate) fn begin_program(&mut self, pid: i32) {
        self.program = Process { pid };
        // A program that ends at once may have ended before its user is read. Then the user of the
        // earlier run is kept.
        self.user = self.program.user().or(self.user);
        self.load = CpuLoad::now(&[]);
    }

    /// Makes the next call that the [`FaultInjector`](crate::FaultInjector) stops fail with
    /// `errno`. Does nothing if the server was launched without a fault injector.
    pub fn fail_next(&mut self, errno: Errno) {
        self.request_fault(errno, FaultTarget::Any);
    }

    /// As [`fail_next`](Self::fail_next), for the next of these calls with the name `call`, e.g. `poll`.
    pub fn fail_next_named(&mut self, call: &'static str, errno: Errno) {
        self.request_fault(errno, FaultTarget::Named(call));
    }

    /// As [`fail_next`](Self::fail_next), for the next of these calls whose first argument is the
    /// descriptor `fd`, e.g. a read(2) from it.
    pub fn fail_next_on(&mut self, fd: i32, errno: Errno) {
        self.request_fault(errno, FaultTarget::Descriptor(fd));
    }

    fn request_fault(&mut self, errno: Errno, target: FaultTarget) {
        if let Some(faults) = &mut self.faults {
            self.recorder.iter().for_each(|it| it.add(Event::FaultRequested(errno)));
            faults.fail_next(errno, target);
        }
    }

    /// The number of faults that were requested with [`fail_next`](Self::fail_next) and have not
    /// been used: no call has failed with them yet.
    pub fn faults_left(&self) -> usize {
        self.faults.as_ref().map_or(0, FaultSupervisor::faults_left)
    }

    /// The calls that the [`FaultInjector`](crate::FaultInjector) has answered since the program
    /// was started, in order. Each of them has continued or has failed. At most 65,536 calls are
    /// kept. Empty if the server was launched without a fault injector.
    pub fn stopped_calls(&self) -> &[StoppedCall] {
        self.faults.as_ref().map_or(&[], FaultSupervisor::answered)
    }

    /// Sends a signal to one process of the server, for example to a child (signal(7)), also if the
    /// program itself has ended. Does nothing if this process is not there any more.
    pub fn signal_process(&self, process: Process, signal: Signal) {
        if self.processes().is_ok_and(|there| there.contains(&process)) {
            self.kill(process, signal);
        }
    }

    /// Adds bytes to the program's standard input ([`Launch::input`](crate::Launch::input)). They are
    /// written during the next waits, as fast as the program reads. Does nothing if the input is
    /// empty or was ended.
    pub fn write_input(&mut self, bytes: &[u8]) {
        self.input.add(bytes);
        self.input.pump();
    }

    /// Ends the program's standard input after the bytes that were added. In a terminal, this is
    /// Ctrl-D.
    pub fn end_input(&mut self) {
        self.input.end();
        self.input.pump();
    }

    /// Sends a signal to the program (signal(7)). Does nothing if the observer knows that the
    /// program has ended.
    pub fn signal(&self, signal: Signal) {
        if self.exit.is_none() {
            self.kill(self.program, signal);
        }
    }

    fn kill(&self, process: Process, signal: Signal) {
        self.recorder.iter().for_each(|it| it.add(Event::Signalled { process, signal }));
        // The error is ignored, because a process that has ended in the meantime needs no signal.
        let _ = kill(Pid::from_raw(process.pid), signal);
    }
}

/// The error of a client that cannot connect because the sandbox gives it no socket.
fn unobservable(error: io::Error) -> io::Error {
    io::Error::other(Unobservable::new("how the server answers a client".to_owned(), error))
}

impl Drop for Server {
    fn drop(&mut self) {
        // If the server closed its connections first, its port would stay in TIME_WAIT. Therefore
        // the clients reset their connections first.
        self.end_probe();
        self.recorder.iter().for_each(|recorder| recorder.add(Event::Over));
        self.clients.iter().for_each(Client::reset);
        self.sandbox.hang_up();
        // The sandbox cannot end before the tracer has detached from its threads or has reaped them
        // (ptrace(2)).
        while !self.tracer.has_detached_all() && !self.sandbox.has_ended() {
            self.tracer.retry_detach();
            std::thread::yield_now();
        }
    }
}

#[cfg(test)]
mod tests;
