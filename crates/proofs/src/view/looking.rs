//! Looks at the server, as often as it is needed and as cheaply as possible.
//!
//! While no thread of the server has run, only the kernel's sockets can have changed. Reading them
//! again takes microseconds. Everything else is read only after a thread has run.

use super::View;
use super::processes::SeenProcess;
use super::rows::ends;
use super::snapshot::Snapshot;
use crate::evidence::Network;
use std::os::fd::RawFd;
use std::time::{Duration, Instant};
use witness::Unobservable;

/// The time between two looks while nothing is known to have happened, unless a look takes long: a
/// server may have thousands of clients.
const PAUSE: Duration = Duration::from_millis(35);
/// Looking takes at most one part of this many parts of the time.
const PARTS: u32 = 12;

impl View {
    /// The descriptors that become readable when something has happened.
    pub fn descriptors(&self) -> Vec<RawFd> {
        self.server.descriptors_to_poll()
    }

    /// The time after which to look again, although no descriptor has become readable.
    pub fn pause(&self) -> Duration {
        PAUSE.max(self.cost * PARTS)
    }

    /// Looks at the server. Returns whether something has changed since the last look.
    pub fn look(&mut self) -> bool {
        let has_output = self.output.read(&mut self.server);
        let begun = Instant::now();
        if self.plays_server() {
            self.take_accepted();
        }
        self.clients.iter_mut().for_each(|client| client.receive());
        let problem = self.read().err();
        let mut snapshot = match &problem {
            // What was seen last is better than nothing.
            Some(_) => Snapshot { problems: Vec::new(), ..self.snapshot.clone() },
            None => self.rows(),
        };
        snapshot.problems.extend(problem.map(|problem| problem.to_string()));
        let has_changed = has_output || snapshot != self.snapshot;
        self.snapshot = snapshot;
        self.cost = begun.elapsed();
        has_changed
    }

    /// Reads the processes if one of their threads has run, and the sockets.
    fn read(&mut self) -> Result<(), Unobservable> {
        if let Some(port) = self.port
            && self.server.exit().is_none()
            && self.server.listener()?.is_none()
        {
            self.server.look_for_listener(port)?;
        }
        // A server that is always busy must not keep the view busy.
        let (cost, last) = self.last_read;
        let may_read = last.elapsed() >= cost * PARTS;
        if may_read && self.processes.have_run() {
            let begun = Instant::now();
            self.processes.read(&self.server)?;
            self.last_read = (begun.elapsed(), Instant::now());
        }
        let clients: Vec<_> = self.clients.iter().map(|client| ends(&client.named)).collect();
        self.network.update(&self.server, clients)?;
        for client in self.clients.iter().map(|client| &client.named.connection) {
            if client.inode().is_none() && !client.has_left() {
                // This stores the inode in the client.
                self.server.connection(client)?;
            }
        }
        if std::mem::take(&mut self.processes.is_new) {
            let lacks = |each: &SeenProcess| self.network.lacks_any(&each.descriptors);
            if self.processes.all.iter().any(lacks) {
                self.network = Network::read(&self.server);
            }
        }
        Ok(())
    }
}
