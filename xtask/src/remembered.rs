//! What is remembered about a student's work in a lesson.
//!
//! The progress is in the file `.progress` in the lesson's folder. There, `git add` of the lesson
//! also adds the progress, and a new clone still has it. The last results of the criteria are in the
//! target folder, because they change with each proof.
//!
//! A file that cannot be read or written never stops a command, and is never overwritten. The user
//! gets one line about it.

mod last_proof;

pub(crate) use last_proof::{LastProof, LastResult};

use anyhow::{Context, Result, anyhow};
use course::lesson::Lesson;
use course::progress::{Fact, Progress};
use course::report::{LessonReport, ProgramKind, Status, Todo, Verdict};
use programs::lesson_check::LessonCheck;
use programs::todos;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::{env, fs};
use terminal::output::replace;
use terminal::paths;
use terminal::show::{self, Line};

/// The variable with which nothing is remembered.
const SWITCH: &str = "SOCKPROOF_PROGRESS";

/// The name of the progress file in a lesson's folder.
const FILE: &str = ".progress";

/// What is remembered about one lesson, and the `todo!`s that are left in its files.
pub(crate) struct Remembered<'a> {
    pub(crate) lesson: &'a Lesson,
    pub(crate) progress: Progress,
    /// The last results. `None` if the lesson was never proved on this machine.
    pub(crate) last: Option<LastProof>,
    pub(crate) todos: Vec<Todo>,
    /// Why the progress file cannot be used. The file is then left as it is.
    broken: Option<anyhow::Error>,
}

/// The state of a lesson or of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Nothing is done.
    Open,
    /// Something is written, and not everything is proved.
    Begun,
    /// Everything is proved.
    Done,
}

impl<'a> Remembered<'a> {
    /// Reads what is remembered about a lesson.
    pub(crate) fn read(lesson: &'a Lesson) -> Self {
        let (progress, broken) = match read_progress(lesson) {
            Ok(progress) => (progress, None),
            Err(error) => (Progress::default(), Some(error)),
        };
        // Without the files of the crate, no task is known to be left.
        let todos = todos::in_crate(&paths::root(), lesson.folder()).unwrap_or_default();
        Self { lesson, progress, last: LastProof::read(&lesson.id), todos, broken }
    }

    /// Says what is wrong with the progress file, in one line on standard error.
    pub(crate) fn note_problems(&self) {
        let place = progress_path(self.lesson).display().to_string();
        if let Some(error) = &self.broken {
            note(&format!("{error:#}; it is left as it is, and nothing is remembered"));
        } else if let Some(line) = self.progress.unknown_lines.first() {
            note(&format!(
                "{place}:{line}: this line says nothing that is known; correct it or remove it \
                 (until then it is kept)"
            ));
        }
    }

    /// Whether the last proof was of a program in any language, and not of the lesson's crate.
    pub(crate) fn is_command(&self) -> bool {
        self.last.as_ref().is_some_and(|last| last.kind == ProgramKind::Command)
    }

    /// The `todo!`s of a task that are left in the student's crate.
    pub(crate) fn todos_of(&self, task: u32) -> impl Iterator<Item = &Todo> {
        let counts = !self.is_command();
        self.todos.iter().filter(move |todo| counts && todo.task == Some(task))
    }

    /// The last result of a criterion, if it is known.
    pub(crate) fn result(&self, criterion: &str) -> Option<&LastResult> {
        self.last.as_ref()?.criteria.iter().find(|result| result.id == criterion)
    }

    /// The state of a task.
    pub(crate) fn task(&self, task: u32) -> State {
        let criteria = self.lesson.criteria.iter().filter(|each| each.task == task);
        let known: Vec<_> = criteria.filter_map(|each| self.result(&each.id)).collect();
        let any = |status: Status| known.iter().any(|result| result.status == status);
        let is_written = self.todos_of(task).next().is_none();
        let is_proved = self.progress.holds(Fact::TaskProved(task));
        if is_proved && is_written && !any(Status::Failed) {
            return State::Done;
        }
        let is_begun = if self.is_command() { any(Status::Proved) } else { is_written };
        if is_begun { State::Begun } else { State::Open }
    }

