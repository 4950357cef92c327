//! The last results of a lesson's criteria, in a file of the target folder.

use crate::places::from_here;
use crate::reached_todo::ReachedTodo;
use anyhow::{Context, Result};
use course::report::{BuildStatus, CriterionReport, LessonReport, ProgramKind, Status, Verdict};
use programs::lesson_check::LessonCheck;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{env, fs};
use terminal::output::replace;
use terminal::paths;

/// The last proof of a lesson, and the last result of each criterion.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct LastProof {
    /// When the proof ended, in seconds since 1970.
    pub(crate) seconds: u64,
    /// The kind of the program.
    pub(crate) kind: ProgramKind,
    /// The crate's name, or the command of `--cmd`.
    #[serde(default)]
    pub(crate) program: String,
    /// The flags that select the program again, e.g. ` --cmd ./server`.
    pub(crate) flags: String,
    /// The folder in which the command was typed. The command of `--cmd` is relative to it.
    pub(crate) folder: PathBuf,
    /// The verdict of the last proof, which may be a proof of some criteria only.
    pub(crate) verdict: Verdict,
    /// The number of criteria that the last proof has proved.
    pub(crate) proved: usize,
    /// The number of criteria that the last proof has checked.
    pub(crate) checked: usize,
    /// Whether the program compiled.
    pub(crate) compiles: bool,
    /// The last result of each criterion, in the lesson's order.
    pub(crate) criteria: Vec<LastResult>,
    /// For each cause, the number of hints that were shown.
    #[serde(default)]
    pub(crate) hints: BTreeMap<String, usize>,
}

/// The last result of a criterion.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct LastResult {
    /// The criterion's id.
    pub(crate) id: String,
    /// The result.
    pub(crate) status: Status,
    /// The id of the cause. Empty if the criterion is proved.
    pub(crate) cause: String,
    /// The Common Mistakes row of the cause, if there is one.
    pub(crate) mistake: Option<String>,
    /// The cause in a sentence.
    pub(crate) summary: String,
    /// The command that repeats the check.
    pub(crate) replay: String,
    /// The `todo!` at which the program has stopped, if this is the cause.
    #[serde(default)]
    pub(crate) todo: Option<ReachedTodo>,
    /// Whether this is a result of the last proof, and not of an earlier one.
    #[serde(default)]
    pub(crate) is_of_last_proof: bool,
}

impl LastResult {
    /// The seed of the values that the clients have sent, if the check has drawn values.
    pub(crate) fn seed(&self) -> Option<u64> {
        self.replay.rsplit_once(" --seed ")?.1.parse().ok()
    }

    /// The cause in a sentence. A place in the course is named from the current folder.
    pub(crate) fn summary_from_here(&self) -> String {
        match &self.todo {
            Some(todo) => format!("Task {} is still to do ({})", todo.task, from_here(&todo.place)),
            None => self.summary.clone(),
        }
    }
}

impl From<&CriterionReport> for LastResult {
    fn from(report: &CriterionReport) -> Self {
        let cause = report.cause.clone().unwrap_or_default();
        Self {
            id: report.id.clone(),
            status: report.status,
            todo: ReachedTodo::of(&cause),
            is_of_last_proof: true,
            summary: terminal::show::brief(&cause),
            cause: cause.id,
            mistake: cause.mistake,
            replay: cause.replay,
        }
    }
}

