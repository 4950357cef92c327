//! The evidence that each row of Common Mistakes needs.

use super::client_files::client_files;
use super::{sleeping, slot_log, spinning};
use crate::end_rows::may_explain_end;
use crate::log_event::LogEvent;
use crate::test_run::TestRun;
use crate::test_run::last_words::errno_in;
use libc::POLLIN;
use witness::{Errno, Exit, SignalNumber, Socket, State, Target, WaitError};

/// Whether the state of a server supports the row `row`, which a check has proposed. A row without
/// an entry here is one that the check has observed by itself, such as a wrong line in the log.
pub(super) fn holds(row: &str, run: &TestRun, wait_error: &WaitError) -> bool {
    if let WaitError::Ended(exit) = wait_error {
        return may_explain_end(row) && explains_exit(row, run, exit);
    }
    let calls = match wait_error {
        WaitError::Idle { calls } => calls.as_slice(),
        _ => &[],
    };
    let sample = match wait_error {
        WaitError::Spinning(sample) => Some(sample),
        _ => None,
    };
    match row {
        // The server sleeps in a call that only one client, or only a new client, can end.
        "blocking-accept" => sleeping::is_blocked_in_accept(run, calls),
        "blocking-client" => sleeping::is_blocked_by_client(run, calls) || has_blocking_client(run),
        // The server repeats the same calls.
        "spin-on-eof" => sample.is_some_and(|it| spinning::ignores_end_of_file(run, it)),
        "always-writable" => sample.is_some_and(spinning::is_always_writable),
        "zero-timeout" => {
            sample.is_some_and(spinning::has_zero_timeout) || wakes_by_short_timer(run, calls)
        }
        // The server has kept something of a client that has left.
        "forgot-close" => sample.is_none() && keeps_socket_after_end(run),
        // The server has noticed the end of each connection.
        "leave-not-announced" => !keeps_departed(run),
        "waits-for-hangup" => sample.is_none() && waits_only_for_hangup(run),
        "slot-never-freed" => slot_log::keeps_a_free_slot(run.server.log(), run.capacity),
        // A server that keeps a duplicate of every client's descriptor has another mistake.
        "reject-not-closed" => {
            (!run.logs_clients() || has_logged_reject(run)) && !keeps_duplicates(run)
        }
        // The server leaves clients in the listener's queue.
        "stops-accepting" => run.server.listener().ok().flatten().is_some_and(|it| it.unread > 0),
        "closes-listener" => matches!(run.server.listener(), Ok(None)),
        // These rows are about the server's end, and the server has not ended.
        "read-reset" | "write-reset" | "sigpipe" | "reset-ends-server" | "full-ends-server"
        | "accept-eagain" | "accept-emfile" | "eintr-ends-server" | "fork-ends-server"
        | "error-ends-server" | "added-again" => false,
        _ => true,
    }
}

/// Whether the way in which the server ended fits a row about the server's end.
fn explains_exit(row: &str, run: &TestRun, exit: &Exit) -> bool {
    let stderr = run.server.stderr();
    let says = |words: &[&str]| words.iter().any(|word| stderr.contains(word));
    // A trace of another error shows that what the row is about is not the reason.
    let may_be_about =
        |words: &[&str]| run.trace_message().is_none_or(|message| is_about(&message, words));
    match row {
        "sigpipe" => is_killed_by_pipe(exit),
        "read-reset" | "write-reset" | "reset-ends-server" => {
            matches!(exit, Exit::Status(_)) && may_be_about(&RESET)
        }
        // After a memory error, the server did not choose to end.
        _ if is_memory_error(run, exit) && is_choice_to_end(row) => false,
        "eintr-ends-server" => may_be_about(&EINTR),
        "accept-eagain" => may_be_about(&ACCEPT_AGAIN),
        "accept-emfile" => may_be_about(&EMFILE),
        "fork-ends-server" => may_be_about(&FORK),
        "closes-listener" => says(&["Bad file descriptor", "EBADF"]),
        "added-again" => says(&["File exists", "EEXIST"]),
        "incr-wraps" => says(&["overflow"]),
        _ => true,
    }
}

/// Whether the program has written to a connection that was gone, and SIGPIPE has ended it (pipe(7)).
pub(super) fn is_killed_by_pipe(exit: &Exit) -> bool {
    *exit == Exit::Signal(SignalNumber(libc::SIGPIPE))
}

/// Whether a server with a table of clients has ended by itself, with a last line on standard error
/// that says EINTR. Such a server has one call that a signal interrupts: the call in which it waits.
pub(super) fn names_interrupted_call(run: &TestRun, exit: &Exit) -> bool {
    let stderr = run.server.stderr();
    let last = stderr.lines().rev().find(|line| !line.trim().is_empty());
    run.lesson.capacity > 0
        && matches!(exit, Exit::Status(status) if *status != 0)
        && last.and_then(errno_in) == Some(Errno::EINTR)
}

/// Words in the messages of the errors that a row is about: the errnos, their texts (errno(3)), and
/// the system call.
const RESET: [&str; 7] =
    ["reset", "pipe", "econn", "epipe", "os error 104", "os error 32", "not connected"];
const EINTR: [&str; 4] = ["interrupt", "eintr", "os error 4", "errno 4"];
const ACCEPT_AGAIN: [&str; 8] =
    ["accept", "abort", "again", "unavailable", "block", "interrupt", "eintr", "os error"];
const EMFILE: [&str; 4] = ["accept", "too many open", "emfile", "os error 24"];
const FORK: [&str; 4] = ["fork", "unavailable", "eagain", "os error 11"];

