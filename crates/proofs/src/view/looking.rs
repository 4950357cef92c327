//! Looks at the server, as often as it is needed and as cheaply as possible.
//!
//! While no thread of the server has run, only the kernel's sockets can have changed. Reading them
//! again takes microseconds. Everything else is read only after a thread has run.

use super::View;
use super::client::ViewClient;
use super::processes::SeenProcess;
use super::rows::ends;
use super::snapshot::Snapshot;
use crate::evidence::Network;
use std::os::fd::RawFd;
use std::time::{Duration, Instant};
use witness::{Process, Unobservable};

/// The time between two looks while nothing is known to have happened, unless a look takes long: a
/// server may have thousands of clients.
const PAUSE: Duration = Duration::from_millis(30);
/// The time between two looks while the server may be in the middle of its work.
const SHORT_PAUSE: Duration = Duration::from_millis(10);
/// Over a longer time, reading the processes takes at most one part of this many parts of a processor,
/// and so do looks that find nothing new. A server that is always busy must not keep the view busy.
const PARTS: u32 = 20;
/// The processor time for which the processes can be read without a pause, after the server has slept.
const MOST_CREDIT: Duration = Duration::from_millis(100);
/// A look that takes no longer does not make the pause longer.
const SHORT_LOOK: Duration = Duration::from_millis(5);

impl View {
    /// The descriptors that become readable when something has happened.
    pub fn descriptors(&self) -> Vec<RawFd> {
        self.server.descriptors_to_poll()
    }

    /// The time after which to look again, although no descriptor has become readable.
    pub fn pause(&self) -> Duration {
        let is_busy = self.is_unsettled && !self.credit.is_zero();
        let pause = if is_busy { SHORT_PAUSE } else { PAUSE };
        pause.max(self.cost.saturating_sub(SHORT_LOOK) * PARTS)
    }

    /// Whether there is time to read the processes.
    fn has_credit(&mut self) -> bool {
        let now = Instant::now();
        self.credit = MOST_CREDIT.min(self.credit + (now - self.credited) / PARTS);
        self.credited = now;
        !self.credit.is_zero()
    }

    /// Takes the processor time since `begun` from the credit.
    fn spend(&mut self, begun: Duration) {
        self.credit = self.credit.saturating_sub(cpu_time().saturating_sub(begun));
    }

    /// Looks at the server. Returns whether something has changed since the last look.
    pub fn look(&mut self) -> bool {
        let begun = cpu_time();
        let has_output = self.output.read(&mut self.server);
        if self.plays_server() {
            self.take_accepted();
        }
        self.clients.iter_mut().for_each(|client| client.receive());
        let read = self.read();
        let is_same = matches!(read, Ok(false)) && !has_output && self.is_as_before();
        let has_changed = !is_same && self.show(read.err(), has_output);
        if is_same {
            self.cost = cpu_time().saturating_sub(begun);
        }
        has_changed
    }

    /// Whether what is known without the kernel is as it was shown.
    fn is_as_before(&self) -> bool {
        let shown = &self.snapshot;
        shown.fault == self.fault_text()
            && shown.phase == self.phase()
            && shown.problems.is_empty()
            && self.clients.iter().map(ViewClient::row).eq(shown.clients.iter().cloned())
    }

    /// Makes the rows of all that was read. Returns whether they differ from those before.
    fn show(&mut self, problem: Option<Unobservable>, has_output: bool) -> bool {
        let mut snapshot = match &problem {
            // What was seen last is better than nothing.
            Some(_) => Snapshot { problems: Vec::new(), ..self.snapshot.clone() },
            None => self.rows(),
        };
        snapshot.problems.extend(problem.map(|problem| problem.to_string()));
        let has_changed = has_output || snapshot != self.snapshot;
        self.snapshot = snapshot;
        has_changed
    }

    /// Reads the processes if one of their threads has run, and the sockets. Returns whether anything
    /// may have changed.
    fn read(&mut self) -> Result<bool, Unobservable> {
        let mut may_differ = self.look_for_listener()?;
        if self.has_credit() && self.processes.have_run() {
            let begun = cpu_time();
            self.processes.read(&self.server)?;
            self.spend(begun);
            may_differ = true;
        }
        let clients = self.clients.iter().map(|client| &client.named);
        let ends: Vec<_> =
            clients.filter(|client| !client.connection.has_left()).map(ends).collect();
        may_differ |= self.network.update(&self.server, ends)?;
        self.find_inodes()?;
        if std::mem::take(&mut self.processes.is_new) {
            let lacks = |each: &SeenProcess| self.network.lacks_any(&each.descriptors);
            if self.processes.all.iter().any(lacks) {
                self.network = Network::read(&self.server);
            }
        }
        let was_settled = self.settle(may_differ)?;
        Ok(may_differ || was_settled)
    }

    /// Finds out whether the server has done all that it has to do. The kernel may have woken a thread
    /// that does not run yet. Therefore the threads are looked at again, when nothing has changed since
    /// the look before. Returns whether this was found out now.
    fn settle(&mut self, has_changed: bool) -> Result<bool, Unobservable> {
        if has_changed {
            self.is_unsettled = true;
            return Ok(false);
        }
        if !self.is_unsettled || self.credit.is_zero() {
            return Ok(false);
        }
        let begun = cpu_time();
        self.is_unsettled = !self.processes.are_asleep(&self.server)?;
        self.spend(begun);
        Ok(!self.is_unsettled)
    }

    /// Looks for the process that listens, if none is known. Returns whether it was found now.
    pub(super) fn look_for_listener(&mut self) -> Result<bool, Unobservable> {
        match self.port {
            Some(port) if self.server.exit().is_none() && self.server.listener()?.is_none() => {
                self.server.look_for_listener(port)
            }
            _ => Ok(false),
        }
    }

    /// Stores the inodes of the server's sockets in the clients.
    fn find_inodes(&self) -> Result<(), Unobservable> {
        for client in self.clients.iter().map(|client| &client.named.connection) {
            let ends = (client.server(), client.address());
            if client.inode().is_none() && self.network.between(ends).is_some() {
                self.server.connection(client)?;
            }
        }
        Ok(())
    }
}

/// The processor time that this process has used. On a busy machine, the time on the clock says little
/// about what a look costs.
fn cpu_time() -> Duration {
    Process { pid: std::process::id() as i32 }.cpu_time()
}
