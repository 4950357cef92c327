//! Asks a program that nobody vouches for every criterion of a lesson, in a box.
//!
//! A criterion that fails is asked again. One that fails twice in the same way has failed; one that
//! holds the second time, or fails in another way, is asked five times, and the count is told:
//! `failed 3 of 5`. What the machine hid counts neither way.

mod retry;

use crate::build::Program;
use crate::model::CriterionGrade;
use anyhow::{Result, bail};
use course::lesson::Lesson;
use course::report::{Cause, CriterionReport};
use proofs::{Confinement, Subject};
use retry::Attempts;
use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;
use witness::{Limits, Tier};
use xtask::ask::Question;
use xtask::interrupt;

/// The longest that one wait within a criterion may take, as for a learner's own server.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How often a criterion is asked at the most.
const ROUNDS: u32 = 5;
/// The cause of a criterion that was not asked because none was.
pub(crate) const NOT_ASKED: &str = "not-asked";

/// Asks every criterion; a failed one again, until it is known whether it always fails. `found` is
/// told of each once, as soon as it is known.
///
/// # Errors
/// Faults of the machine: nothing is known of the program then. Ctrl-C, between two rounds.
pub fn ask(
    lesson: &Lesson,
    program: &Program,
    isolation: Tier,
    found: &mut dyn FnMut(&CriterionGrade),
) -> Result<Vec<CriterionGrade>> {
    let (subject, flags) = (subject(program, isolation), flags(lesson, program));
    repeat(lesson, found, &mut |only, heard| {
        let question = Question { flags: flags.clone(), ..Question::new(lesson, only)? };
        question.ask(&subject, &mut |report| heard(report.clone())).map(drop)
    })
}

/// The criteria of a lesson, none of them asked, for this reason.
pub fn unasked(lesson: &Lesson, reason: &str) -> Vec<CriterionGrade> {
    let question = Question::new(lesson, &[]);
    let reports = question.map_or_else(|_| Vec::new(), |question| question.unasked());
    let skipped = |mut report: CriterionReport| {
        let (id, summary) = (NOT_ASKED.to_owned(), reason.to_owned());
        report.cause = Some(Cause { id, summary, ..Cause::default() });
        Attempts::new(lesson, report).grade()
    };
    reports.into_iter().map(skipped).collect()
}

/// Asks some criteria once, or all where none is named, and is heard as soon as one is known.
type Round<'a> = dyn FnMut(&[String], &mut dyn FnMut(CriterionReport)) -> Result<()> + 'a;

/// Rounds of questions, until every criterion is settled.
fn repeat(
    lesson: &Lesson,
    found: &mut dyn FnMut(&CriterionGrade),
    round: &mut Round<'_>,
) -> Result<Vec<CriterionGrade>> {
    let mut all: Vec<Attempts> = Vec::new();
    round(&[], &mut |report| {
        let mut first = Attempts::new(lesson, report);
        first.tell(found);
        all.push(first);
    })?;
    for _ in 1..ROUNDS {
        if !all.iter().any(Attempts::is_open) {
            break;
        }
        if interrupt::requested() {
            bail!("stopped");
        }
        // What was skipped may stand on one that holds this time: those are asked along with it, and
        // what is known of them by now stays.
        let some_wait = all.iter().any(Attempts::is_skipped);
        let again = all.iter().filter(|it| it.is_unsettled() || some_wait && it.has_failed());
        let again: Vec<String> = again.map(|it| it.id().to_owned()).collect();
        round(&again, &mut |report| {
            let asked = all.iter_mut().find(|it| it.id() == report.id);
            if let Some(attempts) = asked.filter(|it| it.is_unsettled()) {
                attempts.add(lesson, report);
                attempts.tell(found);
            }
        })?;
    }
    all.iter_mut().for_each(|it| it.tell_at_last(found));
    Ok(all.iter().map(Attempts::grade).collect())
}

fn subject(program: &Program, isolation: Tier) -> Subject {
    Subject {
        command: program.command.clone(),
        directory: program.directory.clone(),
        port: program.port,
        capacity: program.capacity,
        tier: Some(isolation),
        timeout: TIMEOUT,
        confinement: Some(Confinement {
            visible: program.visible.clone(),
            limits: Limits::default(),
        }),
        workers: Some(1),
    }
}

/// What a student adds to `cargo xtask prove` to have the same program asked.
fn flags(lesson: &Lesson, program: &Program) -> String {
    let [name] = program.command.as_slice() else { return command(program) };
    let is_crate = Path::new(name).file_name() == lesson.folder().file_name();
    if is_crate { String::new() } else { command(program) }
}

/// The flags for a program in any language, from its own folder.
fn command(program: &Program) -> String {
    let word = |word: &OsString| match Path::new(word).strip_prefix(&program.directory) {
        Ok(inside) => format!("./{}", inside.display()),
        Err(_) => word.to_string_lossy().into_owned(),
    };
    let line = shell_words::join(program.command.iter().map(word));
    let mut flags = format!(" --cmd {}", shell_words::quote(&line));
    if let Some(port) = program.port {
        flags += &format!(" --port {port}");
    }
    if let Some(capacity) = program.capacity {
        flags += &format!(" --capacity {capacity}");
    }
    flags
}

#[cfg(test)]
mod tests;
