//! Turns what a server did wrong into the cause that a learner reads.

use super::{TestRun, diagnosis};
use crate::check_error::{CheckError, Failure, HarnessError};
use crate::evidence;
use crate::log_event::is_contract_line;
use course::report::{Cause, Step};
use std::time::Duration;
use witness::{Call, Exit, IsolationLevel, LimitKind, Line, WaitError};

impl TestRun {
    /// The failure of this test run, with its steps and with the kernel's tables at this moment.
    pub(crate) fn fail(&mut self, wait_error: WaitError, failure: Failure) -> CheckError {
        self.fail_in_time(wait_error, failure, Self::explain)
    }

    /// The failure of a program that has not refused its arguments or its settings. Such a program
    /// may have reached a task that is still to do. If this is not the first task, the program should
    /// have ended before, and the task does not explain the failure.
    pub(crate) fn fail_to_refuse(&mut self, wait_error: WaitError, failure: Failure) -> CheckError {
        self.fail_in_time(wait_error, failure, Self::explain_not_refused)
    }

    fn fail_in_time(
        &mut self,
        wait_error: WaitError,
        failure: Failure,
        explain: fn(&TestRun, &mut Cause, &WaitError),
    ) -> CheckError {
        match self.out_of_time(&wait_error) {
            Some(text) if self.server.cpu_starvation().is_none() => CheckError::OutOfTime(text),
            _ => {
                let failure = self.if_busy_client(&wait_error, failure);
                self.fail_surely(wait_error, failure, explain)
            }
        }
    }

    /// The failure of a client that repeats calls, and does not sleep until something happens. If the
    /// check has found a row, this row says more.
    fn if_busy_client(&self, wait_error: &WaitError, failure: Failure) -> Failure {
        match wait_error {
            WaitError::Spinning(sample) if self.lesson.is_client && failure.mistake.is_none() => {
                let activity = sample.activity();
                Failure {
                    mistake: diagnosis::of_busy_client(sample),
                    summary: format!("The client does not sleep while it waits: it {activity}."),
                    ..failure
                }
            }
            _ => failure,
        }
    }

    /// The failure of this test run, also if the time of the check is over. `explain` completes the
    /// cause with what the program has done.
    fn fail_surely(
        &mut self,
        wait_error: WaitError,
        mut failure: Failure,
        explain: fn(&TestRun, &mut Cause, &WaitError),
    ) -> CheckError {
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
        if let Some(text) = self.out_of_life(&wait_error) {
            return CheckError::Inconclusive(text);
        }
        // What the check has asked is not the reason if the server had ended before. A client ends
        // when its conversation is over, so its end explains nothing by itself.
        let is_client = self.lesson.is_client;
        let has_ended = matches!(wait_error, WaitError::Ended(_)) && !is_client;
        if has_ended && self.remove_steps_after_end() {
            failure.mistake = None;
            failure.summary = "The server ended.".to_owned();
        }
        let mistake = match is_client {
            true => failure.mistake,
            false => diagnosis::supported(self, &wait_error, failure.mistake),
        };
        // The last step says what the server does now.
        let last = self.last_step(&wait_error);
        self.step(last);
        let mut cause = Cause {
            id: failure.id.to_owned(),
            mistake: mistake.map(str::to_owned),
            summary: failure.summary,
            steps: self.steps_with_output(),
            expected: failure.expected,
            observed: failure.observed,
            exit: None,
            evidence: evidence::tables(&self.server, &self.clients, &wait_error, self.noun()),
            replay: String::new(),
        };
        explain(self, &mut cause, &wait_error);
        CheckError::Failed(Box::new(cause))
    }

    fn explain_not_refused(&self, cause: &mut Cause, wait_error: &WaitError) {
        match self.later_task_to_do() {
            Some(task) => cause.observed = format!("the {} {}", self.noun(), task.reached()),
            None => self.explain(cause, wait_error),
        }
    }

    /// Completes a cause. If the program reached a task that is still to do, or has ended, this
    /// explains the failure better than the check does.
    fn explain(&self, cause: &mut Cause, wait_error: &WaitError) {
        if !self.explain_task(cause)
            && let WaitError::Ended(exit) = wait_error
        {
            match self.lesson.is_client {
                true => self.explain_end_of_client(cause, exit),
                false => self.explain_end(cause, exit),
            }
        }
    }

    /// Why a time-out is no failure. Earlier waits may have used most of the criterion's time. Then
    /// the last wait was too short to show that the server never does what it waits for. A server
    /// that used little processor time was asleep, and whether something would have woken it could
    /// not be seen.
    fn out_of_time(&self, wait_error: &WaitError) -> Option<String> {
        let WaitError::TimedOut { after, doing } = wait_error else { return None };
        let more = (self.timeout * 6).as_secs().min(3600);
        let was_asleep = self.server.cpu_time().is_ok_and(|used| used * 5 < *after);
        (*after < self.timeout / 2 || was_asleep).then(|| {
            format!(
                "the {} s of this criterion were over while the {} was still {doing}; what was \
                 checked before was right. Give it more time with --timeout {more}",
                self.timeout.as_secs_f64(),
                self.noun()
            )
        })
    }

