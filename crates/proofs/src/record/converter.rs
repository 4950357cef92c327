//! Converts the events of a recording into a timeline, in which every client, process and thread has
//! its lane.

use super::calls;
use course::timeline::{CallKind, Event, Lane, LaneKind, Timeline, What};
use std::collections::{HashMap, HashSet};
use std::time::Duration;
use witness::{CallRecord, ClientAct, RecordedClient, Recorder, ServerClose, SignalNumber};

/// The timeline of the events that were converted so far.
pub(super) struct Converter {
    recorder: Recorder,
    pub(super) timeline: Timeline,
    /// The number of the recorder's events that were converted.
    converted: usize,
    /// The lanes of the clients and of the threads.
    of_client: HashMap<usize, usize>,
    of_thread: HashMap<i32, usize>,
    /// When the check has ended the program. What happens until the next start is its end only.
    over: Option<Duration>,
    /// The threads whose last sleep is known.
    asleep: HashSet<i32>,
    /// Whether the program is a client, whose connections the check has accepted.
    are_servers: bool,
    /// The inode of the listener of the program.
    listener: Option<u64>,
    /// The numbers of programs, child processes and threads so far.
    counts: [usize; 3],
}

impl Converter {
    pub(super) fn new(recorder: Recorder) -> Self {
        Self {
            recorder,
            timeline: Timeline::default(),
            converted: 0,
            of_client: HashMap::new(),
            of_thread: HashMap::new(),
            over: None,
            asleep: HashSet::new(),
            are_servers: false,
            listener: None,
            counts: [0; 3],
        }
    }

    /// Converts the events that are new, and sorts them by time.
    pub(super) fn advance(&mut self) {
        let first = self.timeline.events.len();
        let clients = self.recorder.clients();
        for mut moment in self.recorder.since(self.converted) {
            self.converted += 1;
            match &mut moment.event {
                witness::Event::Over => {
                    self.over = Some(moment.at);
                    self.asleep.clear();
                }
                witness::Event::Started(_) | witness::Event::Note(_) => self.over = None,
                witness::Event::Call(call) => {
                    // Such a call has returned because of the end of the program's clients.
                    let over =
                        self.over.filter(|over| moment.at.saturating_sub(call.lasted) < *over);
                    if let Some(over) = over {
                        call.result = None;
                        let entries = call.poll_entries.iter_mut().flatten();
                        entries.for_each(|entry| entry.revents = 0);
                        call.lasted = call.lasted.saturating_sub(moment.at.saturating_sub(over));
                        moment.at = over;
                    }
                }
                _ => {}
            }
            // The first call that has not returned tells where the thread has slept in the end.
            let is_sleep = match &moment.event {
                witness::Event::Call(call) => call.result.is_none() && self.asleep.insert(call.tid),
                _ => false,
            };
            if self.over.is_some() && !is_sleep {
                continue;
            }
            let (lane, what) = match moment.event {
                witness::Event::Note(text) => (None, What::Step(text)),
                witness::Event::Started(process) => {
                    self.timeline.process = process.pid;
                    let name = self.numbered(0, "program");
                    (Some(self.thread(process.pid, name, LaneKind::Process)), What::Started)
                }
                witness::Event::Client { client, act } => {
                    self.are_servers |= act == ClientAct::Accepted;
                    (Some(self.client(client, &clients)), act_of_client(act))
                }
                witness::Event::Call(record) => {
                    let call = self.call(&record, &clients);
                    (Some(self.lane_of(record.tid)), What::Call(call))
                }
                witness::Event::Began { parent, tid, is_process } => {
                    let by = self.lane_of(parent);
                    let (name, kind) = match is_process {
                        true => (self.numbered(1, "child"), LaneKind::Process),
                        false => (self.numbered(2, "thread"), LaneKind::Thread),
                    };
                    (Some(self.thread(tid, name, kind)), What::Began { by })
                }
                witness::Event::Ended { tid, status } => {
                    (Some(self.lane_of(tid)), What::Ended(status_text(status)))
                }
                witness::Event::Delivered { tid, signal } => {
                    let name = SignalNumber(signal).to_string();
                    (Some(self.lane_of(tid)), What::Signal(name))
                }
                witness::Event::Signalled { process, signal } => {
                    (Some(self.lane_of(process.pid)), What::Signalled(signal.to_string()))
                }
                witness::Event::FaultRequested(errno) => (None, What::Fault(format!("{errno:?}"))),
                witness::Event::Full => (None, What::Full),
                _ => continue,
            };
            let at = begin_of_output(&what, moment.at);
            self.timeline.events.push(Event { at, lane, what });
        }
        self.timeline.events[first..].sort_by_key(|event| event.at);
    }

