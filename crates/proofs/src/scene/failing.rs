//! From what a server did wrong to the cause that a learner reads.

use super::{Blame, Scene};
use crate::Fault;
use crate::events::is_contract;
use crate::fall::Fall;
use crate::tables;
use course::report::{Cause, Step};
use witness::{Exit, Line, Stuck, Tier};

impl Scene {
    /// The failure of this scene, with its story and the kernel's tables as they are now.
    pub(crate) fn fail(&mut self, stuck: Stuck, blame: Blame) -> Fall {
        if let Some(unseen) = self.server.excuse() {
            return unseen.into();
        }
        if let Stuck::Unseen(unseen) = stuck {
            return unseen.into();
        }
        if let Stuck::Ended(Exit::NotExecuted(_)) = stuck {
            let what = match self.server.tier() {
                Tier::UidDrop => {
                    "it runs as another user: check that others may enter every folder above it"
                }
                _ => "check that it is a program of this machine, or name its interpreter first",
            };
            return Fall::Fault(Fault(format!("the command {}; {what}", strip(&stuck))));
        }
        self.step(ending(&stuck));
        let mut cause = Cause {
            id: blame.id.to_owned(),
            mistake: blame.mistake.map(str::to_owned),
            summary: blame.summary,
            steps: self.story(),
            expected: blame.expected,
            observed: blame.observed,
            evidence: tables::of(self, &stuck),
            replay: String::new(),
        };
        let stderr = self.server.stderr();
        match (todo(&stderr, self.proof.lesson), &stuck) {
            (Some(task), _) => explain_todo(&mut cause, &task),
            (None, Stuck::Ended(exit)) => explain_end(&mut cause, exit, &stderr),
            _ => {}
        }
        Fall::Failed(Box::new(cause))
    }

    /// The failure of a server that was asked nothing more: what it shows is wrong already.
    pub(crate) fn refute(&mut self, blame: Blame) -> Fall {
        // Where it rests tells the reader more than where it happened to be.
        let stuck = match self.server.until_quiet() {
            Ok(calls) => Stuck::Quiet { calls },
            Err(stuck) => stuck,
        };
        self.fail(stuck, blame)
    }

    fn story(&self) -> Vec<Step> {
        let log = self.server.log();
        let ends = self.steps.iter().skip(1).map(|(_, at)| *at).chain([log.len()]);
        let told = self.steps.iter().zip(ends);
        told.map(|((did, from), to)| Step {
            did: did.clone(),
            logged: contract_lines(&log[*from..to]),
        })
        .collect()
    }
}

/// The longest that a story quotes one step's lines.
const QUOTED: usize = 4;

pub(super) fn contract_lines(lines: &[Line]) -> Vec<String> {
    lines
        .iter()
        .filter(|line| is_contract(line))
        .take(QUOTED)
        .map(|line| line.text.clone())
        .collect()
}

/// How the story ends.
fn ending(stuck: &Stuck) -> String {
    match stuck {
        Stuck::Quiet { calls } => match calls.first() {
            Some(call) => format!("the server went quiet in {}", call.name()),
            None => "the server went quiet".to_owned(),
        },
        Stuck::Spinning(strobe) => format!("the server never slept: {strobe}, over and over"),
        other => other.to_string(),
    }
}

fn strip(stuck: &Stuck) -> String {
    stuck.to_string().replacen("the server ", "", 1)
}

/// A server, or a child of it, that came to a task still to do.
fn explain_todo(cause: &mut Cause, task: &str) {
    cause.id = "todo".to_owned();
    cause.mistake = None;
    cause.summary = format!("The server stopped at a task that is still to do: {task}");
}

/// A server that ended explains itself on standard error, by its last words.
fn explain_end(cause: &mut Cause, exit: &Exit, stderr: &str) {
    // A check tells what it missed; what is to be told is the end, and what led to it.
    if let [.., step, _] = cause.steps.as_slice()
        && cause.id != "not-listening"
        && !cause.summary.starts_with("The server ended")
    {
        cause.summary = format!("The server {exit} when {}.", step.did);
    }
    let words: Vec<_> = stderr.lines().filter(|line| !line.trim().is_empty()).collect();
    let last = words.iter().rev().find(|line| !line.starts_with("note: run with"));
    cause.observed = match last {
        Some(line) => format!("the server {exit}, and its last words were: {line}"),
        None => format!("the server {exit}, without a word"),
    };
}

/// `Task 2: accept the client … (src/server.rs:41)` of a panic at a todo!, which may be another
/// lesson's that this one builds on.
fn todo(stderr: &str, lesson: &str) -> Option<String> {
    let (before, after) = stderr.split_once("not yet implemented: ")?;
    let task = after.lines().next()?;
    let place = before.lines().last()?.rsplit_once("panicked at ")?.1;
    let mut parts = place.trim_end_matches(':').rsplitn(2, ':');
    let (_column, place) = (parts.next()?, parts.next()?);
    let other = place.rfind("lessons/").filter(|at| !place[*at..].contains(lesson));
    let place = other.or_else(|| place.rfind("src/")).map_or(place, |at| &place[at..]);
    Some(format!("{task} ({place})"))
}
