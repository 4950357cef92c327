//! The failure that a command line names: of a lesson, and of one of its criteria.

use crate::remembered::{LastProof, LastResult, Remembered};
use anyhow::{Context, Result, anyhow, bail};
use course::catalogue::Course;
use course::lesson::Lesson;
use course::report::Status;
use terminal::lessons;

/// The names of a lesson and of a criterion.
#[derive(Debug, clap::Args)]
pub(crate) struct Names {
    /// The lesson, e.g. w03-l02; in a lesson's folder, this lesson
    #[arg(value_name = "LESSON")]
    lesson: Option<String>,
    /// The criterion, e.g. reuse; without CRITERION, the first failure of the last proof
    #[arg(value_name = "CRITERION")]
    criterion: Option<String>,
}

impl Names {
    /// The lesson and the criterion. In a lesson's folder, a criterion can stand alone, as the first
    /// name. Without names, the lesson that was proved last. `what` is what the command does with the
    /// lesson.
    ///
    /// # Errors
    /// The lesson or the criterion does not exist.
    pub(crate) fn find<'a>(
        &'a self,
        course: &'a Course,
        what: &str,
    ) -> Result<(&'a Lesson, Option<&'a str>)> {
        let (first, second) = (self.lesson.as_deref(), self.criterion.as_deref());
        let here = lessons::here(course);
        let alone = first.filter(|_| second.is_none());
        if let (Some(here), Some(id)) = (here, alone)
            && course.lesson(id).is_err()
        {
            here.criterion(id)?;
            return Ok((here, Some(id)));
        }
        let lesson = match (first, here) {
            (None, None) => last_proved(course)?,
            (id, _) => lessons::one_or_here(course, id, what)?,
        };
        if let Some(id) = second {
            lesson.criterion(id)?;
        }
        Ok((lesson, second))
    }
}

/// The id of the first criterion that failed in the last proof of `lesson`.
///
/// # Errors
/// Nothing has failed, or the lesson was not proved yet. The error says that a criterion can be named.
pub(crate) fn last_failure(lesson: &Lesson) -> Result<String> {
    let remembered = Remembered::read(lesson);
    if remembered.last.as_ref().is_some_and(|last| !last.compiles) {
        return Ok(failure(&remembered, None)?.id.clone());
    }
    let failed = remembered.last.as_ref().and_then(LastProof::first_failed);
    failed.map(|failed| failed.id.clone()).with_context(|| {
        let why = match remembered.last {
            Some(_) => "nothing has failed in the last proof of",
            None => "there is no verdict yet of",
        };
        let example = lesson.criteria.first().map_or("", |criterion| &criterion.id);
        format!("{why} {}; name a criterion, e.g. {example}", lesson.id)
    })
}

/// The lesson that was proved last.
fn last_proved(course: &Course) -> Result<&Lesson> {
    let proved = course
        .lessons()
        .iter()
        .filter_map(|lesson| Some((Remembered::read(lesson).last?.seconds, lesson)));
    match proved.max_by_key(|(seconds, _)| *seconds) {
        Some((_, lesson)) => Ok(lesson),
        None => bail!("there is no verdict yet; first `cargo xtask prove LESSON`"),
    }
}

/// The failure of this criterion in the last proof; without a criterion, the first one.
///
/// # Errors
/// It has not failed, or the lesson was not proved yet.
pub(crate) fn failure<'a>(
    remembered: &'a Remembered<'_>,
    criterion: Option<&str>,
) -> Result<&'a LastResult> {
    let id = &remembered.lesson.id;
    let Some(last) = &remembered.last else {
        bail!("there is no verdict of {id} yet; first `cargo xtask prove {id}`");
    };
    if !last.compiles {
        bail!("the program does not compile; correct the compiler's first error");
    }
    let Some(criterion) = criterion else {
        return last.first_failed().ok_or_else(|| nothing_failed(id, last));
    };
    match remembered.result(criterion) {
        Some(result) if result.status == Status::Failed => Ok(result),
        Some(result) if result.status == Status::Proved => {
            bail!("{criterion} was proved the last time")
        }
        _ => bail!("{criterion} has no verdict; first `cargo xtask prove {id} --only {criterion}`"),
    }
}

/// The error if the last proof has no failure. Names a failure of an earlier proof.
fn nothing_failed(id: &str, last: &LastProof) -> anyhow::Error {
    let next = match last.failed().next() {
        Some(LastResult { id: earlier, .. }) => {
            format!("for {earlier}, which failed before: `cargo xtask hint {id} {earlier}`")
        }
        None => "`cargo xtask` shows what comes next".to_owned(),
    };
    anyhow!("nothing has failed in the last proof of {id}; {next}")
}
