//! The rows of a server that repeats the same calls.

use super::client_files::{client_files, open_connections, socket_at};
use crate::test_run::{TestRun, has_result};
use libc::{EPOLLERR, EPOLLHUP, EPOLLIN, EPOLLOUT, POLLERR, POLLHUP, POLLIN, POLLNVAL, POLLOUT};
use witness::{Call, EpollEntry, PollEntry, Socket, State, SyscallSample, Target};

const READS: [&str; 4] = ["read", "recvfrom", "recvmsg", "readv"];

/// The row of a server that repeats the calls of a sample.
pub(super) fn row_of(run: &TestRun, sample: &SyscallSample) -> Option<&'static str> {
    let watched = sample.poll_entries.as_deref().unwrap_or_default();
    if watched.iter().any(|entry| entry.revents & POLLNVAL != 0) {
        // The array has a closed descriptor (poll(2), POLLNVAL). If a connected client is missing
        // from the array, the server has removed the wrong entry.
        let missing = misses_client(run, watched);
        Some(if missing { "wrong-entry-removed" } else { "stale-pollfd" })
    } else if has_zero_timeout(sample) {
        Some("zero-timeout")
    } else if ignores_end_of_file(run, sample) {
        Some("spin-on-eof")
    } else if has_descriptor_in_place_of_slot(sample) {
        Some("fd-as-slot")
    } else if is_always_writable(sample) {
        Some("always-writable")
    } else if reads_another_client(run, sample) {
        Some("another-client-read")
    } else {
        sample.events.first().and_then(|(_, data)| ignored_event(run, sample, *data))
    }
}

/// The row of a client that repeats the calls of a sample.
pub(super) fn row_of_client(sample: &SyscallSample) -> Option<&'static str> {
    let finds_nothing = || has_result(sample, &READS, |count| count == -i64::from(libc::EAGAIN));
    if has_result(sample, &READS, |count| count == 0) {
        Some("spins-on-eof")
    } else if is_always_writable(sample) || has_zero_timeout(sample) || finds_nothing() {
        Some("busy-loop")
    } else {
        None
    }
}

/// Whether a wait that found nothing had a time-out of 0.
pub(super) fn has_zero_timeout(sample: &SyscallSample) -> bool {
    sample.calls.iter().any(|(call, found)| *found == 0 && call.timeout() == Some(0))
}

/// Whether only POLLOUT or EPOLLOUT wakes the server.
pub(super) fn is_always_writable(sample: &SyscallSample) -> bool {
    let watched = sample.poll_entries.as_deref().unwrap_or_default();
    watched.iter().any(|entry| entry.revents == POLLOUT)
        || sample.events.iter().any(|(events, _)| *events == EPOLLOUT as u32)
}

/// Whether poll reports a client, and the server reads from another client in its place, which has
/// sent nothing.
fn reads_another_client(run: &TestRun, sample: &SyscallSample) -> bool {
    let files = client_files(run);
    let is_client = |fd: i32| files.iter().any(|(own, _)| *own == fd);
    let watched = sample.poll_entries.as_deref().unwrap_or_default();
    let reported = |fd: i32| watched.iter().any(|entry| entry.fd == fd && entry.revents != 0);
    let is_ignored = |fd: i32| {
        let is_used =
            |(call, _): &(Call, i64)| !call.waits_for_readiness() && call.arguments[0] as i32 == fd;
        is_client(fd) && !sample.calls.iter().any(is_used)
    };
    let reads_in_vain = |(call, result): &(Call, i64)| {
        let fd = call.arguments[0] as i32;
        READS.contains(&call.name())
            && *result == -i64::from(libc::EAGAIN)
            && is_client(fd)
            && !reported(fd)
    };
    let mut ready = watched.iter().filter(|entry| entry.revents & POLLIN != 0);
    ready.any(|entry| is_ignored(entry.fd)) && sample.calls.iter().any(reads_in_vain)
}

