//! Makes rows of what was read of the server.

use super::View;
use super::processes::SeenProcess;
use super::snapshot::{Phase, ProcessRow, Snapshot, WaitsWith};
use crate::evidence::{FileRow, LiveFiles, Part, Waits, without_descriptor};
use crate::named_client::NamedClient;
use std::net::SocketAddr;
use witness::Target;

/// The maximum number of different texts about the threads of a process.
const MAX_TEXTS: usize = 4;

impl View {
    /// All that is seen now.
    pub(super) fn rows(&self) -> Snapshot {
        // A program that is a client has connections of its own, and no clients.
        let clients = self.clients.iter().filter(|_| !self.plays_server());
        let named: Vec<_> = clients.map(|client| client.named.clone()).collect();
        let mut seen: Vec<_> = self.processes.all.iter().collect();
        seen.sort_by_key(|each| (each.process != self.server.process(), each.pid));
        let waits_with = match seen.first().map(|first| &first.waits) {
            Some(Waits::Poll(_)) => WaitsWith::Poll,
            Some(Waits::Epoll(_)) => WaitsWith::Epoll,
            _ => WaitsWith::Neither,
        };
        let living: Vec<_> = seen.iter().filter(|each| !each.is_zombie()).collect();
        Snapshot {
            phase: self.phase(),
            is_stopped: !living.is_empty() && living.iter().all(|each| each.is_stopped()),
            waits_with,
            processes: seen.iter().map(|each| self.process(each, &named)).collect(),
            without_descriptor: self.without_descriptor(&named),
            clients: self.clients.iter().map(|client| client.row()).collect(),
            fault: self.fault_text(),
            problems: self.processes.problem.iter().cloned().collect(),
        }
    }

    /// How far the server is.
    pub(super) fn phase(&self) -> Phase {
        match self.server.exit() {
            Some(exit) => Phase::Ended(exit.to_string()),
            None if self.network.has_listener() || self.plays_server() => Phase::Listening,
            None => Phase::NotListening,
        }
    }

    fn process(&self, seen: &SeenProcess, named: &[NamedClient]) -> ProcessRow {
        let files = LiveFiles::new(&self.network, named, &seen.descriptors);
        let is_child = seen.process != self.server.process();
        let part = match (self.forks, is_child) {
            (false, _) => Part::Whole,
            (true, false) => Part::Parent,
            (true, true) => Part::Child,
        };
        let mut rows = files.rows(part, &seen.waits, &self.output.slots);
        // A server that is in the middle of its work is not wrong. A row that was marked before it began
        // this work keeps its mark.
        let before = self.snapshot.processes.iter().find(|process| process.pid == seen.pid);
        let before = before.map_or(&[][..], |process| &process.files);
        let was_wrong = |row: &FileRow| before.iter().any(|it| it.wrong && it.fd == row.fd);
        let is_settled = !self.is_unsettled && seen.is_asleep();
        rows.iter_mut().for_each(|row| row.wrong &= is_settled || was_wrong(row));
        ProcessRow {
            pid: seen.pid,
            is_child,
            is_zombie: seen.is_zombie(),
            threads: thread_texts(&files, seen),
            files: rows,
        }
    }

    /// The clients' connections to which no process has a descriptor.
    fn without_descriptor(&self, named: &[NamedClient]) -> Vec<FileRow> {
        let open = self.processes.all.iter().flat_map(|each| &each.descriptors);
        let open: Vec<_> = open.map(|descriptor| &descriptor.target).collect();
        let mut rows = Vec::new();
        for client in named.iter().filter(|client| !client.connection.has_left()) {
            let Some(socket) = self.network.between(ends(client)) else { continue };
            let is_open = open.contains(&&Target::Socket(socket.inode));
            rows.extend((!is_open).then(|| without_descriptor(client, socket)).flatten());
        }
        rows
    }
}

/// What the threads do, each text with the number of threads that do so.
fn thread_texts(files: &LiveFiles<'_>, seen: &SeenProcess) -> Vec<(String, usize)> {
    let mut texts: Vec<(String, usize)> = Vec::new();
    for thread in &seen.threads {
        let text = files.thread_text(thread, &seen.waits);
        match texts.iter_mut().find(|(other, _)| *other == text) {
            Some((_, count)) => *count += 1,
            None => texts.push((text, 1)),
        }
    }
    let others: usize = texts.iter().skip(MAX_TEXTS).map(|(_, count)| count).sum();
    if others > 0 {
        texts.truncate(MAX_TEXTS);
        texts.push(("doing something else".to_owned(), others));
    }
    texts
}

/// The addresses of a client's connection: the server's, and the client's own.
pub(super) fn ends(client: &NamedClient) -> (SocketAddr, SocketAddr) {
    (client.connection.server(), client.connection.address())
}
