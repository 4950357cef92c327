//! A test run: one fresh server, its clients, and the steps so far.
//!
//! Every check acts through a [`TestRun`], so that the steps that led to a failure are already
//! written down when the check fails.

mod accepting;
mod failing;
mod listening;

use crate::check_error::CheckError;
use crate::defaults::LessonDefaults;
use crate::log_event::LogEvent;
use crate::named_client::{NamedClient, client_name};
use crate::port_lock::PortLock;
use std::io;
use witness::{Client, Server, SyscallSample, WaitError};

/// The most clients that connect before the server has to accept.
pub(crate) const MAX_BATCH: usize = 20;

/// One server and its clients.
pub(crate) struct TestRun {
    pub(crate) server: Server,
    pub(crate) port: u16,
    pub(crate) capacity: usize,
    pub(crate) clients: Vec<NamedClient>,
    /// The text of each step, and the length of the log when the step began.
    steps: Vec<(String, usize)>,
    lesson: LessonDefaults,
    /// Fields are dropped in their order: the lock is released after the server has ended.
    _lock: Option<PortLock>,
}

impl TestRun {
    /// A run of a server that was just started. `started` is the text of the first step.
    pub(crate) fn new(
        lesson: LessonDefaults,
        server: Server,
        (port, capacity): (u16, usize),
        started: String,
        lock: Option<PortLock>,
    ) -> Self {
        let (clients, steps) = (Vec::new(), vec![(started, 0)]);
        Self { server, port, capacity, clients, steps, lesson, _lock: lock }
    }

    /// Writes down what is about to happen.
    pub(crate) fn step(&mut self, text: impl Into<String>) {
        // Lines that are already written belong to the earlier steps. If they cannot be read now,
        // the report shows them one step late, and nothing else changes.
        let _ = self.server.catch_up();
        self.steps.push((text.into(), self.server.log().len()));
    }

    /// The number of steps so far.
    pub(crate) fn step_count(&self) -> usize {
        self.steps.len()
    }

    /// Replaces the text of the last step, now that its outcome is known.
    pub(crate) fn rewrite_step(&mut self, text: impl Into<String>) {
        if let Some((last, _)) = self.steps.last_mut() {
            *last = text.into();
        }
    }

    /// Replaces the steps from number `from` on by one step.
    pub(crate) fn merge_steps(&mut self, from: usize, text: impl Into<String>) {
        if from + 1 < self.steps.len() {
            self.steps.truncate(from + 1);
            self.rewrite_step(text);
        }
    }

    /// Whether the lesson's servers log every client that connects and every client that leaves.
    pub(crate) fn logs_clients(&self) -> bool {
        self.lesson.logs_clients
    }

    /// The index of the first log line that follows the last step.
    pub(crate) fn step_log_start(&self) -> usize {
        self.steps.last().map_or(0, |(_, at)| *at)
    }

    /// How many clients may connect before the server has accepted the first of them: as many as
    /// the listener's backlog holds (listen(2)).
    pub(crate) fn batch_size(&self) -> Result<usize, CheckError> {
        let backlog = self.server.listener()?.map_or(1, |listener| listener.unacknowledged);
        Ok((backlog as usize).clamp(1, MAX_BATCH))
    }

    /// Connects a new client, as a step. The check looks at what the server does.
    pub(crate) fn connect(&mut self) -> Result<NamedClient, CheckError> {
        self.connect_with(Server::connect)
    }

    /// Connects a new client by `connect`, as a step.
    pub(crate) fn connect_with(
        &mut self,
        connect: impl FnOnce(&mut Server) -> io::Result<Client>,
    ) -> Result<NamedClient, CheckError> {
        self.step(format!("{} connected", client_name(self.clients.len())));
        self.add_client(connect)
    }

    /// Connects a new client by `connect`. An earlier step has announced this client.
    pub(crate) fn add_client(
        &mut self,
        connect: impl FnOnce(&mut Server) -> io::Result<Client>,
    ) -> Result<NamedClient, CheckError> {
        let name = client_name(self.clients.len());
        let connected = connect(&mut self.server);
        let connection = connected.map_err(|error| self.no_connection(&name, &error))?;
        let client = NamedClient { name, connection };
        self.clients.push(client.clone());
        Ok(client)
    }

    /// Waits for a log line that follows the last step.
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

    /// Waits until the server has no descriptor for a client, and checks that the server runs on.
    pub(crate) fn wait_released(&mut self, client: &NamedClient) -> Result<(), WaitError> {
        self.wait_closed(client)?;
        self.check_alive()?;
        // A list of descriptors misses a descriptor that the server moves meanwhile. The idle
        // server moves none.
        self.wait_closed(client)
    }

    /// Waits until the server is asleep or has ended, and checks that the server has not ended.
    pub(crate) fn check_alive(&mut self) -> Result<(), WaitError> {
        // A process that ends closes its descriptors first, so a closed descriptor proves nothing.
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

/// Whether a sample of a busy server shows a call by one of these names with such a result.
pub(crate) fn has_result(
    sample: &SyscallSample,
    names: &[&str],
    is_such: impl Fn(i64) -> bool,
) -> bool {
    sample.calls.iter().any(|(call, result)| names.contains(&call.name()) && is_such(*result))
}
