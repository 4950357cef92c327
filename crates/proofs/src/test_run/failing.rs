//! Turns what a server did wrong into the cause that a learner reads.

use super::TestRun;
use crate::check_error::{CheckError, Failure, HarnessError};
use crate::evidence;
use crate::log_event::is_contract_line;
use course::report::{Cause, Step};
use witness::{Exit, IsolationLevel, Line, WaitError};

impl TestRun {
    /// The failure of this test run, with its steps and with the kernel's tables at this moment.
    pub(crate) fn fail(&mut self, wait_error: WaitError, failure: Failure) -> CheckError {
        // If the machine gave the server no processor time, the failure proves nothing about the
        // server.
        if let Some(unseen) = self.server.cpu_starvation() {
            return unseen.into();
        }
        match wait_error {
            WaitError::Unobservable(unseen) => return unseen.into(),
            WaitError::Ended(Exit::NotExecuted(_)) => return self.not_executed(&wait_error),
            _ => {}
        }
        // The last step says what the server does now.
        self.step(last_step(&wait_error));
        let mut cause = Cause {
            id: failure.id.to_owned(),
            mistake: failure.mistake.map(str::to_owned),
            summary: failure.summary,
            steps: self.steps_with_log(),
            expected: failure.expected,
            observed: failure.observed,
            evidence: evidence::tables(&self.server, &self.clients, &wait_error),
            replay: String::new(),
        };
        // If the server reached a task that is still to do, or has ended, this explains the failure
        // better than the check does.
        let stderr = self.server.stderr();
        match (task_to_do(&stderr, self.lesson.id), &wait_error) {
            (Some(task), _) => explain_task(&mut cause, &task),
            (None, WaitError::Ended(exit)) => explain_end(&mut cause, exit, &stderr),
            _ => {}
        }
        CheckError::Failed(Box::new(cause))
    }

    /// The failure of a server whose answer is already wrong. No wait has failed.
    pub(crate) fn fail_now(&mut self, failure: Failure) -> CheckError {
        // Wait until the server is idle. The tables of an idle server are clearer than the tables
        // of a server that is still working.
        let wait_error = match self.server.wait_idle() {
            Ok(calls) => WaitError::Idle { calls },
            Err(wait_error) => wait_error,
        };
        self.fail(wait_error, failure)
    }

    /// Calls [`fail`](Self::fail) if a wait has failed, and [`fail_now`](Self::fail_now) if no wait
    /// has failed.
    pub(crate) fn fail_after(
        &mut self,
        wait_error: Option<WaitError>,
        failure: Failure,
    ) -> CheckError {
        match wait_error {
            Some(wait_error) => self.fail(wait_error, failure),
            None => self.fail_now(failure),
        }
    }

    fn not_executed(&self, wait_error: &WaitError) -> CheckError {
        let advice = match self.server.isolation() {
            IsolationLevel::OtherUser => {
                "the program runs as another user: check that all users may enter the program's folders"
            }
            _ => "check that it is a program for this machine, or name its interpreter first",
        };
        let what = wait_error.to_string().replacen("the server ", "", 1);
        CheckError::Harness(HarnessError(format!("the command {what}; {advice}")))
    }

    fn steps_with_log(&self) -> Vec<Step> {
        let log = self.server.log();
        let ends = self.steps.iter().skip(1).map(|(_, at)| *at).chain([log.len()]);
        let steps = self.steps.iter().zip(ends);
        steps
            .map(|((text, from), to)| Step {
                did: text.clone(),
                logged: contract_lines(&log[*from..to]),
            })
            .collect()
    }
}

/// The maximum number of log lines that are shown for one step.
const MAX_QUOTED: usize = 4;

/// The first log lines whose tags the contract defines, at most [`MAX_QUOTED`].
pub(super) fn contract_lines(lines: &[Line]) -> Vec<String> {
    let lines = lines.iter().filter(|line| is_contract_line(line));
    lines.take(MAX_QUOTED).map(|line| line.text.clone()).collect()
}

fn last_step(wait_error: &WaitError) -> String {
    match wait_error {
        WaitError::Idle { calls } => match calls.first() {
            Some(call) => format!("the server is idle in {}", call.name()),
            None => "the server is idle".to_owned(),
        },
        WaitError::Spinning(sample) => {
            format!("the server keeps running and repeats the same calls: {sample}")
        }
        other => other.to_string(),
    }
}

/// Rewrites the cause of a server that panicked at a task that is still to do.
fn explain_task(cause: &mut Cause, task: &str) {
    cause.id = "todo".to_owned();
    cause.mistake = None;
    cause.summary = format!("The server reached a task that is still to do: {task}");
}

/// Rewrites the cause of a server that has ended. The last line on standard error usually says why.
fn explain_end(cause: &mut Cause, exit: &Exit, stderr: &str) {
    // The summary names the server's end and the step that led to it. The check's own summary is
    // less helpful.
    if let [.., step, _] = cause.steps.as_slice()
        && cause.id != "not-listening"
        && !cause.summary.starts_with("The server ended")
    {
        cause.summary = format!("The server {exit} when {}.", step.did);
    }
    let lines: Vec<_> = stderr.lines().filter(|line| !line.trim().is_empty()).collect();
    let last = lines.iter().rev().find(|line| !line.starts_with("note: run with"));
    cause.observed = match last {
        Some(line) => format!("the server {exit}; its last line on standard error: {line}"),
        None => format!("the server {exit} and wrote nothing to standard error"),
    };
}

/// The task at which the server panicked, and its place in the source. They come from the message
/// of `todo!`: `Task 2: accept the client … (src/server.rs:41)`. The place may be in an earlier
/// lesson, on which this lesson builds.
fn task_to_do(stderr: &str, lesson: &str) -> Option<String> {
    let (before, after) = stderr.split_once("not yet implemented: ")?;
    let task = after.lines().next()?;
    let place = before.lines().last()?.rsplit_once("panicked at ")?.1;
    let mut parts = place.trim_end_matches(':').rsplitn(2, ':');
    let (_column, place) = (parts.next()?, parts.next()?);
    let other = place.rfind("lessons/").filter(|at| !place[*at..].contains(lesson));
    let place = other.or_else(|| place.rfind("src/")).map_or(place, |at| &place[at..]);
    Some(format!("{task} ({place})"))
}
