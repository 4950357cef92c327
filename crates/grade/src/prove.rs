//! Proves an untrusted program in a sandbox: checks every criterion of a lesson.
//!
//! A criterion that fails is checked again. If it fails a second time with the same cause, it has
//! failed. If it passes the second time, or fails with another cause, it is checked five times, and
//! the report has the count: `failed 3 of 5`. A run in which the grader could not observe enough
//! counts neither as passed nor as failed. After the submission's budget of time, no further check
//! begins.

mod budget;
mod retry;

use crate::build::Program;
use crate::conditions::Conditions;
use crate::model::CriterionGrade;
use anyhow::{Result, bail};
use course::lesson::Lesson;
use course::report::{Cause, CriterionReport};
use programs::lesson_check::LessonCheck;
use proofs::{Budget, ProgramUnderTest, SandboxPolicy};
use retry::Attempts;
use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;
use terminal::interrupt;
use witness::Limits;

/// The timeout of each wait within a criterion. It is the same as when learners prove their own
/// servers.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The maximum number of rounds in which a criterion is checked.
const ROUNDS: u32 = 5;
/// The id of the cause of a criterion that was not checked because no program ran.
pub(crate) const NOT_ASKED: &str = "not-asked";

pub(crate) use budget::is_over_budget;

/// Checks every criterion. A failed criterion is checked again until it is known whether it always
/// fails. `on_result` is called once for each criterion, as soon as its result is final.
///
/// # Errors
/// The machine failed, and nothing is known about the program; or Ctrl-C was pressed.
pub fn prove(
    lesson: &Lesson,
    program: &Program,
    conditions: &Conditions,
    on_result: &mut dyn FnMut(&CriterionGrade),
) -> Result<Vec<CriterionGrade>> {
    let budget = Budget::new(conditions.budget);
    let limits = LessonCheck::new(lesson, &[])?.proof.limits();
    let subject = subject(program, conditions, limits, &budget);
    let flags = flags(lesson, program);
    let grades = repeat(lesson, &budget, on_result, &mut |only, on_report| {
        let check = LessonCheck { flags: flags.clone(), ..LessonCheck::new(lesson, only)? };
        check
            .run(&subject, &mut |report| on_report(budget::apply(&budget, report.clone())))
            .map(drop)
    })?;
    Ok(budget::complete(&budget, grades))
}

/// The grades of all criteria of a lesson. Each criterion is skipped, with this reason.
pub fn skipped(lesson: &Lesson, reason: &str) -> Vec<CriterionGrade> {
    let check = LessonCheck::new(lesson, &[]);
    let reports = check.map_or_else(|_| Vec::new(), |check| check.not_run());
    let skipped = |mut report: CriterionReport| {
        let (id, summary) = (NOT_ASKED.to_owned(), reason.to_owned());
        report.cause = Some(Cause { id, summary, ..Cause::default() });
        Attempts::new(lesson, report).grade()
    };
    reports.into_iter().map(skipped).collect()
}

/// One round: checks the criteria with these ids once, or all criteria if there are no ids. Passes
/// each report to the callback as soon as the report is known.
type Round<'a> = dyn FnMut(&[String], &mut dyn FnMut(CriterionReport)) -> Result<()> + 'a;

/// Runs rounds until the result of every criterion is final.
fn repeat(
    lesson: &Lesson,
    budget: &Budget,
    on_result: &mut dyn FnMut(&CriterionGrade),
    round: &mut Round<'_>,
) -> Result<Vec<CriterionGrade>> {
    // The first round checks every criterion.
    let mut all: Vec<Attempts> = Vec::new();
    round(&[], &mut |report| {
        let mut first = Attempts::new(lesson, report);
        first.report_if_final(on_result);
        all.push(first);
    })?;
    for _ in 1..ROUNDS {
        if budget.is_used_up() || !all.iter().any(Attempts::needs_another_run) {
            break;
        }
        if interrupt::requested() {
            bail!("stopped");
        }
        // A skipped criterion depends on a failed criterion, which may pass in this round.
        // Therefore all failed criteria are checked together with the skipped ones. A result that
        // is final already does not change.
        let some_skipped = all.iter().any(Attempts::is_skipped);
        let again = all.iter().filter(|it| !it.is_final() || some_skipped && it.has_failed());
        let again: Vec<String> = again.map(|it| it.id().to_owned()).collect();
        round(&again, &mut |report| {
            let attempts = all.iter_mut().find(|it| it.id() == report.id);
            if let Some(attempts) = attempts.filter(|it| !it.is_final()) {
                attempts.add(lesson, report);
                attempts.report_if_final(on_result);
            }
        })?;
    }
    // After the last round, every result is final.
    all.iter_mut().for_each(|it| it.report_once(on_result));
    Ok(all.iter().map(Attempts::grade).collect())
}

fn subject(
    program: &Program,
    conditions: &Conditions,
    limits: Limits,
    budget: &Budget,
) -> ProgramUnderTest {
    ProgramUnderTest {
        command: program.command.clone(),
        directory: program.directory.clone(),
        port: program.port,
        capacity: program.capacity,
        isolation: Some(conditions.isolation),
        timeout: TIMEOUT,
        sandbox: Some(SandboxPolicy {
            visible: program.visible.clone(),
            hidden: program.hidden.clone(),
            limits,
        }),
        workers: Some(1),
        seed: None,
        budget: Some(budget.clone()),
        recording: None,
    }
}

/// The options with which a student's `cargo xtask prove` checks the same program.
fn flags(lesson: &Lesson, program: &Program) -> String {
    let [name] = program.command.as_slice() else { return command(program) };
    let is_crate = Path::new(name).file_name() == lesson.folder().file_name();
    if is_crate { String::new() } else { command(program) }
}

/// The options for a program in any language, which is run from its own folder.
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
