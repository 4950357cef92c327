//! Records what happens while a server is observed: what its clients do, and every system call of the
//! program.
//!
//! A recording is for a person who wants to see a failure again. It slows the program down, so a
//! server is recorded only when somebody asks for it ([`Launch::recorded`](crate::Launch::recorded)).

mod call_record;
mod tracing;

use crate::server_close::ServerClose;
use nix::errno::Errno;
use nix::sys::signal::Signal;
use sandbox::Process;
use std::collections::HashSet;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

pub use call_record::CallRecord;

/// The maximum number of system calls that are recorded. After them, the program runs on without being
/// traced.
const MAX_CALLS: usize = 20_000;
/// The maximum number of bytes that are kept of all that the clients have sent and received.
const MAX_BYTES: usize = 16 << 20;

/// The events of a run, in the order in which the observer has seen them. Clones add to the same
/// recording.
#[derive(Clone, Debug)]
pub struct Recorder(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    begun: Instant,
    /// Whether the program's system calls are recorded.
    has_calls: bool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    events: Vec<Moment>,
    clients: Vec<RecordedClient>,
    calls: usize,
    /// The number of bytes in the events of the clients.
    bytes: usize,
    tracing: Vec<JoinHandle<()>>,
    /// The traced threads that a signal has stopped.
    stopped: HashSet<i32>,
}

/// A client of a recording. Its number is its place in [`Recorder::clients`].
#[derive(Clone, Debug)]
pub struct RecordedClient {
    /// The address of the client's end. Of a client under test, it is the address that it has
    /// connected from.
    pub address: SocketAddr,
    /// The inode of the program's socket; `None` if the observer has not looked for the socket.
    pub inode: Option<u64>,
    /// The name that the caller has given it ([`Client::name_in_recording`](crate::Client::name_in_recording)); empty without one.
    pub name: String,
}

/// An event, and when it was seen.
#[derive(Clone, Debug)]
pub struct Moment {
    /// The time since the recording began: of what a client does, the time before it was done; of a
    /// system call, the time when it returned.
    pub at: Duration,
    /// What has happened.
    pub event: Event,
}

/// What has happened.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// The program was executed, as this process.
    Started(Process),
    /// The caller has noted something ([`Recorder::note`]).
    Note(String),
    /// A client has done something, or has noticed something.
    Client {
        /// The number of the client.
        client: usize,
        /// What it was.
        act: ClientAct,
    },
    /// A thread of the program has made a system call.
    Call(CallRecord),
    /// A thread or a process of the program has begun.
    Began {
        /// The thread that has called fork(2) or clone(2).
        parent: i32,
        /// The new thread.
        tid: i32,
        /// Whether it is the first thread of a new process.
        is_process: bool,
    },
    /// A thread has ended.
    Ended {
        /// The thread.
        tid: i32,
        /// The status of its process as wait(2) reports it.
        status: i32,
    },
    /// A signal was delivered to a thread.
    Delivered {
        /// The thread.
        tid: i32,
        /// The number of the signal.
        signal: i32,
    },
    /// The observer has sent a signal to a process of the program.
    Signalled {
        /// The process.
        process: Process,
        /// The signal.
        signal: Signal,
    },
    /// The observer makes the next stopped call fail with this error
    /// ([`Server::fail_next`](crate::Server::fail_next)).
    FaultRequested(Errno),
    /// The observer is about to end the program, because the server was dropped.
    Over,
    /// The recording has as many calls as it may have. Later calls are missing.
    Full,
}

/// What a client has done or noticed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientAct {
    /// It has connected.
    Connected,
    /// The program under test has connected, and the observer has accepted.
    Accepted,
    /// It has sent these bytes.
    Sent(Vec<u8>),
    /// It has received these bytes.
    Received(Vec<u8>),
    /// It has shut down its sending side.
    HalfClosed,
    /// It has closed its connection.
    Closed,
    /// It has reset its connection.
    Reset,
    /// It has seen that the other side has ended the connection.
    SawEnd(ServerClose),
}

impl Default for Recorder {
    fn default() -> Self {
        Self::new()
    }
}

impl Recorder {
    /// A recording that begins now.
    pub fn new() -> Self {
        Self::with(true)
    }

    /// A recording that begins now, without the system calls of the program: another process can
    /// trace it, such as a debugger.
    pub fn without_calls() -> Self {
        Self::with(false)
    }

    fn with(has_calls: bool) -> Self {
        Self(Arc::new(Shared { begun: Instant::now(), has_calls, state: Mutex::default() }))
    }

