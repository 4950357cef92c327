//! Checks a proof's criteria in parallel, and reports them in the lesson's order, or in an order in
//! which some criteria come first.

use crate::check_context::CheckContext;
use crate::check_error::{CheckError, HarnessError};
use crate::defaults::LessonDefaults;
use crate::end_rows::may_explain_end;
use crate::program::{Budget, OUT_OF_TIME, OVER_BUDGET, ProgramUnderTest};
use crate::proof::{Criterion, Proof};
use course::report::{Cause, Finding, Status};
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};
use witness::{RunHistory, own_run_delay, shorten_time_slice};

/// The criterion on which every other criterion depends.
const PREREQUISITE: &str = "starts";

/// The time in which the prerequisite is checked if the program starts quickly. A program in C or Rust
/// needs a small part of it, and one in Python or Java several times as much.
const LIGHT_START: Duration = Duration::from_millis(150);

/// What is the same for all criteria of one run of a proof.
struct ProofRun<'a> {
    lesson: LessonDefaults,
    program: &'a ProgramUnderTest,
    history: RunHistory,
    seed: u64,
}

impl ProofRun<'_> {
    fn check(&self, criterion: &Criterion) -> Outcome {
        let begun = Instant::now();
        if self.program.budget.as_ref().is_some_and(Budget::is_used_up) {
            let result = Err(CheckError::NotReached);
            return Outcome { result, elapsed: Duration::ZERO, seed: None };
        }
        let waited = own_run_delay();
        let history = self.history.clone();
        let context = CheckContext::new(self.lesson, self.program, history, self.seed);
        let result = (criterion.check)(&context);
        let elapsed = begun.elapsed();
        // The machine, and not the program, has used this time.
        match result {
            Err(CheckError::Inconclusive(_)) => self.program.do_not_count(elapsed),
            _ => self.program.do_not_count_busy(own_run_delay().saturating_sub(waited)),
        }
        Outcome { result, elapsed, seed: context.used_seed() }
    }
}

/// The outcome of one criterion's check.
struct Outcome {
    result: Result<(), CheckError>,
    elapsed: Duration,
    /// The seed, if the check has drawn values.
    seed: Option<u64>,
}

pub(crate) fn run(
    proof: &'static Proof,
    program: &ProgramUnderTest,
    only: &[String],
    first: &[String],
    found: &mut dyn FnMut(Finding),
) -> Result<(), HarnessError> {
    let is_wanted =
        |criterion: &&Criterion| only.is_empty() || only.iter().any(|id| id == criterion.id);
    let mut criteria: Vec<&Criterion> = proof.criteria.iter().filter(is_wanted).collect();
    // The criteria that are not in `first` keep the lesson's order (the sort is stable).
    let rank = |id: &str| first.iter().position(|each| each == id).unwrap_or(first.len());
    criteria.sort_by_key(|criterion| rank(criterion.id));
    let run = ProofRun {
        lesson: proof.defaults(),
        program,
        history: RunHistory::default(),
        seed: program.seed.unwrap_or_else(random_seed),
    };
    let mut report = Report { criteria: &criteria, outcomes: HashMap::new(), next: 0 };

    // The prerequisite is checked first, alone.
    let (first, mut others): (Vec<&Criterion>, Vec<&Criterion>) =
        criteria.iter().partition(|criterion| criterion.id == PREREQUISITE);
    for criterion in first {
        report.take(criterion.id, run.check(criterion), found)?;
    }

    // Without a server that listens, no other criterion can be checked.
    if report.has_no_server() {
        let blocked = || Outcome {
            result: Err(CheckError::Blocked { depends_on: PREREQUISITE, cause: Box::default() }),
            elapsed: Duration::ZERO,
            seed: None,
        };
        return others.iter().try_for_each(|it| report.take(it.id, blocked(), found));
    }

    // All other criteria are checked in parallel: those in `first`, then the long ones.
    others.sort_by_key(|criterion| (rank(criterion.id), !criterion.is_long));
    let workers = workers(program, report.elapsed(PREREQUISITE));
    in_parallel(&run, &others, workers, |id, outcome| report.take(id, outcome, found))
}

/// The number of criteria to check at the same time. A criterion waits for its server about half of the
/// time, so each processor checks two of them, unless the program itself needs much processor time to
/// start, as an interpreter may. `start` is the time in which the prerequisite was checked.
fn workers(program: &ProgramUnderTest, start: Option<Duration>) -> usize {
    // Servers that share the machine's ports run one after the other.
    if program.isolation_level().shares_ports() {
        return 1;
    }
    let processors = || thread::available_parallelism().map_or(1, usize::from);
    let is_light = start.is_some_and(|it| it < LIGHT_START);
    program.workers.unwrap_or_else(|| if is_light { 2 * processors() } else { processors() })
}

