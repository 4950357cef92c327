//! Why the `[REAP]` lines are not the right ones.

use super::ended_child::EndedChild;
use super::reap_lines::{ReapLine, exit_status, lines_of, signal, wanted_line};
use crate::check_error::{CheckError, Failure};
use crate::fork_server::children::{stopped_serving, wait_settled};
use crate::fork_server::process_evidence;
use crate::test_run::TestRun;
use witness::{Signal, Unobservable, WaitError};

type Reason = (Option<&'static str>, String);

/// The failure of a server that has not written one right line for each of the children.
pub(super) fn explain(
    run: &mut TestRun,
    ended: &[EndedChild],
    lines: &[ReapLine],
    wait_error: Option<WaitError>,
) -> CheckError {
    if let Some(error @ WaitError::Ended(_)) = wait_error {
        return stopped_serving(run, error);
    }
    let zombies = match run.server.zombies() {
        Ok(zombies) => zombies,
        Err(unseen) => return unseen.into(),
    };
    let is_zombie = |child: &&EndedChild| zombies.contains(&child.child.process);
    if let Some(child) = ended.iter().find(is_zombie) {
        let count = ended.iter().filter(is_zombie).count();
        return not_reaped(run, child, (count, ended.len()), wait_error);
    }
    let (wrong, (mistake, summary)) = match reason(run, ended, lines) {
        Ok(reason) => reason,
        Err(unseen) => return unseen.into(),
    };
    let failure = Failure {
        id: "reap-line",
        mistake,
        summary,
        expected: wrong.map_or_else(
            || "one [REAP] line for each child that has ended".to_owned(),
            wanted_line,
        ),
        observed: observed(run, wrong, lines),
    };
    process_evidence::fail(run, wait_error, failure)
}

/// The failure of a server that has left children unreaped.
fn not_reaped(
    run: &mut TestRun,
    first: &EndedChild,
    (left, all): (usize, usize),
    wait_error: Option<WaitError>,
) -> CheckError {
    // A server that still works may reap the others later.
    let is_at_rest = matches!(wait_error, None | Some(WaitError::Idle { .. }));
    let is_part = is_at_rest && left < all && reaps_a_part(run, left, all);
    let summary = match all {
        _ if !is_at_rest => {
            format!("{all} children ended together, and {left} are not reaped yet.")
        }
        1 => format!("{} has ended, and the server has not reaped it.", first.child.name),
        _ => format!("{all} children ended together, and {left} of them were not reaped."),
    };
    let failure = Failure {
        id: "zombies",
        mistake: is_part.then_some("reaps-one"),
        summary,
        expected: "no zombie".to_owned(),
        observed: match &wait_error {
            Some(WaitError::Spinning(sample)) => {
                format!("{left} zombies, and the server {}", sample.activity())
            }
            Some(other) if !is_at_rest => format!("{left} zombies, and {other}"),
            _ => format!("{left} zombies when the server was idle"),
        },
    };
    let error = process_evidence::fail(run, wait_error, failure);
    if left == all { error.depends_on("no-zombies") } else { error }
}

/// Whether the server reaps one child, or a fixed number of children, for each signal: of the `all`
/// children that have ended together, `left` are left, and another signal leaves fewer. A server may also
/// reap the child that the signal names: it has reaped one.
fn reaps_a_part(run: &mut TestRun, left: usize, all: usize) -> bool {
    if left + 1 == all {
        return true;
    }
    run.step("another SIGCHLD was sent (kill(2))");
    run.server.signal_process(run.server.process(), Signal::SIGCHLD);
    let _ = wait_settled(run);
    run.server.zombies().is_ok_and(|zombies| zombies.len() < left)
}

/// The child whose line is wrong, if it is the line of one child, and the reason.
fn reason<'a>(
    run: &TestRun,
    ended: &'a [EndedChild],
    lines: &[ReapLine],
) -> Result<(Option<&'a EndedChild>, Reason), Unobservable> {
    // A line of a child says how the child has ended, and says so wrongly.
    for child in ended {
        if let [line] = lines_of(lines, child).as_slice()
            && !line.is_right(child.status)
        {
            return Ok((Some(child), wrong_end(child, line)));
        }
    }
    // A line names something that is no child.
    if let Some(ReapLine { pid: Some(pid @ ..=0), .. }) =
        lines.iter().find(|line| line.pid.is_some_and(|pid| pid <= 0))
    {
        let text = format!("A [REAP] line names process {pid}, which is no child.");
        return Ok((None, (Some("reap-logs-zero"), text)));
    }
    // Another line is missing, or there is one too many.
    for child in ended {
        let name = &child.child.name;
        match lines_of(lines, child).len() {
            0 => return Ok((Some(child), missing(run, child, lines)?)),
            1 => {}
            count => {
                let text = format!("{name} was reaped once, and logged {count} times.");
                return Ok((Some(child), (None, text)));
            }
        }
    }
    let running = running_pid(run, lines)?;
    let what = running.map_or("no child that has ended".to_owned(), |pid| {
        format!("process {pid}, which still runs")
    });
    Ok((None, (running.map(|_| "wrong-pid"), format!("A [REAP] line names {what}."))))
}