    /// Adds a text of the caller.
    pub fn note(&self, text: impl Into<String>) {
        self.add(Event::Note(text.into()));
    }

    /// The number of events so far.
    pub fn len(&self) -> usize {
        self.state().events.len()
    }

    /// Whether nothing has been recorded.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The events from number `from` on.
    pub fn since(&self, from: usize) -> Vec<Moment> {
        self.state().events.get(from..).unwrap_or_default().to_vec()
    }

    /// The clients so far.
    pub fn clients(&self) -> Vec<RecordedClient> {
        self.state().clients.clone()
    }

    /// Waits until the last event of a server that was dropped is recorded.
    pub fn finish(&self) {
        let tracing = std::mem::take(&mut self.state().tracing);
        // A panic of a thread that traces only means that its last events are missing.
        tracing.into_iter().for_each(|thread| drop(thread.join()));
    }

    /// Traces the next program that the first process of a sandbox starts.
    ///
    /// # Errors
    /// The kernel refuses to trace this process (ptrace(2)).
    pub(crate) fn trace_next_program(&self, init: Process) -> io::Result<()> {
        if !self.0.has_calls {
            return Ok(());
        }
        let thread = tracing::begin(self.clone(), init.pid)?;
        self.state().tracing.push(thread);
        Ok(())
    }

    /// Adds that a program was executed, unless its trace does so.
    pub(crate) fn note_start(&self, program: Process) {
        if !self.0.has_calls {
            self.add(Event::Started(program));
        }
    }

    /// Begins to record a client, which has connected, or whose connection the observer has accepted.
    /// `begun` is the time before it connected ([`now`](Self::now)).
    pub(crate) fn add_client(
        &self,
        address: SocketAddr,
        is_accepted: bool,
        begun: Duration,
    ) -> ClientRecord {
        let mut state = self.state();
        state.clients.push(RecordedClient { address, inode: None, name: String::new() });
        let record = ClientRecord { recorder: self.clone(), client: state.clients.len() - 1 };
        drop(state);
        record.add(begun, if is_accepted { ClientAct::Accepted } else { ClientAct::Connected });
        record
    }

    /// The time since the recording began.
    pub(crate) fn now(&self) -> Duration {
        self.0.begun.elapsed()
    }

    pub(crate) fn add(&self, event: Event) {
        self.add_at(self.now(), event);
    }

    fn add_at(&self, at: Duration, event: Event) {
        let mut state = self.state();
        if matches!(event, Event::Call(_)) {
            state.calls += 1;
            match state.calls {
                ..MAX_CALLS => {}
                MAX_CALLS => state.events.push(Moment { at, event: Event::Full }),
                _ => return,
            }
        }
        state.events.push(Moment { at, event });
    }

    /// Whether a signal has stopped this thread, which is traced.
    pub(crate) fn is_stopped(&self, tid: i32) -> bool {
        self.state().stopped.contains(&tid)
    }

    fn set_stopped(&self, tid: i32, is_stopped: bool) {
        let stopped = &mut self.state().stopped;
        let _ = if is_stopped { stopped.insert(tid) } else { stopped.remove(&tid) };
    }

    pub(crate) fn is_full(&self) -> bool {
        !self.0.has_calls || self.state().calls >= MAX_CALLS
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a client needs to add its events.
#[derive(Clone, Debug)]
pub(crate) struct ClientRecord {
    recorder: Recorder,
    client: usize,
}

impl ClientRecord {
    /// The time since the recording began.
    pub(crate) fn now(&self) -> Duration {
        self.recorder.now()
    }

    /// Adds what the client began to do at the time `at`.
    pub(crate) fn add(&self, at: Duration, act: ClientAct) {
        self.recorder.add_at(at, Event::Client { client: self.client, act });
    }

    /// As [`add`](Self::add), with bytes. If too many were added before, only the first ones are kept.
    pub(crate) fn add_bytes(&self, at: Duration, bytes: &[u8], act: impl Fn(Vec<u8>) -> ClientAct) {
        let mut state = self.recorder.state();
        let kept = bytes.len().min(MAX_BYTES - state.bytes);
        state.bytes += kept;
        drop(state);
        self.add(at, act(bytes[..kept].to_vec()));
    }

    pub(crate) fn set_name(&self, name: &str) {
        self.recorder.state().clients[self.client].name = name.to_owned();
    }

    /// Stores the inode of the program's socket.
    pub(crate) fn set_inode(&self, inode: u64) {
        self.recorder.state().clients[self.client].inode = Some(inode);
    }
}
