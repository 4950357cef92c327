//! The rows of a server that sleeps although it has something to do.

use super::client_files::client_files;
use crate::shared::wait_call::WaitCall;
use crate::test_run::TestRun;
use witness::{Call, EpollEntry, State};

/// The row of a server that sleeps in a call other than poll or epoll_wait.
pub(super) fn blocked_in(run: &TestRun, calls: &[Call]) -> Option<&'static str> {
    if is_blocked_in_accept(run, calls) {
        Some("blocking-accept")
    } else if is_blocked_by_client(run, calls) {
        Some("blocking-client")
    } else {
        None
    }
}

/// Whether the only thread that could serve clients sleeps in accept, although clients are
/// connected. Another thread that waits for readiness serves the clients.
pub(super) fn is_blocked_in_accept(run: &TestRun, calls: &[Call]) -> bool {
    let is_in_accept = calls.iter().any(|call| matches!(call.name(), "accept" | "accept4"));
    // Before the first client connects, the server may not have reached its first poll yet.
    is_in_accept && WaitCall::Any.find_in(calls).is_none() && !run.clients.is_empty()
}

/// Whether a thread sleeps in a read or a write of a client's connection.
pub(super) fn is_blocked_by_client(run: &TestRun, calls: &[Call]) -> bool {
    const CALLS: [&str; 6] = ["read", "recvfrom", "recvmsg", "write", "sendto", "sendmsg"];
    let files = client_files(run);
    let is_of_client = |fd: i32| files.iter().any(|(own, _)| *own == fd);
    calls.iter().any(|call| CALLS.contains(&call.name()) && is_of_client(call.arguments[0] as i32))
}

/// The row of a server that sleeps although a socket is readable. epoll has reported the event
/// once, and does not report the event again (epoll(7), EPOLLET and EPOLLONESHOT).
pub(super) fn missed_edge(run: &TestRun) -> Option<&'static str> {
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

/// The row of a server that sleeps in epoll_wait, with a level-triggered entry for a client that has
/// sent bytes. The kernel then waits for more bytes than the client has sent (socket(7), SO_RCVLOWAT).
pub(super) fn below_low_water_mark(run: &TestRun) -> Option<&'static str> {
    let interests = run.server.epoll_entries().ok()??;
    let has_unread = run.clients.iter().any(|client| {
        let inode = client.connection.inode();
        let entry = interests.iter().find(|entry| Some(entry.inode) == inode);
        let is_level = entry.is_some_and(|it| it.has(libc::EPOLLIN) && !it.has(libc::EPOLLET));
        let socket = run.server.connection(&client.connection).ok().flatten();
        is_level && socket.is_some_and(|it| it.state == State::Established && it.unread > 0)
    });
    has_unread.then_some("low-water-mark")
}