    /// Why the limit of wall time is no failure. A criterion has less time than the server may live.
    /// If the server was ended because of its age, this machine was too slow for the check.
    fn out_of_life(&self, wait_error: &WaitError) -> Option<String> {
        let WaitError::Ended(Exit::LimitExceeded(LimitKind::Wall, limits)) = wait_error else {
            return None;
        };
        (limits.wall > self.timeout * 2).then(|| {
            format!(
                "the machine was too slow for this check: it was not over when the server had run \
                 for {} s; try again later, or with less beside it",
                limits.wall.as_secs()
            )
        })
    }

    /// The failure of a server whose answer is already wrong. No wait has failed.
    pub(crate) fn fail_now(&mut self, failure: Failure) -> CheckError {
        // Wait until the server is idle. The tables of an idle server are clearer than the tables
        // of a server that is still working. A server that never becomes idle is wrong all the same,
        // also if this machine was too busy to see what it does.
        let at_rest = match rest_of(self.server.wait_idle_within(LONGEST_REST)) {
            WaitError::Unobservable(_) => {
                WaitError::TimedOut { after: LONGEST_REST, doing: "running".to_owned() }
            }
            seen => seen,
        };
        self.fail_surely(at_rest, failure, Self::explain)
    }

    /// Waits until the server is idle, and says so in the form of a wait's error. If the server ends
    /// or stays busy, the result says this. A server that ends closes its connections first.
    pub(crate) fn at_rest(&mut self) -> WaitError {
        rest_of(self.server.wait_idle())
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

    /// What the server does now, as the text of the last step.
    fn last_step(&self, wait_error: &WaitError) -> String {
        let noun = self.noun();
        match wait_error {
            WaitError::Idle { calls } if self.leaves_processes() && !calls.is_empty() => {
                let calls = evidence::calls_text(&self.server, &self.clients, calls);
                format!("the {noun} has ended, and a process that it has started sleeps in {calls}")
            }
            // The program may have ended after the wait.
            WaitError::Idle { calls } if calls.is_empty() || self.server.exit().is_some() => {
                match self.server.exit() {
                    Some(exit) => format!("the {noun} {exit}"),
                    None => format!("the {noun} is idle"),
                }
            }
            WaitError::Idle { calls } => {
                let calls = evidence::calls_text(&self.server, &self.clients, calls);
                format!("the {noun} is idle in {calls}")
            }
            WaitError::Spinning(sample) => {
                format!("the {noun} keeps running: it {}", sample.activity())
            }
            other => self.about(other),
        }
    }

    /// Whether the program has ended, and processes that it has started have not.
    fn leaves_processes(&self) -> bool {
        self.server.exit().is_some() && self.server.processes().is_ok_and(|left| !left.is_empty())
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

    /// The steps, each with what the server has logged and printed after it.
    fn steps_with_output(&self) -> Vec<Step> {
        let (log, stderr) = (self.server.log(), self.server.stderr_bytes());
        let next = |at: usize| self.steps.get(at + 1);
        let steps = self.steps.iter().enumerate().map(|(at, step)| {
            let log_end = next(at).map_or(log.len(), |next| next.log_start);
            let stderr_end = next(at).map_or(stderr.len(), |next| next.stderr_start);
            let lines = &log[step.log_start..log_end];
            let own = lines.iter().filter(|line| !is_contract_line(line)).map(|line| &line.text);
            // A program that was started again has begun a new standard error.
            let stderr = stderr.get(step.stderr_start..stderr_end).unwrap_or_default();
            let errors = String::from_utf8_lossy(stderr);
            let printed = own.map(String::as_str).chain(errors.lines());
            Step {
                did: step.text.clone(),
                logged: contract_lines(lines),
                printed: printed
                    .filter(|line| !line.trim().is_empty())
                    .take(MAX_PRINTED)
                    .map(shortened)
                    .collect(),
            }
        });
        steps.collect()
    }
}

/// How long a server whose answer is already wrong may take until it is idle.
const LONGEST_REST: Duration = Duration::from_secs(1);

/// The result of a wait until the server is idle, in the form of a wait's error.
fn rest_of(idle: Result<Vec<Call>, WaitError>) -> WaitError {
    match idle {
        Ok(calls) => WaitError::Idle { calls },
        Err(wait_error) => wait_error,
    }
}

/// The maximum number of log lines that are shown for one step.
const MAX_QUOTED: usize = 4;
/// The maximum number of the program's own lines that are kept for one step, and the maximum number
/// of characters of such a line.
const MAX_PRINTED: usize = 100;
const MAX_PRINTED_LINE: usize = 400;

/// The beginning of a line. Characters that control a terminal are replaced by escapes.
fn shortened(line: &str) -> String {
    let mut shown = String::new();
    for character in line.chars().take(MAX_PRINTED_LINE) {
        match character {
            '\t' => shown.push(' '),
            _ if character.is_control() => shown.extend(character.escape_default()),
            _ => shown.push(character),
        }
    }
    shown
}

/// The first log lines whose tags the contract defines, at most [`MAX_QUOTED`].
pub(super) fn contract_lines(lines: &[Line]) -> Vec<String> {
    let lines = lines.iter().filter(|line| is_contract_line(line));
    lines.take(MAX_QUOTED).map(|line| quoted(&line.text)).collect()
}

/// The maximum number of characters of a contract line that are shown.
const MAX_QUOTED_LINE: usize = 100;

/// A log line as it is shown. Only the beginning of a very long line is shown.
fn quoted(line: &str) -> String {
    match line.char_indices().nth(MAX_QUOTED_LINE) {
        Some((end, _)) => format!("{}… (a line of {} bytes)", &line[..end], line.len()),
        None => line.to_owned(),
    }
}