/// Whether the server reads an end of file again and again, or has read it once and is woken by it
/// again and again. A connection that was reset has no end of file.
pub(super) fn ignores_end_of_file(run: &TestRun, sample: &SyscallSample) -> bool {
    // A read of 0 bytes returns 0, too (read(2)).
    let wants_bytes = |call: &Call| call.name() != "read" || call.arguments[2] > 0;
    if sample.calls.iter().any(|(call, _)| READS.contains(&call.name()) && wants_bytes(call)) {
        return has_result(sample, &READS, |count| count == 0);
    }
    let files = client_files(run);
    let has_read_end =
        |fd: i32| socket_at(run, &files, fd).is_some_and(|it| has_read_end_of_file(&it));
    let watched = sample.poll_entries.as_deref().unwrap_or_default();
    let by_poll = watched.iter().any(|entry| {
        entry.revents & POLLIN != 0
            && entry.revents & (POLLERR | POLLHUP) == 0
            && has_read_end(entry.fd)
    });
    // Events of other clients may be in the same result. One event is enough to wake the server.
    let is_hangup = |events: u32| events & (EPOLLERR | EPOLLHUP) as u32 != 0;
    let mut events = sample.events.iter().filter(|(events, _)| !is_hangup(*events));
    let interests = sample.epoll_entries.as_deref().unwrap_or_default();
    let fd_of = |data: u64| entry_with(interests, data).map(|it| it.fd);
    by_poll || events.any(|(_, data)| fd_of(*data).is_some_and(has_read_end))
}

/// Whether the server has read the end of file, and has not closed the connection. The kernel counts
/// an end of file that was not read as one unread byte.
fn has_read_end_of_file(socket: &Socket) -> bool {
    socket.state == State::CloseWait && socket.unread == 0
}

/// The only entry of an interest list with this data. If several entries have the data, an event does
/// not show which of them it is about.
fn entry_with(list: &[EpollEntry], data: u64) -> Option<&EpollEntry> {
    let mut found = list.iter().filter(|entry| entry.data == data);
    found.next().filter(|_| found.next().is_none())
}

/// Whether the only event has the data of an entry whose data is its own descriptor, and the server
/// gives the other entries other data. EPOLL_CTL_MOD replaces the data as well as the events.
fn has_descriptor_in_place_of_slot(sample: &SyscallSample) -> bool {
    let interests = sample.epoll_entries.as_deref().unwrap_or_default();
    let is_own = |entry: &EpollEntry| entry.data as u32 == entry.fd as u32;
    let [(_, data)] = sample.events[..] else { return false };
    entry_with(interests, data).is_some_and(is_own)
        && interests.len() > 2
        && interests.iter().filter(|entry| is_own(entry)).count() == 1
}

/// The row of a server that gets the same epoll event again and again, and does not handle it.
fn ignored_event(run: &TestRun, sample: &SyscallSample, data: u64) -> Option<&'static str> {
    let interests = sample.epoll_entries.as_deref().unwrap_or_default();
    let entry = entry_with(interests, data)?;
    let open = run.server.descriptors().ok()?;
    let same = |target: &Target| *target == Target::Socket(entry.inode);
    if !open.iter().any(|it| it.fd == entry.fd && same(&it.target)) {
        return Some("stale-entry");
    }
    let socket = socket_at(run, &client_files(run), entry.fd)?;
    let end_of_file = u32::from(socket.state != State::Established);
    let has_bytes = socket.unread > end_of_file;
    (has_bytes && data as u32 == entry.fd as u32).then_some("fd-as-slot")
}

/// The row of a server that gets the same epoll event again and again, and makes no call on the
/// descriptor of the event's entry.
pub(super) fn unread_event(sample: &SyscallSample) -> Option<&'static str> {
    let interests = sample.epoll_entries.as_deref().unwrap_or_default();
    let (events, data) = sample.events.first()?;
    let entries: Vec<_> = interests.iter().filter(|entry| entry.data == *data).collect();
    let [entry] = entries[..] else { return (entries.len() > 1).then_some("same-data") };
    let is_of_entry = |call: &Call| call.arguments[0] as i32 == entry.fd;
    let is_used =
        sample.calls.iter().any(|(call, _)| !call.waits_for_readiness() && is_of_entry(call));
    (!is_used && events & EPOLLIN as u32 != 0).then_some("event-not-read")
}

/// Whether the server has a client's descriptor that is missing from the `pollfd` array.
fn misses_client(run: &TestRun, watched: &[PollEntry]) -> bool {
    open_connections(run).iter().any(|fd| !watched.iter().any(|entry| entry.fd == *fd))
}