impl LastProof {
    /// The results after a proof: those of the report, and those of `earlier` for the criteria that
    /// were not checked. Results of another program are forgotten.
    pub(super) fn after(
        earlier: Option<Self>,
        check: &LessonCheck<'_>,
        report: &LessonReport,
    ) -> Self {
        let earlier = earlier.filter(|earlier| earlier.is_of(check, report));
        let hints = earlier.as_ref().map(|earlier| earlier.hints.clone()).unwrap_or_default();
        let old = earlier.map(|earlier| earlier.criteria).unwrap_or_default();
        let newest = |id: &str| {
            let new = report.criteria.iter().find(|each| each.id == id).map(LastResult::from);
            let known = old.iter().find(|each| each.id == id);
            new.or_else(|| Some(LastResult { is_of_last_proof: false, ..known?.clone() }))
        };
        let is_proved = |each: &&CriterionReport| each.status == Status::Proved;
        Self {
            seconds: now(),
            kind: report.subject.kind,
            program: report.subject.name.clone(),
            flags: check.flags.clone(),
            folder: env::current_dir().unwrap_or_default(),
            verdict: report.verdict,
            proved: report.criteria.iter().filter(is_proved).count(),
            checked: report.criteria.len(),
            compiles: report.build.status != BuildStatus::Failed,
            criteria: check.lesson.criteria.iter().filter_map(|each| newest(&each.id)).collect(),
            hints,
        }
    }

    /// The last proof of a lesson. `None` if there was none, or if the file cannot be read: it has
    /// nothing that a proof does not find again.
    pub(super) fn read(lesson: &str) -> Option<Self> {
        serde_json::from_slice(&fs::read(path(lesson)).ok()?).ok()
    }

    /// The failure of a criterion. `None` if the last proof of the criterion has not failed, or was of
    /// another program than that of `check`.
    pub(crate) fn failure_of(check: &LessonCheck<'_>, criterion: &str) -> Option<LastResult> {
        let last = Self::read(&check.lesson.id).filter(|_| super::is_on())?;
        let failure = last.failed().find(|failed| failed.id == criterion)?;
        (last.flags == check.flags).then(|| failure.clone())
    }

    /// Writes the file.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn write(&self, lesson: &str) -> Result<()> {
        let path = path(lesson);
        let folder = path.parent().unwrap_or(&path);
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        replace(&path, &serde_json::to_vec(self)?)
    }

    /// Forgets the last proof of a lesson.
    pub(crate) fn forget(lesson: &str) {
        // If there is no such file, there is nothing to forget.
        let _ = fs::remove_file(path(lesson));
    }

    /// Whether the last proof was of the program of this report.
    pub(super) fn is_of(&self, check: &LessonCheck<'_>, report: &LessonReport) -> bool {
        self.kind == report.subject.kind && self.flags == check.flags
    }

    /// The last result of a criterion, if it is known.
    pub(crate) fn result(&self, criterion: &str) -> Option<&LastResult> {
        self.criteria.iter().find(|result| result.id == criterion)
    }

    /// Whether a criterion was proved the last time that it was checked.
    pub(crate) fn is_proved(&self, criterion: &str) -> bool {
        self.result(criterion).is_some_and(|result| result.status == Status::Proved)
    }

    /// The first criterion that has failed in the last proof, in the lesson's order.
    pub(crate) fn first_failed(&self) -> Option<&LastResult> {
        self.failed().find(|result| result.is_of_last_proof)
    }

    /// The criteria whose last result is a failure, in the lesson's order.
    pub(crate) fn failed(&self) -> impl Iterator<Item = &LastResult> {
        self.criteria.iter().filter(|result| result.status == Status::Failed)
    }

    /// The time since the proof, in words, e.g. `3 minutes ago`.
    pub(crate) fn age(&self) -> String {
        age(Duration::from_secs(now().saturating_sub(self.seconds)))
    }
}

fn age(time: Duration) -> String {
    let minutes = time.as_secs() / 60;
    let (number, unit) = match minutes {
        0 => return "just now".to_owned(),
        1..60 => (minutes, "minute"),
        60..1440 => (minutes / 60, "hour"),
        _ => (minutes / 1440, "day"),
    };
    format!("{} ago", terminal::show::amount(number as usize, unit))
}

fn path(lesson: &str) -> PathBuf {
    paths::target().join("progress").join(format!("{lesson}.json"))
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_in_words() {
        let of = |seconds| age(Duration::from_secs(seconds));
        assert_eq!([of(59), of(60), of(3599)], ["just now", "1 minute ago", "59 minutes ago"]);
        assert_eq!([of(7200), of(86_400)], ["2 hours ago", "1 day ago"]);
    }
}
