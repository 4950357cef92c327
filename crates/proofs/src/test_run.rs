//! A test run: one fresh server, its clients, and the steps so far.
//!
//! Every check connects its clients through a [`TestRun`], which records each action as a step.
//! When the check fails, the failure shows these steps.

mod accepting;
pub(crate) mod diagnosis;
mod ending;
mod failing;
mod last_words;
mod listening;
mod pausing;
mod places;

use crate::check_error::CheckError;
use crate::defaults::LessonDefaults;
use crate::log_event::LogEvent;
use crate::named_client::{NamedClient, client_name};
use crate::port_lock::PortLock;
use crate::program::ProgramUnderTest;
use crate::recording::Recording;
use last_words::LastWords;
use std::io;
use std::path::PathBuf;
use std::time::Duration;
use witness::{Client, Server, SyscallSample, Target, Unobservable, WaitError};

/// The maximum number of clients that connect before the server must accept these clients.
pub(crate) const MAX_BATCH: usize = 20;

/// What the check did, and how much the server had written before.
struct RecordedStep {
    text: String,
    /// The number of lines that the log had when the step began.
    log_start: usize,
    /// The number of bytes on standard error when the step began.
    stderr_start: usize,
}

/// One server and its clients.
pub(crate) struct TestRun {
    pub(crate) server: Server,
    pub(crate) port: u16,
    pub(crate) capacity: usize,
    pub(crate) clients: Vec<NamedClient>,
    steps: Vec<RecordedStep>,
    /// For each further set of settings: the text of the step in which the server is started with
    /// it.
    pub(crate) later_starts: Vec<String>,
    /// The folder that the program runs in.
    directory: PathBuf,
    /// The program's file. A name without a folder is in PATH.
    program: PathBuf,
    /// The maximum time that the check may take.
    timeout: Duration,
    /// Where the run is recorded, if it is.
    recording: Option<Recording>,
    lesson: LessonDefaults,
    /// Fields are dropped in the order of their declaration. Therefore the lock is released after
    /// the server has ended.
    _lock: Option<PortLock>,
}

impl TestRun {
    /// A test run of a server that was just started. `started` is the text of the first step.
    pub(crate) fn new(
        lesson: LessonDefaults,
        server: Server,
        (port, capacity): (u16, usize),
        started: String,
        lock: Option<PortLock>,
        program_under_test: &ProgramUnderTest,
    ) -> Self {
        let steps = vec![RecordedStep { text: started, log_start: 0, stderr_start: 0 }];
        let ProgramUnderTest { directory, timeout, command, .. } = program_under_test.clone();
        let program = directory.join(command.first().map_or("".as_ref(), |it| it.as_os_str()));
        Self {
            server,
            port,
            capacity,
            clients: Vec::new(),
            steps,
            later_starts: Vec::new(),
            directory,
            program,
            timeout,
            recording: program_under_test.recording.clone(),
            lesson,
            _lock: lock,
        }
    }

    /// Starts the program again, which has ended (see [`Server::restart`]). What the program has
    /// written to standard error before is forgotten.
    pub(crate) fn restart(&mut self) -> Result<(), CheckError> {
        self.server.restart().map_err(|error| {
            CheckError::Inconclusive(format!("the server could not be started again: {error}"))
        })?;
        self.steps.iter_mut().for_each(|step| step.stderr_start = 0);
        Ok(())
    }

    /// Starts the program again, which has ended, with the settings of this number, counted from 0
    /// at the first start. The steps so far are forgotten: a new run begins.
    pub(crate) fn restart_with(&mut self, settings: usize) -> Result<(), CheckError> {
        let again = |error| {
            CheckError::Inconclusive(format!("the server could not be started again: {error}"))
        };
        let _ = self.server.catch_up();
        if let Some(recording) = &self.recording {
            recording.before_step(&self.later_starts[settings - 1]);
        }
        self.server.restart_with(settings as u8).map_err(again)?;
        self.steps = vec![RecordedStep {
            text: self.later_starts[settings - 1].clone(),
            log_start: self.server.log().len(),
            stderr_start: 0,
        }];
        Ok(())
    }

