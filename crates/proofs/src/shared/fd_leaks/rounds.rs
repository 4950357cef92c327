//! Rounds of clients that connect and leave, several at a time.

use super::{ROUND, connect_unnamed, count_open};
use crate::check_error::{CheckError, Failure};
use crate::log_event::LogEvent;
use crate::shared::departure::Departure;
use crate::shared::descriptors::socket_inodes;
use crate::shared::watch_entries::{WatchedFile, current_entries};
use crate::shared::{WaitCall, diagnosis};
use crate::test_run::TestRun;
use witness::{Client, Line, Target, Unobservable, WaitError};

/// How many clients the server has served.
pub(super) struct Round {
    /// The number of clients that the server has accepted and that have left.
    pub(super) served: usize,
    /// The number of clients that should connect and leave.
    pub(super) total: usize,
}

/// Connects and disconnects [`ROUND`] clients, several at a time. The clients leave by each kind of
/// departure. The last step says how many have left. Returns the number of descriptors that the
/// server has afterwards.
pub(super) fn connect_and_leave(run: &mut TestRun, round: &mut Round) -> Result<usize, CheckError> {
    let batch = run.batch_size()?.min(run.capacity.saturating_sub(1)).max(1);
    let mut left = ROUND;
    while left > 0 {
        let count = batch.min(left);
        let connected = (0..count).map(|_| connect_unnamed(run));
        let clients = connected.collect::<Result<Vec<_>, _>>()?;
        expect_accepted(run, &clients, round)?;
        for (index, client) in clients.iter().enumerate() {
            Departure::ALL[(left + index) % 3].apply(client);
        }
        let gone = round.served - Departure::ALL.len() + count;
        run.rewrite_step(format!("{gone} clients connected, and left by FIN, RST or half-close"));
        expect_closed(run, &clients)?;
        round.served += count;
        left -= count;
    }
    // Wait until the server is idle: it may have closed a client's socket before another file.
    let _ = run.check_alive();
    Ok(run.server.descriptors()?.len())
}

fn expect_accepted(run: &mut TestRun, clients: &[Client], round: &Round) -> Result<(), CheckError> {
    let accepted = run.server.wait_for(|now| {
        let is_rejected = clients.iter().any(|client| client.ended().is_some());
        let is_done = is_rejected || count_open(now, clients)? == clients.len();
        Ok(is_done.then_some(is_rejected))
    });
    let wait_error = match accepted {
        Ok(false) => return Ok(()),
        Ok(true) => None,
        Err(wait_error) => Some(wait_error),
    };
    let rejected = clients.iter().filter(|client| client.ended().is_some()).count();
    let served = round.served + count_open(&run.server, clients)?;
    let listener = unwatched_listener(run)?;
    let summary = match (&wait_error, &listener) {
        (Some(WaitError::Ended(_)), _) => "The server ended while clients connected.".to_owned(),
        (None, _) => format!(
            "{} closed, although {} of {served} clients had left before.",
            if rejected == 1 {
                "1 new client was".to_owned()
            } else {
                format!("{rejected} new clients were")
            },
            round.served
        ),
        (Some(_), Some(fd)) => format!(
            "The server accepted {served} clients and no client after them: it does not wait for \
             its listener, descriptor {fd}."
        ),
        (Some(_), None) => {
            format!("The server accepted {served} clients, and no client after them.")
        }
    };
    let mistake = match &wait_error {
        Some(wait_error) => diagnosis::of(run, wait_error),
        None => never_frees(run, round.served).then_some("slot-never-freed"),
    };
    let failure = Failure {
        id: "stopped-serving",
        mistake,
        summary,
        expected: format!("{} clients are accepted, one after the other", round.total),
        observed: match &wait_error {
            Some(wait_error) => wait_error.to_string(),
            None => format!("{rejected} clients read an end of file, and {}", rejections(run)),
        },
    };
    Err(run.fail_after(wait_error, failure))
}

/// The `[REJECT]` lines of the log, for a sentence.
fn rejections(run: &TestRun) -> String {
    let is_reject = |line: &&Line| LogEvent::of(line) == Some(LogEvent::Reject);
    let lines: Vec<_> = run.server.log().iter().filter(is_reject).collect();
    match lines.last() {
        Some(last) => format!("the log has {} lines like {}", lines.len(), last.text),
        None => "the log has no [REJECT] line".to_owned(),
    }
}

/// Whether the server has logged the departure of each client that has left, and rejects new
/// clients nevertheless.
fn never_frees(run: &TestRun, left: usize) -> bool {
    let events: Vec<_> = run.server.log().iter().filter_map(LogEvent::of).collect();
    let count = |is_such: fn(&LogEvent) -> bool| events.iter().filter(|it| is_such(it)).count();
    count(|event| matches!(event, LogEvent::Disconnect { .. })) >= left
        && count(|event| matches!(event, LogEvent::Reject)) > 0
}

/// The descriptor of the listener, if the server is asleep and does not wait for the listener.
fn unwatched_listener(run: &TestRun) -> Result<Option<i32>, Unobservable> {
    let entries = current_entries(&run.server, &run.clients, WaitCall::Any)?;
    let (Some(entries), Some(socket)) = (entries, run.server.listener()?) else { return Ok(None) };
    if entries.iter().any(|entry| entry.file == WatchedFile::Socket(socket.inode)) {
        return Ok(None);
    }
    let open = run.server.descriptors()?;
    Ok(open.iter().find(|it| it.target == Target::Socket(socket.inode)).map(|it| it.fd))
}

/// Waits until the server has no descriptor for any of the clients.
fn expect_closed(run: &mut TestRun, clients: &[Client]) -> Result<(), CheckError> {
    let closed = run.server.wait_for(|now| {
        let open = socket_inodes(now)?;
        let is_open = |client: &Client| client.inode().is_some_and(|inode| open.contains(&inode));
        Ok((!clients.iter().any(is_open)).then_some(()))
    });
    let Err(wait_error) = closed else { return Ok(()) };
    let left = count_open(&run.server, clients)?;
    let mistake = diagnosis::of(run, &wait_error);
    let failure = super::more_descriptors(left, mistake, &wait_error);
    Err(run.fail(wait_error, failure))
}
