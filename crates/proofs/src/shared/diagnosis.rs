//! Finds the Common Mistakes row that explains the state of a server. The row does not depend on
//! the check that has failed.
//!
//! This file has the ids of all lessons. If a lesson's table has no row with an id, the failure
//! shows no row.

use super::wait_call::WaitCall;
use crate::test_run::{TestRun, has_result};
use witness::{Call, EpollEntry, PollEntry, State, SyscallSample, Target, WaitError};

/// The row that explains why a wait has failed.
pub(crate) fn of(run: &TestRun, wait_error: &WaitError) -> Option<&'static str> {
    match wait_error {
        WaitError::Idle { calls } => blocked_in(run, calls).or_else(|| missed_edge(run)),
        WaitError::Spinning(sample) => keeps_running(run, sample),
        // A descriptor that is added twice causes EEXIST (epoll_ctl(2)). errno(3) and every
        // standard library describe EEXIST by this text.
        WaitError::Ended(_) => run.server.stderr().contains("File exists").then_some("added-again"),
        _ => None,
    }
}

/// The row that explains why a wait has failed. The server should sleep in the call `wait`.
pub(crate) fn of_wait(
    run: &TestRun,
    wait: WaitCall,
    wait_error: &WaitError,
) -> Option<&'static str> {
    let other_call = match wait_error {
        WaitError::Idle { calls } => {
            wait.find_in(calls).is_none() && WaitCall::Any.find_in(calls).is_some()
        }
        _ => false,
    };
    if wait == WaitCall::Epoll && other_call {
        return Some("poll-instead");
    }
    of(run, wait_error)
}

/// The row of a server that repeats the same calls.
fn keeps_running(run: &TestRun, sample: &SyscallSample) -> Option<&'static str> {
    let watched = sample.poll_entries.as_deref().unwrap_or_default();
    if watched.iter().any(|entry| entry.revents & libc::POLLNVAL != 0) {
        // The array has a closed descriptor (poll(2), POLLNVAL). If a connected client is missing
        // from the array, the server has removed the wrong entry.
        let missing = misses_client(run, watched);
        Some(if missing { "wrong-entry-removed" } else { "stale-pollfd" })
    } else if sample.calls.iter().any(|(call, found)| *found == 0 && call.timeout() == Some(0)) {
        Some("zero-timeout")
    } else if has_result(sample, &["read", "recvfrom", "recvmsg", "readv"], |count| count == 0) {
        Some("spin-on-eof")
    } else if watched.iter().any(|entry| entry.revents == libc::POLLOUT)
        || sample.events.iter().any(|(events, _)| *events == libc::EPOLLOUT as u32)
    {
        Some("always-writable")
    } else if watched.iter().any(|entry| entry.revents & libc::POLLIN != 0) {
        // A descriptor stays readable, because the server never reads the end of file.
        Some("spin-on-eof")
    } else {
        sample.events.first().and_then(|(_, data)| ignored_event(run, sample, *data))
    }
}

/// The row of a server that gets the same epoll event again and again, and does not handle it.
fn ignored_event(run: &TestRun, sample: &SyscallSample, data: u64) -> Option<&'static str> {
    let interests = sample.epoll_entries.as_deref().unwrap_or_default();
    let entry = interests.iter().find(|entry| entry.data == data)?;
    let open = run.server.descriptors().ok()?;
    let same = |target: &Target| *target == Target::Socket(entry.inode);
    if !open.iter().any(|it| it.fd == entry.fd && same(&it.target)) {
        return Some("stale-entry");
    }
    let client =
        run.clients.iter().find(|client| client.connection.inode() == Some(entry.inode))?;
    let socket = run.server.connection(&client.connection).ok()??;
    // The kernel counts an end of file as one unread byte.
    let end_of_file = u32::from(socket.state != State::Established);
    let has_bytes = socket.unread > end_of_file;
    let data_is_fd = data as u32 == entry.fd as u32;
    Some(if has_bytes && data_is_fd { "fd-as-slot" } else { "spin-on-eof" })
}

/// The row of a server that sleeps in a call other than poll or epoll_wait.
fn blocked_in(run: &TestRun, calls: &[Call]) -> Option<&'static str> {
    let is_in = |names: &[&str]| calls.iter().any(|call| names.contains(&call.name()));
    if is_in(&["accept", "accept4"]) {
        // Before the first client connects, the server may not have reached its first poll yet.
        (!run.clients.is_empty()).then_some("blocking-accept")
    } else if is_in(&["read", "recvfrom", "recvmsg", "write", "sendto", "sendmsg"]) {
        Some("blocking-client")
    } else {
        None
    }
}

/// The row of a server that sleeps although a socket is readable. epoll has reported the event
/// once, and does not report the event again (epoll(7), EPOLLET and EPOLLONESHOT).
fn missed_edge(run: &TestRun) -> Option<&'static str> {
    let interests = run.server.epoll_entries().ok()??;
    let entry_of = |inode: u64| interests.iter().find(|entry| entry.inode == inode);
    let is_edge = |entry: &EpollEntry| entry.has(libc::EPOLLET);
    let listener = run.server.listener().ok()??;
    if listener.unread > 0 && entry_of(listener.inode).is_some_and(is_edge) {
        return Some("edge-one-accept");
    }
    run.clients.iter().find_map(|client| {
        let entry = entry_of(client.connection.inode()?)?;
        let socket = run.server.connection(&client.connection).ok()??;
        if socket.unread > 0 && is_edge(entry) {
            return Some("edge-one-read");
        }
        let disarmed = entry.has(libc::EPOLLONESHOT) && !entry.has(libc::EPOLLIN);
        (socket.unread > 0 && disarmed).then_some("oneshot-not-armed")
    })
}

/// Whether the server has a client's descriptor that is missing from the `pollfd` array.
fn misses_client(run: &TestRun, watched: &[PollEntry]) -> bool {
    run.clients.iter().any(|client| match run.server.descriptor_of(&client.connection) {
        Ok(Some(fd)) => !watched.iter().any(|entry| entry.fd == fd),
        _ => false,
    })
}