    /// Records a new step. The text says what the check does next.
    pub(crate) fn step(&mut self, text: impl Into<String>) {
        // Read the lines that the server has already logged, because they belong to the earlier
        // steps. If these lines cannot be read now, the only effect is that the report shows them
        // one step late.
        let _ = self.server.catch_up();
        self.identify_clients();
        let text = text.into();
        if let Some(recording) = &self.recording {
            recording.before_step(&text);
        }
        self.steps.push(RecordedStep {
            text,
            log_start: self.server.log().len(),
            stderr_start: self.server.stderr_bytes().len(),
        });
    }

    /// The number of steps so far.
    pub(crate) fn step_count(&self) -> usize {
        self.steps.len()
    }

    /// Replaces the text of the last step, now that its outcome is known.
    pub(crate) fn rewrite_step(&mut self, text: impl Into<String>) {
        if let Some(last) = self.steps.last_mut() {
            last.text = text.into();
        }
    }

    /// Replaces step number `from` and all later steps by one step.
    pub(crate) fn merge_steps(&mut self, from: usize, text: impl Into<String>) {
        if from + 1 < self.steps.len() {
            self.steps.truncate(from + 1);
            self.rewrite_step(text);
        }
    }

    /// What the program is: `server` or `client`.
    pub(crate) fn noun(&self) -> &'static str {
        self.lesson.noun()
    }

    /// Why a wait has ended, as a sentence about the program.
    pub(crate) fn about(&self, wait_error: &WaitError) -> String {
        wait_error.to_string().replacen("the server", &format!("the {}", self.noun()), 1)
    }

    /// The lesson's id, e.g. `w03-l02`.
    pub(crate) fn lesson_id(&self) -> &'static str {
        self.lesson.id
    }

    /// The message of the panic or of the uncaught error with which the server has ended, if it has
    /// printed one.
    pub(crate) fn trace_message(&self) -> Option<String> {
        match LastWords::of(&self.server.stderr())? {
            LastWords::Trace { message, .. } => Some(message),
            LastWords::Line(_) => None,
        }
    }

    /// Whether the lesson's servers log every client that connects and every client that leaves.
    pub(crate) fn logs_clients(&self) -> bool {
        self.lesson.logs_clients
    }

    /// The index of the first log line that was written after the last step began.
    pub(crate) fn step_log_start(&self) -> usize {
        self.steps.last().map_or(0, |step| step.log_start)
    }

    /// The number of clients that can connect before the server accepts the first of these clients.
    /// The listener's backlog limits this number (listen(2)).
    pub(crate) fn batch_size(&self) -> Result<usize, CheckError> {
        let backlog = self.server.listener()?.map_or(1, |listener| listener.unacknowledged);
        Ok((backlog as usize).clamp(1, MAX_BATCH))
    }

    /// Connects a new client, and records this as a step. Does not wait for the server.
    pub(crate) fn connect(&mut self) -> Result<NamedClient, CheckError> {
        self.connect_with(Server::connect)
    }

    /// Connects a new client by calling the argument `connect`, and records this as a step.
    pub(crate) fn connect_with(
        &mut self,
        connect: impl FnOnce(&mut Server) -> io::Result<Client>,
    ) -> Result<NamedClient, CheckError> {
        let name = client_name(self.clients.len());
        self.step(format!("{name} connected"));
        match connect(&mut self.server) {
            Ok(connection) => Ok(self.new_client(name, connection)),
            Err(error) => {
                self.rewrite_step(format!("{name} tried to connect"));
                Err(self.no_connection(&name, &error))
            }
        }
    }

    /// Connects a new client by calling the argument `connect`. Records no step: the caller has
    /// already recorded a step that mentions this client.
    pub(crate) fn add_client(
        &mut self,
        connect: impl FnOnce(&mut Server) -> io::Result<Client>,
    ) -> Result<NamedClient, CheckError> {
        let name = client_name(self.clients.len());
        match connect(&mut self.server) {
            Ok(connection) => Ok(self.new_client(name, connection)),
            Err(error) => Err(self.no_connection(&name, &error)),
        }
    }

    fn new_client(&mut self, name: String, connection: Client) -> NamedClient {
        connection.name_in_recording(&name);
        let client = NamedClient { name, connection };
        self.clients.push(client.clone());
        client
    }

    /// Looks up the server's sockets of the last clients. When a client has reset its connection, the
    /// kernel does not show any more to which client the server's descriptor was connected.
    fn identify_clients(&self) {
        const LAST: usize = 4;
        let last = self.clients.iter().rev().take(LAST).map(|client| &client.connection);
        for connection in last.filter(|it| it.inode().is_none() && !it.has_left()) {
            let _ = self.server.connection(connection);
        }
    }

    /// Waits for a log line that follows the last step and for which `wanted` returns a value.
    pub(crate) fn wait_logged<T>(
        &mut self,
        wanted: impl Fn(&LogEvent) -> Option<T>,
    ) -> Result<T, WaitError> {
        let from = self.step_log_start();
        self.server.wait_for(|now| {
            let mut events = now.log()[from..].iter().filter_map(LogEvent::of);
            Ok(events.find_map(|event| wanted(&event)))
        })
    }

    /// Waits until the server has no descriptor for a client.
    pub(crate) fn wait_closed(&mut self, client: &NamedClient) -> Result<(), WaitError> {
        let connection = client.connection.clone();
        self.server.wait_for(|now| Ok(now.descriptor_of(&connection)?.is_none().then_some(())))
    }

    /// Waits until the server has no descriptor for a client, and checks that the server still
    /// runs.
    pub(crate) fn wait_released(&mut self, client: &NamedClient) -> Result<(), WaitError> {
        self.wait_closed(client)?;
        self.check_alive()?;
        // If the server moves a descriptor to another number while the descriptors are listed, the
        // list can miss this descriptor. Now the server is idle and moves no descriptor. Therefore
        // check again.
        self.wait_closed(client)
    }

    /// Whether the server still has the socket of a client's connection. In contrast to the waits above,
    /// also of a connection that was reset, which the kernel's tables do not have any more.
    pub(crate) fn has_socket_of(&self, client: &NamedClient) -> Result<bool, Unobservable> {
        let socket = client.connection.inode().map(Target::Socket);
        Ok(self.server.descriptors()?.iter().any(|it| Some(&it.target) == socket.as_ref()))
    }

    /// Waits until the server is asleep or has ended, and checks that the server has not ended.
    pub(crate) fn check_alive(&mut self) -> Result<(), WaitError> {
        // A process that ends closes its descriptors first. Therefore a closed descriptor does not
        // prove that the server still runs.
        match self.server.wait_asleep() {
            Err(error @ (WaitError::Ended(_) | WaitError::Unobservable(_))) => Err(error),
            _ => Ok(()),
        }
    }

    /// What the server has logged since the last step, as text for a sentence.
    pub(crate) fn logged_text(&self) -> String {
        let from = self.step_log_start();
        let lines = failing::contract_lines(&self.server.log()[from..]);
        if lines.is_empty() { "nothing was logged".to_owned() } else { lines.join(" · ") }
    }
}

/// Whether a sample of a busy server has a call with one of these names whose result fulfils
/// `is_such`.
pub(crate) fn has_result(
    sample: &SyscallSample,
    names: &[&str],
    is_such: impl Fn(i64) -> bool,
) -> bool {
    sample.calls.iter().any(|(call, result)| names.contains(&call.name()) && is_such(*result))
}