/// The line names the child, and not how the child has ended.
fn wrong_end(child: &EndedChild, line: &ReapLine) -> Reason {
    let name = &child.child.name;
    match (exit_status(child.status), line.status, line.signal) {
        (Some(wanted), Some(logged), _) if logged == child.status && logged != wanted => (
            Some("raw-status"),
            format!(
                "{name} exited with status {wanted}, and the log has {logged}: {wanted} × 256."
            ),
        ),
        (Some(wanted), Some(logged), None) => {
            (None, format!("{name} exited with status {wanted}, and the log says status {logged}."))
        }
        (Some(wanted), _, Some(_)) => {
            (None, format!("{name} exited with status {wanted}, and the log names a signal."))
        }
        (None, Some(_), _) => (
            Some("signal-as-status"),
            format!(
                "Signal {} killed {name}, and the log gives it an exit status.",
                signal(child.status)
            ),
        ),
        (None, None, Some(logged)) => (
            (logged == 9).then_some("always-nine"),
            format!("Signal {} killed {name}, and the log says {logged}.", signal(child.status)),
        ),
        (_, None, None) => {
            (None, format!("{name} has a [REAP] line, which has neither a status nor a signal."))
        }
    }
}

/// No line names the child.
fn missing(run: &TestRun, child: &EndedChild, lines: &[ReapLine]) -> Result<Reason, Unobservable> {
    let name = &child.child.name;
    Ok(match running_pid(run, lines)? {
        Some(pid) => (
            Some("wrong-pid"),
            format!("{name} has ended, and the log names process {pid}, which still runs."),
        ),
        None => (
            lines.is_empty().then_some("reaps-silently"),
            format!("{name} was reaped, and no [REAP] line names it."),
        ),
    })
}

/// The process id of a line that names a process of the server that still runs.
fn running_pid(run: &TestRun, lines: &[ReapLine]) -> Result<Option<i32>, Unobservable> {
    for process in run.server.processes()? {
        let pids = process.ids()?;
        let named = lines.iter().filter_map(|line| line.pid).find(|pid| pids.contains(pid));
        if named.is_some() && !process.is_zombie()? {
            return Ok(named);
        }
    }
    Ok(None)
}

/// What was logged for the child, or how many lines were logged.
fn observed(run: &TestRun, wrong: Option<&EndedChild>, lines: &[ReapLine]) -> String {
    let from = run.step_log_start();
    let pids = wrong.map(|child| child.child.pids.clone()).unwrap_or_default();
    let names = |text: &str| pids.iter().any(|pid| text.contains(&format!("pid={pid}")));
    let log = &run.server.log()[from..];
    let reaps = log.iter().filter(|line| line.tag() == Some("REAP"));
    let mut of_child = reaps.filter(|line| names(&line.text));
    match (of_child.next(), lines.len()) {
        (Some(line), _) => line.text.clone(),
        (None, 0..=3) => run.logged_text(),
        (None, count) => format!("{count} [REAP] lines"),
    }
}