/// Whether a row is about a server that ends because a call has failed.
fn is_choice_to_end(row: &str) -> bool {
    const ROWS: [&str; 6] = [
        "accept-eagain",
        "accept-emfile",
        "eintr-ends-server",
        "error-ends-server",
        "fork-ends-server",
        "full-ends-server",
    ];
    ROWS.contains(&row)
}

/// Whether the server ended because it used memory that is not its own: a signal of the processor
/// says so (signal(7)), or the report of a sanitizer.
fn is_memory_error(run: &TestRun, exit: &Exit) -> bool {
    const SIGNALS: [i32; 3] = [libc::SIGSEGV, libc::SIGBUS, libc::SIGILL];
    match exit {
        Exit::Signal(SignalNumber(signal)) if SIGNALS.contains(signal) => true,
        _ => run.trace_message().is_some_and(|message| message.contains("Sanitizer")),
    }
}

/// Whether a message has one of these words, in capital or in small letters.
fn is_about(message: &str, words: &[&str]) -> bool {
    let message = message.to_lowercase();
    words.iter().any(|word| message.contains(word))
}

/// Whether a client's descriptor is in blocking mode.
fn has_blocking_client(run: &TestRun) -> bool {
    client_files(run).iter().any(|(fd, _)| {
        let flags = run.server.process().flags(*fd);
        matches!(flags, Ok(Some(flags)) if flags & libc::O_NONBLOCK == 0)
    })
}

/// Whether the server wakes up every few milliseconds to read the clock. Only the lesson about the
/// key-value store has a row for this.
fn wakes_by_short_timer(run: &TestRun, calls: &[witness::Call]) -> bool {
    let longest = if run.lesson_id() == "w09-l01" { 1000 } else { 0 };
    calls.iter().filter_map(|call| call.timeout()).any(|millis| (0..=longest).contains(&millis))
}

/// Whether the server has a socket whose client has left, although the server has read the end of
/// file or the connection was reset. The kernel counts an unread end of file as one unread byte.
fn keeps_socket_after_end(run: &TestRun) -> bool {
    let has_read_end = |socket: &Socket| socket.state == State::CloseWait && socket.unread == 0;
    let of_clients = client_files(run).iter().any(|(_, client)| {
        let socket = run.server.connection(client);
        socket.is_ok_and(|socket| socket.is_none_or(|socket| has_read_end(&socket)))
    });
    of_clients || has_dead_socket(run, has_read_end)
}

/// Whether the server has a descriptor of a client that has sent a FIN, or whose connection was reset.
fn keeps_departed(run: &TestRun) -> bool {
    client_files(run).iter().any(|(_, client)| {
        let socket = run.server.connection(client);
        socket.is_ok_and(|socket| socket.is_none_or(|it| it.state == State::CloseWait))
    })
}

/// Whether a socket that belongs to no named client has no connection any more, or fulfils
/// `is_dead`.
fn has_dead_socket(run: &TestRun, is_dead: impl Fn(&Socket) -> bool) -> bool {
    let (Ok(open), Ok(sockets)) = (run.server.descriptors(), run.server.sockets()) else {
        return false;
    };
    open.iter().any(|descriptor| match descriptor.target {
        Target::Socket(inode) => sockets.iter().find(|it| it.inode == inode).is_some_and(&is_dead),
        Target::Other(_) => false,
    })
}

/// Whether the server has read the end of file of a client, and its entry for this client waits only
/// for POLLHUP or EPOLLHUP.
fn waits_only_for_hangup(run: &TestRun) -> bool {
    let (poll, epoll) = (run.server.poll_entries(), run.server.epoll_entries());
    let events_of = |fd: i32, inode: Option<u64>| {
        let in_array = poll.as_ref().ok()?.as_ref().and_then(|array| {
            array.iter().find(|entry| entry.fd == fd).map(|entry| i32::from(entry.events))
        });
        in_array.or_else(|| {
            let list = epoll.as_ref().ok()?.as_ref()?;
            list.iter().find(|it| Some(it.inode) == inode).map(|it| it.events as i32)
        })
    };
    client_files(run).iter().any(|(fd, client)| {
        let socket = run.server.connection(client).ok().flatten();
        let has_read_end =
            socket.is_some_and(|socket| socket.state == State::CloseWait && socket.unread == 0);
        let events = events_of(*fd, client.inode());
        has_read_end && events.is_some_and(|events| events & i32::from(POLLIN) == 0)
    })
}

fn has_logged_reject(run: &TestRun) -> bool {
    run.server.log().iter().any(|line| LogEvent::of(line) == Some(LogEvent::Reject))
}

/// Whether the server has a client's connection open under two numbers.
fn keeps_duplicates(run: &TestRun) -> bool {
    let files = client_files(run);
    files.iter().enumerate().any(|(at, (_, client))| {
        files[..at].iter().any(|(_, other)| other.inode() == client.inode())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_of_another_error_does_not_explain_the_end() {
        let bounds = "index out of bounds: the len is 0 but the index is 0";
        assert!(!is_about(bounds, &EINTR) && !is_about(bounds, &ACCEPT_AGAIN));
        assert!(is_about("InterruptedError: [Errno 4] Interrupted system call", &EINTR));
        let aborted = "Os { code: 103, message: \"Software caused connection abort\" }";
        assert!(is_about(aborted, &ACCEPT_AGAIN));
        assert!(is_about("OSError: [Errno 24] Too many open files", &EMFILE));
        assert!(is_about("BlockingIOError: [Errno 11] Resource temporarily unavailable", &FORK));
        assert!(is_about("Error: read ECONNRESET", &RESET));
    }
}
