//! Children that end as soon as they are forked, because their clients have left before.

use crate::check_error::{CheckError, Failure};
use crate::fork_server::children::stopped_serving;
use crate::fork_server::process_evidence;
use crate::fork_server::queued::leave_in_queue;
use crate::shared::departure::Departure;
use crate::test_run::TestRun;
use witness::{Line, WaitError};

/// Clients leave while they wait in the listener's queue. A child that ends before the parent has
/// returned from fork is reaped and logged like any other. Which children there were, the `[FORK]` lines
/// say: a child that has ended and was reaped left nothing else.
pub(super) fn end_at_once(run: &mut TestRun) -> Result<(), CheckError> {
    leave_in_queue(run, Departure::Close).map_err(|error| error.depends_on("hangup"))?;
    let from = run.step_log_start();
    let logged =
        run.server.wait_for(|now| Ok(missing(&now.log()[from..]).is_empty().then_some(())));
    match logged {
        Ok(()) => Ok(()),
        Err(wait_error @ WaitError::Ended(_)) => Err(stopped_serving(run, wait_error)),
        Err(wait_error) => Err(not_logged(run, from, wait_error)),
    }
}

/// The process ids of the `[FORK]` lines that no `[REAP]` line names.
fn missing(log: &[Line]) -> Vec<i32> {
    let lines: Vec<&str> = log.iter().map(|line| line.text.as_str()).collect();
    named_once(&lines.join("\n"))
}

/// The process ids of the `[FORK]` lines that the text does not name a second time. A handler may write
/// its line between two writes of the loop, for instance before the newline. Therefore the lines are not
/// told apart.
fn named_once(text: &str) -> Vec<i32> {
    let named = pids(text);
    let forked = text.split("[FORK]").skip(1).filter_map(|rest| {
        let line = rest.lines().next()?;
        pids(line).first().copied()
    });
    forked.filter(|pid| named.iter().filter(|it| *it == pid).count() < 2).collect()
}

/// The process ids that a text names.
fn pids(text: &str) -> Vec<i32> {
    let numbers = text.split("pid=").skip(1).map(|rest| {
        let end = rest.find(|next: char| !next.is_ascii_digit()).unwrap_or(rest.len());
        &rest[..end]
    });
    numbers.filter_map(|number| number.parse().ok()).collect()
}

fn not_logged(run: &mut TestRun, from: usize, wait_error: WaitError) -> CheckError {
    let zombies = match run.server.zombies() {
        Ok(zombies) => zombies.len(),
        Err(unseen) => return unseen.into(),
    };
    let pids = missing(&run.server.log()[from..]);
    let (count, first) = (pids.len(), pids.first().copied().unwrap_or_default());
    let failure = Failure {
        id: "reap-line",
        summary: match zombies {
            0 => format!(
                "Children ended as soon as they were forked. They were reaped, and {count} of them \
                 have no [REAP] line."
            ),
            _ => {
                format!("Children ended as soon as they were forked, and {zombies} are not reaped.")
            }
        },
        expected: "one [REAP] line for the child of each [FORK] line".to_owned(),
        observed: format!("no [REAP] line names {first}"),
        ..Failure::default()
    };
    let error = process_evidence::fail(run, Some(wait_error), failure);
    if zombies == 0 { error } else { error.depends_on("no-zombies") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_with_one_line_is_missing_also_among_mixed_lines() {
        assert_eq!(named_once("[FORK] pid=1 fd=4\n[REAP] pid=1 status=0"), []);
        assert_eq!(named_once("[FORK] pid=1\n[FORK] pid=11\n[REAP] pid=11 status=0"), [1]);
        assert_eq!(named_once("[REAP] pid=1 status=0\n[FORK] pid=2[REAP] pid=2 signal=9\n"), []);
        assert_eq!(named_once("[FORK] fd=4 pid=3\n[FORK] pid=2[REAP] pid=3 status=0\n"), [2]);
        assert_eq!(named_once("[FORK][REAP] pid=1 status=0\n pid=2\n[FORK] pid=1\n"), []);
    }
}