/// Checks every criterion, each on the next worker that is free.
fn in_parallel(
    run: &ProofRun<'_>,
    criteria: &[&Criterion],
    workers: usize,
    mut take: impl FnMut(&'static str, Outcome) -> Result<(), HarnessError>,
) -> Result<(), HarnessError> {
    let next = AtomicUsize::new(0);
    let (results, arriving) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..workers.min(criteria.len()) {
            let (results, next) = (results.clone(), &next);
            scope.spawn(move || {
                shorten_time_slice();
                while let Some(criterion) = criteria.get(next.fetch_add(1, Ordering::Relaxed)) {
                    // The channel is closed if a harness error has ended the proof.
                    if results.send((criterion.id, run.check(criterion))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(results);
        arriving.into_iter().try_for_each(|(id, outcome)| take(id, outcome))
    })
}

/// A seed from the system's random numbers. A person can type this seed: it has at most 6 digits.
fn random_seed() -> u64 {
    fastrand::u64(1..1_000_000)
}

/// The outcomes that are known so far, and which findings are already reported.
struct Report<'a> {
    criteria: &'a [&'a Criterion],
    outcomes: HashMap<&'static str, Outcome>,
    /// The index of the first criterion whose finding is not reported yet.
    next: usize,
}

impl Report<'_> {
    /// Stores an outcome. Then reports every finding that is known and next in the order.
    fn take(
        &mut self,
        id: &'static str,
        outcome: Outcome,
        found: &mut dyn FnMut(Finding),
    ) -> Result<(), HarnessError> {
        if let Err(CheckError::Harness(HarnessError(text))) = &outcome.result {
            return Err(HarnessError(text.clone()));
        }
        self.outcomes.insert(id, outcome);
        while let Some(finding) = self.criteria.get(self.next).and_then(|it| self.finding(it.id)) {
            found(finding);
            self.next += 1;
        }
        Ok(())
    }

    /// How long the check of a criterion took, if it is known.
    fn elapsed(&self, id: &str) -> Option<Duration> {
        self.outcomes.get(id).map(|outcome| outcome.elapsed)
    }

    /// Whether the prerequisite has shown that no server listens. If it is inconclusive, for example
    /// because the machine refuses to inject faults, there may be a server, and the other criteria
    /// are checked.
    fn has_no_server(&self) -> bool {
        let outcome = self.outcomes.get(PREREQUISITE);
        outcome.is_some_and(|outcome| matches!(outcome.result, Err(CheckError::Blocked { .. })))
    }

    /// The finding of a criterion. `None` until the outcome of this criterion, and of the criterion
    /// on which it depends, are known.
    fn finding(&self, id: &'static str) -> Option<Finding> {
        let Outcome { result, elapsed, seed } = self.outcomes.get(id)?;
        let finding = |status, cause| {
            let (criterion, elapsed) = (id.to_owned(), *elapsed);
            // What is not run depends on no drawn values.
            let seed = seed.filter(|_| status != Status::Skipped);
            Some(Finding { criterion, status, cause, elapsed, seed })
        };
        match result {
            Ok(()) => finding(Status::Proved, None),
            Err(CheckError::Failed(cause)) => finding(Status::Failed, Some(reported(cause))),
            Err(CheckError::Inconclusive(what)) => {
                finding(Status::Inconclusive, Some(unseen(what)))
            }
            Err(CheckError::OutOfTime(what)) => {
                let cause = Cause { id: OUT_OF_TIME.to_owned(), ..unseen(what) };
                finding(Status::Inconclusive, Some(cause))
            }
            Err(CheckError::NotReached) => finding(Status::Skipped, Some(over_budget())),
            Err(CheckError::Blocked { depends_on: other, cause }) => {
                let is_checked = self.criteria.iter().any(|criterion| criterion.id == *other);
                if is_checked && *other != id && !self.outcomes.contains_key(other) {
                    return None;
                }
                match self.outcomes.get(other).filter(|_| *other != id).map(|it| &it.result) {
                    Some(Err(CheckError::Inconclusive(what))) => {
                        finding(Status::Inconclusive, Some(unseen(what)))
                    }
                    Some(Err(CheckError::NotReached)) => {
                        finding(Status::Skipped, Some(over_budget()))
                    }
                    Some(Err(_)) => finding(Status::Skipped, Some(depends_on(other))),
                    // The other criterion is proved, or is not checked in this run. Therefore this
                    // criterion has failed.
                    _ => finding(Status::Failed, Some(reported(cause))),
                }
            }
            Err(CheckError::Harness(_)) => None,
        }
    }
}

/// The cause of a failure as it is reported. A check may have added a row to the cause of a server
/// that has ended. Such a row stays only if it can explain the end.
fn reported(cause: &Cause) -> Cause {
    let mut cause = cause.clone();
    if cause.exit.is_some() || cause.id == "todo" {
        cause.mistake = cause.mistake.filter(|row| may_explain_end(row) && cause.id != "todo");
    }
    cause
}

/// The cause of a criterion that was not checked.
fn depends_on(id: &str) -> Cause {
    let summary = format!("it depends on {id}");
    Cause { id: "depends-on".to_owned(), summary, ..Cause::default() }
}

/// The cause of a criterion whose check has not begun in time.
fn over_budget() -> Cause {
    let summary = "not run: the time for this proof was used up".to_owned();
    Cause { id: OVER_BUDGET.to_owned(), summary, ..Cause::default() }
}

/// The cause of a criterion about which nothing can be said.
fn unseen(what: &str) -> Cause {
    let summary = what.to_owned();
    Cause { id: "unseen".to_owned(), summary, ..Cause::default() }
}
