//! Clients that leave together while the server is paused. When the server continues, one call of poll
//! or epoll_wait reports all of them, and a server that removes entries in its loop changes the array
//! that it goes over.

use super::super::service::expect_read;
use super::one_wakeup::with_lost_entry;
use super::{TrackedClient, arrive, disconnect_line, slot_text};
use crate::check_error::{CheckError, Failure};
use crate::log_event::LogEvent;
use crate::shared::departure::Departure;
use crate::shared::diagnosis;
use crate::test_run::TestRun;
use std::collections::BTreeSet;
use witness::WaitError;

/// The number of clients that are connected before some of them leave.
const CLIENTS: usize = 3;

/// The clients that leave together, by the order in which they came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leavers {
    FirstAndLast,
    LastTwo,
    All,
}

impl Leavers {
    fn take_from(self, live: &mut Vec<TrackedClient>) -> Vec<TrackedClient> {
        match self {
            Leavers::FirstAndLast => {
                let stays = live.split_off(1);
                let mut leavers = std::mem::replace(live, stays);
                leavers.extend(live.pop());
                leavers
            }
            Leavers::LastTwo => live.split_off(live.len() - 2),
            Leavers::All => std::mem::take(live),
        }
    }
}

/// Several clients leave while the server is paused, by FIN and by RST. Each must be logged once, with
/// its own numbers, and the other client must stay.
pub(super) fn expect_each_released(run: &mut TestRun) -> Result<(), CheckError> {
    let count = run.capacity.min(CLIENTS);
    let mut live = Vec::new();
    for (leavers, departure) in [
        (Leavers::FirstAndLast, Departure::Close),
        (Leavers::LastTwo, Departure::Reset),
        (Leavers::FirstAndLast, Departure::Reset),
        (Leavers::All, Departure::Close),
    ] {
        if count < CLIENTS && (count < 2 || leavers != Leavers::All) {
            continue;
        }
        while live.len() < count {
            let came = arrive(run)?;
            expect_free_slot(run, &live, &came)?;
            live.push(came);
        }
        let left = leavers.take_from(&mut live);
        leave_together(run, &left, departure)?;
        for stays in &live {
            let read = expect_read(run, &stays.client);
            read.map_err(|error| with_lost_entry(run, &live, error))?;
        }
    }
    Ok(())
}

/// A new client must get a slot that no other client has, and that a client has left.
fn expect_free_slot(
    run: &mut TestRun,
    live: &[TrackedClient],
    came: &TrackedClient,
) -> Result<(), CheckError> {
    let (name, slot) = (&came.client.name, slot_text(came.slot));
    let before = &run.server.log()[..run.step_log_start()];
    let used: BTreeSet<_> = before
        .iter()
        .filter_map(|line| match LogEvent::of(line)? {
            LogEvent::Accept { slot, .. } => Some(slot),
            _ => None,
        })
        .collect();
    let owner = live.iter().find(|other| other.slot == came.slot);
    let (id, mistake, summary) = match owner {
        Some(owner) => (
            "slot-given-twice",
            Some("slot-given-twice"),
            format!("{name} was given slot {slot}, which {} has.", owner.client.name),
        ),
        None if !used.contains(&came.slot) && used.len() > live.len() => (
            "slot-not-reused",
            None,
            format!("Clients have left, and {name} was given slot {slot}, which was never in use."),
        ),
        None => return Ok(()),
    };
    let observed = run.logged_text();
    let expected = format!("{name} gets a slot that a client has left");
    Err(run.fail_now(Failure { id, mistake, summary, expected, observed }))
}

/// The clients `left` leave while the server is paused.
fn leave_together(
    run: &mut TestRun,
    left: &[TrackedClient],
    departure: Departure,
) -> Result<(), CheckError> {
    // Wait until the server has sent its whole answers.
    let _ = run.check_alive();
    let names = names_of(left);
    run.while_paused(&format!("{names} {}", each(departure)), |_| {
        left.iter().for_each(|it| departure.apply(&it.client.connection));
    });

    let from = run.step_log_start();
    let logged = run.server.wait_for(|now| {
        let lines: Vec<_> = now.log()[from..].iter().filter_map(LogEvent::of).collect();
        Ok(left.iter().all(|it| lines.contains(&line_of(it))).then_some(()))
    });
    logged.map_err(|wait_error| not_all_logged(run, left, departure, wait_error))?;
    expect_one_line_each(run, left, departure)
}

/// When the server is idle again, the log must have no more lines than clients have left.
fn expect_one_line_each(
    run: &mut TestRun,
    left: &[TrackedClient],
    departure: Departure,
) -> Result<(), CheckError> {
    let _ = run.check_alive();
    let lines = run.server.log()[run.step_log_start()..].iter().filter_map(LogEvent::of);
    let count = lines.filter(|line| matches!(line, LogEvent::Disconnect { .. })).count();
    if count == left.len() {
        return Ok(());
    }
    let (names, observed) = (names_of(left), run.logged_text());
    Err(run.fail_now(Failure {
        id: "extra-disconnect-line",
        mistake: None,
        summary: format!(
            "{names} {} together, and the log has {count} [DISCONNECT] lines.",
            each(departure)
        ),
        expected: lines_of(left),
        observed,
    }))
}

/// The failure of a server that does not log each client that has left.
fn not_all_logged(
    run: &mut TestRun,
    left: &[TrackedClient],
    departure: Departure,
    wait_error: WaitError,
) -> CheckError {
    let lines = run.server.log()[run.step_log_start()..].iter().filter_map(LogEvent::of);
    let lines: Vec<_> = lines.collect();
    let missing = left.iter().find(|it| !lines.contains(&line_of(it)));
    let missing = missing.map_or_else(|| names_of(left), |it| it.client.name.clone());
    let (names, how) = (names_of(left), each(departure));
    let has_ended = matches!(wait_error, WaitError::Ended(_));
    let failure = Failure {
        id: "departure-missed",
        mistake: diagnosis::of(run, &wait_error),
        summary: if has_ended {
            format!("The server ended when {names} {how} together.")
        } else {
            format!("{names} {how} together, and the log has no [DISCONNECT] line for {missing}.")
        },
        expected: lines_of(left),
        observed: match &wait_error {
            WaitError::Idle { .. } => run.logged_text(),
            _ => wait_error.to_string(),
        },
    };
    let error = run.fail(wait_error, failure);
    // In a server that was paused, epoll_wait fails with EINTR (signal(7)).
    if has_ended { error.depends_on("interrupted") } else { error }
}

/// The line that the log must have for a client that has left.
fn line_of(left: &TrackedClient) -> LogEvent {
    LogEvent::Disconnect { fd: Some(left.fd), slot: left.slot }
}

fn lines_of(left: &[TrackedClient]) -> String {
    left.iter().map(disconnect_line).collect::<Vec<_>>().join(" · ")
}

/// The names in a sentence: "A, B and C".
fn names_of(left: &[TrackedClient]) -> String {
    let names: Vec<_> = left.iter().map(|it| it.client.name.as_str()).collect();
    match names.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        _ => names.concat(),
    }
}

/// What several clients did.
fn each(departure: Departure) -> &'static str {
    match departure {
        Departure::Reset => "reset their connections (RST)",
        _ => "left (FIN)",
    }
}
