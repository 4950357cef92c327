//! Checks a proof's criteria in parallel, and reports them in the lesson's order.

use crate::check_context::CheckContext;
use crate::check_error::{CheckError, HarnessError};
use crate::program::ProgramUnderTest;
use crate::proof::{Criterion, Proof};
use course::report::{Cause, Finding, Status};
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};
use witness::{RunHistory, shorten_time_slice};

/// The criterion on which every other criterion depends.
const PREREQUISITE: &str = "starts";

type Outcome = (Result<(), CheckError>, Duration);

pub(crate) fn run(
    proof: &'static Proof,
    program: &ProgramUnderTest,
    only: &[String],
    found: &mut dyn FnMut(Finding),
) -> Result<(), HarnessError> {
    let is_wanted =
        |criterion: &&Criterion| only.is_empty() || only.iter().any(|id| id == criterion.id);
    let criteria: Vec<&Criterion> = proof.criteria.iter().filter(is_wanted).collect();
    let context =
        CheckContext { lesson: proof.defaults(), program, history: RunHistory::default() };
    let mut report = Report { criteria: &criteria, outcomes: HashMap::new(), next: 0 };

    // The prerequisite is checked first, alone.
    let (first, mut others): (Vec<&Criterion>, Vec<&Criterion>) =
        criteria.iter().partition(|criterion| criterion.id == PREREQUISITE);
    for criterion in first {
        report.take(criterion.id, timed(criterion, &context), found)?;
    }

    // Without a server that listens, no other criterion can be checked.
    if report.has_no_server() {
        let blocked =
            || Err(CheckError::Blocked { depends_on: PREREQUISITE, cause: Box::default() });
        let mut others = others.iter();
        return others.try_for_each(|it| report.take(it.id, (blocked(), Duration::ZERO), found));
    }

    // All other criteria are checked in parallel, the long ones first.
    others.sort_by_key(|criterion| !criterion.is_long);
    in_parallel(&context, &others, |id, outcome| report.take(id, outcome, found))
}

/// Checks every criterion, each on the next worker that is free.
fn in_parallel(
    context: &CheckContext<'_>,
    criteria: &[&Criterion],
    mut take: impl FnMut(&'static str, Outcome) -> Result<(), HarnessError>,
) -> Result<(), HarnessError> {
    // Servers that share the machine's ports run one after the other.
    let one_at_a_time = context.program.isolation_level().shares_ports();
    let processors = || thread::available_parallelism().map_or(1, usize::from);
    let workers =
        if one_at_a_time { 1 } else { context.program.workers.unwrap_or_else(processors) };
    let next = AtomicUsize::new(0);
    let (results, arriving) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..workers.min(criteria.len()) {
            let (results, next) = (results.clone(), &next);
            scope.spawn(move || {
                shorten_time_slice();
                while let Some(criterion) = criteria.get(next.fetch_add(1, Ordering::Relaxed)) {
                    // The channel is closed if a harness error has ended the proof.
                    if results.send((criterion.id, timed(criterion, context))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(results);
        arriving.into_iter().try_for_each(|(id, outcome)| take(id, outcome))
    })
}

fn timed(criterion: &Criterion, context: &CheckContext<'_>) -> Outcome {
    let begun = Instant::now();
    let result = (criterion.check)(context);
    (result, begun.elapsed())
}

/// The outcomes that are known so far, and which findings are already reported.
struct Report<'a> {
    criteria: &'a [&'a Criterion],
    outcomes: HashMap<&'static str, Outcome>,
    /// The index of the first criterion whose finding is not reported yet.
    next: usize,
}

impl Report<'_> {
    /// Stores an outcome. Then reports every finding that is known and next in the lesson's order.
    fn take(
        &mut self,
        id: &'static str,
        outcome: Outcome,
        found: &mut dyn FnMut(Finding),
    ) -> Result<(), HarnessError> {
        if let (Err(CheckError::Harness(HarnessError(text))), _) = &outcome {
            return Err(HarnessError(text.clone()));
        }
        self.outcomes.insert(id, outcome);
        while let Some(finding) = self.criteria.get(self.next).and_then(|it| self.finding(it.id)) {
            found(finding);
            self.next += 1;
        }
        Ok(())
    }

    /// Whether the prerequisite has shown that no server listens, or that no server can be started.
    fn has_no_server(&self) -> bool {
        let outcome = self.outcomes.get(PREREQUISITE);
        outcome.is_some_and(|(result, _)| {
            matches!(result, Err(CheckError::Blocked { .. } | CheckError::Inconclusive(_)))
        })
    }

    /// The finding of a criterion. `None` until the outcome of this criterion, and of the criterion
    /// on which it depends, are known.
    fn finding(&self, id: &'static str) -> Option<Finding> {
        let (result, elapsed) = self.outcomes.get(id)?;
        let finding = |status, cause| {
            Some(Finding { criterion: id.to_owned(), status, cause, elapsed: *elapsed })
        };
        match result {
            Ok(()) => finding(Status::Proved, None),
            Err(CheckError::Failed(cause)) => finding(Status::Failed, Some(Cause::clone(cause))),
            Err(CheckError::Inconclusive(what)) => {
                finding(Status::Inconclusive, Some(unseen(what)))
            }
            Err(CheckError::Blocked { depends_on: other, cause }) => {
                let is_checked = self.criteria.iter().any(|criterion| criterion.id == *other);
                if is_checked && *other != id && !self.outcomes.contains_key(other) {
                    return None;
                }
                match self.outcomes.get(other).filter(|_| *other != id) {
                    Some((Err(CheckError::Inconclusive(what)), _)) => {
                        finding(Status::Inconclusive, Some(unseen(what)))
                    }
                    Some((Err(_), _)) => finding(Status::Skipped, Some(depends_on(other))),
                    // The other criterion is proved, or is not checked in this run. Therefore this
                    // criterion has failed.
                    _ => finding(Status::Failed, Some(Cause::clone(cause))),
                }
            }
            Err(CheckError::Harness(_)) => None,
        }
    }
}

/// The cause of a criterion that was not checked.
fn depends_on(id: &str) -> Cause {
    let summary = format!("it depends on {id}");
    Cause { id: "depends-on".to_owned(), summary, ..Cause::default() }
}

/// The cause of a criterion about which nothing can be said.
fn unseen(what: &str) -> Cause {
    let summary = what.to_owned();
    Cause { id: "unseen".to_owned(), summary, ..Cause::default() }
}