    /// The state of the lesson.
    pub(crate) fn state(&self) -> State {
        let tasks: Vec<_> = self.lesson.tasks.iter().map(|task| self.task(task.number)).collect();
        let all_done = tasks.iter().all(|state| *state == State::Done);
        if all_done && self.progress.holds(Fact::LessonProved) {
            return State::Done;
        }
        let is_touched = !self.progress.is_empty() || self.last.is_some();
        let is_begun = is_touched || tasks.iter().any(|state| *state != State::Open);
        if is_begun { State::Begun } else { State::Open }
    }

    /// Adds facts to the progress file. If the file cannot be written, says so in one line.
    pub(crate) fn add(&mut self, facts: &[Fact]) {
        if !is_on() || self.broken.is_some() {
            return;
        }
        let added = facts.iter().filter(|fact| self.progress.add(**fact)).count();
        if added > 0 {
            let path = paths::root().join(progress_path(self.lesson));
            if let Err(error) = replace(&path, self.progress.text().as_bytes()) {
                note(&format!("{error:#}; your progress is not remembered"));
            }
        }
    }
}

/// Remembers the reports of a proof. Returns whether the lesson is proved for the first time.
///
/// The solution's results are not a student's progress. If nothing is to be remembered, each proof
/// counts as the first.
pub(crate) fn record(check: &LessonCheck<'_>, reports: &[LessonReport]) -> bool {
    // Of several runs, a run that is not proved tells more.
    let is_proved = |report: &&LessonReport| report.verdict == Verdict::Proved;
    let Some(report) = reports.iter().find(|each| !is_proved(each)).or(reports.last()) else {
        return false;
    };
    if !is_on() || report.subject.kind == ProgramKind::Solution {
        return true;
    }
    let mut remembered = Remembered::read(check.lesson);
    let was_proved = remembered.progress.holds(Fact::LessonProved);
    remembered.note_problems();
    let last = remembered.last.take();
    if let Err(error) = LastProof::after(last, check, report).write(&check.lesson.id) {
        note(&format!("{error:#}; the last verdict is not remembered"));
    }
    remembered.add(&facts(check.lesson, report));
    !was_proved
}

/// What a report adds to the progress.
fn facts(lesson: &Lesson, report: &LessonReport) -> Vec<Fact> {
    let is_proved = |id: &str| {
        report.criteria.iter().any(|each| each.id == id && each.status == Status::Proved)
    };
    let mut facts = vec![Fact::Begun];
    for task in &lesson.tasks {
        let mut own = lesson.criteria.iter().filter(|each| each.task == task.number).peekable();
        let has_own = own.peek().is_some();
        let is_left = report.todos.iter().any(|todo| todo.task == Some(task.number));
        if has_own && !is_left && own.all(|each| is_proved(&each.id)) {
            facts.push(Fact::TaskProved(task.number));
        }
    }
    let is_whole = report.criteria.len() == lesson.criteria.len();
    if is_whole && report.verdict == Verdict::Proved {
        facts.push(Fact::LessonProved);
    }
    facts
}

fn is_on() -> bool {
    env::var_os(SWITCH).is_none_or(|value| value != "off")
}

fn note(text: &str) {
    show::note(&Line::new().unsure("note").plain(": ").plain(text));
}

/// The path of the progress file, relative to the course's root.
fn progress_path(lesson: &Lesson) -> PathBuf {
    lesson.folder().join(FILE)
}

fn read_progress(lesson: &Lesson) -> Result<Progress> {
    let path = progress_path(lesson);
    match fs::read(paths::root().join(&path)) {
        Ok(bytes) => {
            let text = String::from_utf8(bytes)
                .map_err(|_| anyhow!("{}: this file is not text; remove it", path.display()))?;
            Ok(Progress::parse(&text))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Progress::default()),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}
