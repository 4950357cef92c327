//! What a server's rest says about its mistake: the rows that any check may come across.
//!
//! A lesson has those of its own loop: where it has no row of that name, none is shown.

use super::wait_call::WaitCall;
use crate::test_run::{TestRun, has_result};
use witness::{Call, Interest, State, Strobe, Stuck, Target, Watched};

/// The Common Mistakes row that explains why the server is stuck, whatever was asked of it.
pub(crate) fn of(run: &TestRun, wait_error: &Stuck) -> Option<&'static str> {
    match wait_error {
        Stuck::Quiet { calls } => asleep(run, calls).or_else(|| unheard(run)),
        Stuck::Spinning(sample) => awake(run, sample),
        // epoll_ctl(2): EEXIST, as errno(3) and every standard library name it.
        Stuck::Ended(_) => run.server.stderr().contains("File exists").then_some("added-again"),
        _ => None,
    }
}

/// The row of a server that sleeps in another call for readiness than in `wait`.
pub(crate) fn elsewhere(wait: WaitCall, wait_error: &Stuck) -> Option<&'static str> {
    let Stuck::Quiet { calls } = wait_error else { return None };
    let other = wait.among(calls).is_none() && WaitCall::Any.among(calls).is_some();
    (wait == WaitCall::Epoll && other).then_some("poll-instead")
}

fn awake(run: &TestRun, sample: &Strobe) -> Option<&'static str> {
    let watched = sample.watched.as_deref().unwrap_or_default();
    if watched.iter().any(|entry| entry.revents & libc::POLLNVAL != 0) {
        // The place of the one that left was given up by somebody who is still here.
        let deaf = forgets_someone(run, watched);
        Some(if deaf { "wrong-entry-removed" } else { "stale-pollfd" })
    } else if sample.calls.iter().any(|(call, found)| *found == 0 && call.timeout() == Some(0)) {
        Some("zero-timeout")
    } else if has_result(sample, &["read", "recvfrom", "recvmsg", "readv"], |count| count == 0) {
        Some("spin-on-eof")
    } else if watched.iter().any(|entry| entry.revents == libc::POLLOUT)
        || sample.told.iter().any(|(events, _)| *events == libc::EPOLLOUT as u32)
    {
        Some("always-writable")
    } else if watched.iter().any(|entry| entry.revents & libc::POLLIN != 0) {
        // Readable, and never read: an end of file that nobody takes.
        Some("spin-on-eof")
    } else {
        sample.told.first().and_then(|(_, data)| unread(run, sample, *data))
    }
}

/// The row of a server that is told of an entry over and over, and reads nothing.
fn unread(run: &TestRun, sample: &Strobe, data: u64) -> Option<&'static str> {
    let interests = sample.interests.as_deref().unwrap_or_default();
    let entry = interests.iter().find(|entry| entry.data == data)?;
    let open = run.server.descriptors().ok()?;
    let same = |target: &Target| *target == Target::Socket(entry.inode);
    if !open.iter().any(|it| it.fd == entry.fd && same(&it.target)) {
        return Some("stale-entry");
    }
    let client =
        run.clients.iter().find(|client| client.connection.inode() == Some(entry.inode))?;
    let socket = run.server.connection(&client.connection).ok()??;
    // An end of file counts as one.
    let end = u32::from(socket.state != State::Established);
    let speaks = socket.unread > end;
    let by_number = data as u32 == entry.fd as u32;
    Some(if speaks && by_number { "fd-as-slot" } else { "spin-on-eof" })
}

/// A loop that sleeps elsewhere than in poll has made a call that blocks.
fn asleep(run: &TestRun, calls: &[Call]) -> Option<&'static str> {
    let is_in = |names: &[&str]| calls.iter().any(|call| names.contains(&call.name()));
    if is_in(&["accept", "accept4"]) {
        // Before the first client, nothing says that it would ever have polled.
        (!run.clients.is_empty()).then_some("blocking-accept")
    } else if is_in(&["read", "recvfrom", "recvmsg", "write", "sendto", "sendmsg"]) {
        Some("blocking-client")
    } else {
        None
    }
}

/// The row of a server that sleeps in epoll while something is left that it was told of once.
fn unheard(run: &TestRun) -> Option<&'static str> {
    let interests = run.server.interests().ok()??;
    let entry_of = |inode: u64| interests.iter().find(|entry| entry.inode == inode);
    let is_edge = |entry: &Interest| entry.has(libc::EPOLLET);
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

/// Whether the server has a client's descriptor that poll is not asked for.
fn forgets_someone(run: &TestRun, watched: &[Watched]) -> bool {
    run.clients.iter().any(|client| match run.server.descriptor_of(&client.connection) {
        Ok(Some(fd)) => !watched.iter().any(|entry| entry.fd == fd),
        _ => false,
    })
}