    /// The name of the next lane of a kind: `child 1`. The first program is named without a number.
    fn numbered(&mut self, kind: usize, name: &str) -> String {
        self.counts[kind] += 1;
        match (kind, self.counts[kind]) {
            (0, 1) => name.to_owned(),
            (_, number) => format!("{name} {number}"),
        }
    }

    fn call(&mut self, record: &CallRecord, clients: &[RecordedClient]) -> course::timeline::Call {
        self.listener = calls::listener(record).or(self.listener);
        let client = calls::client(record, clients);
        let lane = client.map(|number| self.client(number, clients));
        let name = lane.map(|lane| self.timeline.lanes[lane].name.clone());
        calls::call(record, self.listener, lane.zip(name))
    }

    fn client(&mut self, number: usize, clients: &[RecordedClient]) -> usize {
        let name = clients.get(number).map(|client| client.name.clone()).unwrap_or_default();
        let kind = if self.are_servers { "server" } else { "client" };
        let name = if name.is_empty() { format!("{kind} {}", number + 1) } else { name };
        let lanes = &mut self.timeline.lanes;
        let lane = *self.of_client.entry(number).or_insert_with(|| {
            lanes.push(Lane { name: String::new(), kind: LaneKind::Client });
            lanes.len() - 1
        });
        // A client gets its name after it has connected.
        lanes[lane].name = name;
        lane
    }

    /// The lane of a new thread.
    fn thread(&mut self, tid: i32, name: String, kind: LaneKind) -> usize {
        self.timeline.lanes.push(Lane { name, kind });
        let lane = self.timeline.lanes.len() - 1;
        self.of_thread.insert(tid, lane);
        lane
    }

    /// The lane of a thread. A thread whose begin was not seen gets one now.
    fn lane_of(&mut self, tid: i32) -> usize {
        match self.of_thread.get(&tid) {
            Some(lane) => *lane,
            None => {
                let name = self.numbered(2, "thread");
                self.thread(tid, name, LaneKind::Thread)
            }
        }
    }
}

/// The time at which an event is shown that was seen at the time `at`. A client can receive bytes before
/// the call that has sent them returns, so such a call is shown at its begin, unless it has slept.
fn begin_of_output(what: &What, at: Duration) -> Duration {
    match what {
        What::Call(call) if call.kind == CallKind::Write && !call.has_slept() => {
            at.saturating_sub(call.lasted)
        }
        _ => at,
    }
}

fn act_of_client(act: ClientAct) -> What {
    match act {
        ClientAct::Sent(bytes) => What::Sent(bytes),
        ClientAct::Received(bytes) => What::Received(bytes),
        ClientAct::HalfClosed => What::HalfClosed,
        ClientAct::Closed => What::Closed,
        ClientAct::Reset => What::Reset,
        ClientAct::Accepted => What::Accepted,
        ClientAct::SawEnd(how) => What::SawEnd { is_reset: how == ServerClose::Reset },
        _ => What::Connected,
    }
}

/// How a process has ended: `status 1` or `SIGKILL`.
fn status_text(status: i32) -> String {
    match libc::WIFSIGNALED(status) {
        true => SignalNumber(libc::WTERMSIG(status)).to_string(),
        false => format!("status {}", libc::WEXITSTATUS(status)),
    }
}
