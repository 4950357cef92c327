//! The evidence of a failure: a table of the server's descriptors, and beside it a table of the
//! descriptors that the server waits for.

mod live;
mod network;
mod open_files;
mod watched;

use crate::named_client::NamedClient;
use course::report::Table;
pub use live::FileRow;
pub(crate) use live::{LiveFiles, Part, Waits, without_descriptor};
pub(crate) use network::Network;
use open_files::OpenFiles;
use witness::{Call, Process, Server, WaitError};

/// The tables that show the present state of the server. There are no tables for a server that has
/// ended. `noun` is what the program is: `server` or `client`.
pub(crate) fn tables(
    server: &Server,
    clients: &[NamedClient],
    wait_error: &WaitError,
    noun: &str,
) -> Vec<Table> {
    if server.exit().is_some() {
        return Vec::new();
    }
    let Ok(descriptors) = server.descriptors() else { return Vec::new() };
    // A busy server does not wait in poll or epoll_wait now. The sample has the entries of its last
    // wait.
    let (watched, interests, reported, is_busy) = match wait_error {
        WaitError::Spinning(sample) => (
            sample.poll_entries.clone(),
            sample.epoll_entries.clone(),
            sample.events.as_slice(),
            true,
        ),
        _ => {
            let (watched, interests) = (server.poll_entries(), server.epoll_entries());
            (watched.ok().flatten(), interests.ok().flatten(), &[][..], false)
        }
    };
    let files = OpenFiles::of(server, clients, &descriptors);
    let is_unwatched = |fd: i32| match (&watched, &interests) {
        (Some(array), _) => !array.iter().any(|entry| entry.fd == fd),
        (None, Some(list)) => !list.iter().any(|entry| entry.fd == fd),
        (None, None) => false,
    };
    let mut tables = vec![files.table(is_unwatched)];
    if let Some(watched) = &watched {
        tables.push(files.poll_array(watched, is_busy, noun));
    } else if let Some(interests) = &interests {
        tables.push(files.interest_list(interests, &descriptors, reported));
    }
    tables
}

/// The calls that the threads of a server sleep in, as text for a sentence: `read on descriptor 5,
/// client B`. `calls` are the calls that a wait has found. If the server has moved on since then,
/// the text has only their names.
pub(crate) fn calls_text(server: &Server, clients: &[NamedClient], calls: &[Call]) -> String {
    let mut waits: Vec<(&str, Option<(u64, String)>)> = Vec::new();
    let network = OpenFiles::network(server, clients);
    for (process, call) in calls_now(server, calls).into_iter().take(MAX_LOOKED_AT) {
        // Each process has descriptors of its own.
        let of_process = process.descriptors().unwrap_or_default();
        let files = OpenFiles::in_network(&network, clients, &of_process);
        let name = files.named(&call).filter(|_| takes_descriptor(&call));
        let place = if process == server.process() { "" } else { ", in a child" };
        let wait = (call.name(), name.map(|name| (call.arguments[0], name + place)));
        if !waits.contains(&wait) {
            waits.push(wait);
        }
    }
    if waits.is_empty() {
        waits.extend(calls.iter().map(|call| (call.name(), None)));
        waits.dedup();
    }
    let has_many = waits.len() > 1;
    let text = |(call, file): &(&str, Option<(u64, String)>)| match file {
        Some((fd, name)) if has_many => format!("{call} on descriptor {fd} ({name})"),
        Some((fd, name)) => format!("{call} on descriptor {fd}, {name}"),
        None => call.to_string(),
    };
    let more = if waits.len() > MAX_CALLS { " and others" } else { "" };
    let texts: Vec<_> = waits.iter().take(MAX_CALLS).map(text).collect();
    texts.join(", ") + more
}

/// The calls that the threads of the server sleep in at this moment, with their processes. Empty if
/// these are not the calls `expected`.
fn calls_now(server: &Server, expected: &[Call]) -> Vec<(Process, Call)> {
    let mut found = Vec::new();
    for process in server.processes().unwrap_or_default() {
        let threads = server.threads_of(process).unwrap_or_default();
        found.extend(threads.into_iter().filter_map(|thread| Some((process, thread.call?))));
    }
    // A program that goes on with the rest of its buffer makes the same call with another address.
    let same = |one: &Call, other: &Call| {
        one.number == other.number && one.descriptor() == other.descriptor()
    };
    let was_found = |call: &Call| found.iter().any(|(_, now)| same(now, call));
    if !expected.iter().all(was_found) {
        return Vec::new();
    }
    found.retain(|(_, now)| expected.iter().any(|call| same(now, call)));
    found
}

/// The maximum number of different calls in a sentence. A runtime may have many threads of its own.
const MAX_CALLS: usize = 3;

/// The maximum number of calls whose descriptors are looked at. A server may have many children.
const MAX_LOOKED_AT: usize = 16;

/// Whether the first argument of a call is a descriptor on which a server can wait for its clients.
fn takes_descriptor(call: &Call) -> bool {
    const CALLS: [&str; 12] = [
        "accept", "accept4", "read", "readv", "recvfrom", "recvmsg", "write", "writev", "sendto",
        "sendmsg", "connect", "close",
    ];
    CALLS.contains(&call.name())
}
