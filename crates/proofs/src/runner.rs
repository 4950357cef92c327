//! Runs a proof's criteria on all processors, and reports them in the lesson's order.

use crate::fall::Fall;
use crate::scene::Stage;
use crate::{Criterion, Fault, Proof, Subject};
use course::report::{Cause, Finding, Status};
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};
use witness::{Repute, Tier, be_prompt};

/// Every criterion stands on this one.
const GROUND: &str = "starts";

type Outcome = (Result<(), Fall>, Duration);

pub(crate) fn run(
    proof: &'static Proof,
    subject: &Subject,
    only: &[String],
    found: &mut dyn FnMut(Finding),
) -> Result<(), Fault> {
    let asked =
        |criterion: &&Criterion| only.is_empty() || only.iter().any(|id| id == criterion.id);
    let criteria: Vec<&Criterion> = proof.criteria.iter().filter(asked).collect();
    let stage = Stage { proof, subject, repute: Repute::default() };
    let mut report = Report { criteria: &criteria, outcomes: HashMap::new(), next: 0 };

    let (ground, mut rest): (Vec<&Criterion>, Vec<&Criterion>) =
        criteria.iter().partition(|criterion| criterion.id == GROUND);
    for criterion in ground {
        report.take(criterion.id, timed(criterion, &stage), found)?;
    }
    if report.blocks_all(GROUND) {
        let blocked = || Err(Fall::Blocked { on: GROUND, cause: Box::default() });
        let mut rest = rest.iter();
        return rest.try_for_each(|it| report.take(it.id, (blocked(), Duration::ZERO), found));
    }
    rest.sort_by_key(|criterion| !criterion.is_long);
    in_parallel(&stage, &rest, |id, outcome| report.take(id, outcome, found))
}

/// Asks every criterion, each on the next processor that is free.
fn in_parallel(
    stage: &Stage<'_>,
    criteria: &[&Criterion],
    mut take: impl FnMut(&'static str, Outcome) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let in_turns = stage.subject.tier.unwrap_or_else(Tier::here).shares_ports();
    let processors = || thread::available_parallelism().map_or(1, usize::from);
    let workers = if in_turns { 1 } else { stage.subject.workers.unwrap_or_else(processors) };
    let next = AtomicUsize::new(0);
    let (results, arriving) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..workers.min(criteria.len()) {
            let (results, next) = (results.clone(), &next);
            scope.spawn(move || {
                be_prompt();
                while let Some(criterion) = criteria.get(next.fetch_add(1, Ordering::Relaxed)) {
                    // A closed channel means that a fault has ended the proof.
                    if results.send((criterion.id, timed(criterion, stage))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(results);
        arriving.into_iter().try_for_each(|(id, outcome)| take(id, outcome))
    })
}

fn timed(criterion: &Criterion, stage: &Stage<'_>) -> Outcome {
    let begun = Instant::now();
    let result = (criterion.check)(stage);
    (result, begun.elapsed())
}

/// What is known so far, and what was already told.
struct Report<'a> {
    criteria: &'a [&'a Criterion],
    outcomes: HashMap<&'static str, Outcome>,
    next: usize,
}

impl Report<'_> {
    fn take(
        &mut self,
        id: &'static str,
        outcome: Outcome,
        found: &mut dyn FnMut(Finding),
    ) -> Result<(), Fault> {
        if let (Err(Fall::Fault(Fault(text))), _) = &outcome {
            return Err(Fault(text.clone()));
        }
        self.outcomes.insert(id, outcome);
        while let Some(finding) = self.criteria.get(self.next).and_then(|it| self.finding(it.id)) {
            found(finding);
            self.next += 1;
        }
        Ok(())
    }

    /// Whether there is no server to ask anything else.
    fn blocks_all(&self, id: &str) -> bool {
        let outcome = self.outcomes.get(id);
        outcome.is_some_and(|(result, _)| {
            matches!(result, Err(Fall::Blocked { .. } | Fall::Unseen(_)))
        })
    }

    /// The finding of a criterion, once it and what it stands on are known.
    fn finding(&self, id: &'static str) -> Option<Finding> {
        let (result, elapsed) = self.outcomes.get(id)?;
        let finding = |status, cause| {
            Some(Finding { criterion: id.to_owned(), status, cause, elapsed: *elapsed })
        };
        match result {
            Ok(()) => finding(Status::Proved, None),
            Err(Fall::Failed(cause)) => finding(Status::Failed, Some(Cause::clone(cause))),
            Err(Fall::Unseen(what)) => finding(Status::Inconclusive, Some(unseen(what))),
            Err(Fall::Blocked { on, cause }) => {
                let is_asked = self.criteria.iter().any(|criterion| criterion.id == *on);
                if is_asked && *on != id && !self.outcomes.contains_key(on) {
                    return None;
                }
                match self.outcomes.get(on).filter(|_| *on != id) {
                    Some((Err(Fall::Unseen(what)), _)) => {
                        finding(Status::Inconclusive, Some(unseen(what)))
                    }
                    Some((Err(_), _)) => finding(Status::Skipped, Some(stands_on(on))),
                    _ => finding(Status::Failed, Some(Cause::clone(cause))),
                }
            }
            Err(Fall::Fault(_)) => None,
        }
    }
}

fn stands_on(id: &str) -> Cause {
    let summary = format!("it stands on {id}");
    Cause { id: "stands-on".to_owned(), summary, ..Cause::default() }
}

fn unseen(what: &str) -> Cause {
    let summary = what.to_owned();
    Cause { id: "unseen".to_owned(), summary, ..Cause::default() }
}
