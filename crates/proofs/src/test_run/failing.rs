//! From what a server did wrong to the cause that a learner reads.

use super::TestRun;
use crate::check_error::{CheckError, Failure, HarnessError};
use crate::evidence;
use crate::log_event::is_contract_line;
use course::report::{Cause, Step};
use witness::{Exit, IsolationLevel, Line, WaitError};

impl TestRun {
    /// The failure of this run, with its steps and the kernel's tables as they are now.
    pub(crate) fn fail(&mut self, wait_error: WaitError, failure: Failure) -> CheckError {
        // A machine that gave the server no processor time proves nothing about the server.
        if let Some(unseen) = self.server.cpu_starvation() {
            return unseen.into();
        }
        match wait_error {
            WaitError::Unobservable(unseen) => return unseen.into(),
            WaitError::Ended(Exit::NotExecuted(_)) => return self.not_executed(&wait_error),
            _ => {}
        }
        // The last step tells what the server does now.
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
        // A task still to do, or the server's end, explains more than what the check missed.
        let stderr = self.server.stderr();
        match (task_to_do(&stderr, self.lesson.id), &wait_error) {
            (Some(task), _) => explain_task(&mut cause, &task),
            (None, WaitError::Ended(exit)) => explain_end(&mut cause, exit, &stderr),
            _ => {}
        }
        CheckError::Failed(Box::new(cause))
    }

    /// The failure of a server whose answer is already wrong: the check waits for nothing more.
    pub(crate) fn fail_now(&mut self, failure: Failure) -> CheckError {
        // An idle server tells the reader more than a server in the middle of its work.
        let wait_error = match self.server.wait_idle() {
            Ok(calls) => WaitError::Idle { calls },
            Err(wait_error) => wait_error,
        };
        self.fail(wait_error, failure)
    }

    /// [`fail`](Self::fail) where a wait has failed, [`fail_now`](Self::fail_now) where none has.
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
                "the program runs as another user: check that others may enter every folder above it"
            }
            _ => "check that it is a program of this machine, or name its interpreter first",
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

/// The most log lines that one step quotes.
const MAX_QUOTED: usize = 4;

/// The first log lines that the contract defines.
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

/// The cause of a server that panicked at a task still to do.
fn explain_task(cause: &mut Cause, task: &str) {
    cause.id = "todo".to_owned();
    cause.mistake = None;
    cause.summary = format!("The server reached a task that is still to do: {task}");
}

/// The cause of a server that has ended. The last line on standard error says why.
fn explain_end(cause: &mut Cause, exit: &Exit, stderr: &str) {
    // The end, and the step that led to it, replace what the check missed.
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

/// The task and its place, of a panic at a `todo!`: `Task 2: accept the client … (src/server.rs:41)`.
/// The place may be in another lesson that this lesson builds on.
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
