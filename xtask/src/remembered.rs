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
use course::lesson::{Lesson, Task};
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

    /// What is remembered about the program of this report, with this report itself. `None` if nothing
    /// is remembered about this program.
    pub(crate) fn of_program(check: &LessonCheck<'a>, report: &LessonReport) -> Option<Self> {
        let remembered = Self::read(check.lesson);
        let last = remembered.last.as_ref().filter(|_| is_on())?;
        last.is_of(check, report).then_some(remembered)
    }

    /// The command of the last proof's program. `None` for the lesson's crate.
    pub(crate) fn command(&self) -> Option<&str> {
        let last = self.last.as_ref().filter(|last| last.kind == ProgramKind::Command)?;
        Some(&last.program)
    }

    /// Whether the last proof was of a program in any language, and not of the lesson's crate.
    pub(crate) fn is_command(&self) -> bool {
        self.command().is_some()
    }

    /// The `todo!`s of a task that are left in the student's crate.
    pub(crate) fn todos_of(&self, task: u32) -> impl Iterator<Item = &Todo> + Clone {
        let counts = !self.is_command();
        self.todos.iter().filter(move |todo| counts && todo.task == Some(task))
    }

    /// The last result of a criterion, if it is known.
    pub(crate) fn result(&self, criterion: &str) -> Option<&LastResult> {
        self.last.as_ref()?.result(criterion)
    }

    /// The first criterion of the tasks up to `task` whose last result is a failure. A criterion that
    /// has stopped at a `todo!` which is no longer there has to be checked again, and does not count.
    pub(crate) fn failed_until(&self, task: u32) -> Option<&LastResult> {
        let task_of = |id: &str| self.lesson.criterion(id).map_or(u32::MAX, |it| it.task);
        let mut failed = self.last.as_ref()?.failed();
        failed.find(|failed| task_of(&failed.id) <= task && self.still_counts(failed))
    }

    /// Whether the cause of a failure can still be there. A `todo!` may have gone since.
    pub(crate) fn still_counts(&self, failed: &LastResult) -> bool {
        let Some(reached) = &failed.todo else { return true };
        let is_earlier_lesson = reached.lesson().is_some_and(|id| id != self.lesson.id);
        is_earlier_lesson || self.todos_of(reached.task).next().is_some()
    }

    /// The state of a task, for the program of the last proof.
    pub(crate) fn task(&self, task: u32) -> State {
        let criteria = self.lesson.criteria.iter().filter(|each| each.task == task);
        let known: Vec<_> = criteria.filter_map(|each| self.result(&each.id)).collect();
        let any = |status: Status| known.iter().any(|result| result.status == status);
        let is_written = self.todos_of(task).next().is_none();
        let is_proved = self.progress.holds(Fact::TaskProved(task), self.command());
        if is_proved && is_written && !any(Status::Failed) {
            return State::Done;
        }
        let is_begun = if self.is_command() { any(Status::Proved) } else { is_written };
        if is_begun { State::Begun } else { State::Open }
    }

    /// The state of the lesson. A lesson that was proved with one program stays proved while the
    /// student writes another.
    pub(crate) fn state(&self) -> State {
        let tasks: Vec<_> = self.lesson.tasks.iter().map(|task| self.task(task.number)).collect();
        let all_done = tasks.iter().all(|state| *state == State::Done);
        let is_proved = all_done && self.progress.holds(Fact::LessonProved, self.command());
        if is_proved || self.is_proved_by_another() {
            return State::Done;
        }
        let is_touched = !self.progress.is_empty() || self.last.is_some();
        let is_begun = is_touched || tasks.iter().any(|state| *state != State::Open);
        if is_begun { State::Begun } else { State::Open }
    }

    /// Whether the last proof was of a program in another language that has not proved every task. The
    /// lesson may be proved all the same, with its crate.
    pub(crate) fn is_begun_in_another_language(&self) -> bool {
        let is_open = |task: &Task| self.task(task.number) != State::Done;
        self.is_command() && self.lesson.tasks.iter().any(is_open)
    }

    /// Whether a program that is not that of the last proof has proved the lesson.
    fn is_proved_by_another(&self) -> bool {
        match self.is_command() {
            true => self.todos.is_empty() && self.progress.holds(Fact::LessonProved, None),
            false => self.last.is_none() && self.progress.is_proved_by_a_command(),
        }
    }

    /// Adds facts about the lesson's crate to the progress file.
    pub(crate) fn add(&mut self, facts: &[Fact]) {
        self.add_of(facts, None);
    }

    /// Adds facts to the progress file. `command` is the command of the program that was proved, or
    /// `None` for the lesson's crate. If the file cannot be written, says so in one line.
    fn add_of(&mut self, facts: &[Fact], command: Option<&str>) {
        if !is_on() || self.broken.is_some() {
            return;
        }
        let is_begun = |fact: &Fact| *fact == Fact::Begun;
        let program = |fact: &Fact| command.filter(|_| !is_begun(fact));
        let added = facts.iter().filter(|it| self.progress.add(**it, program(it))).count();
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
    remembered.note_problems();
    let command = (report.subject.kind == ProgramKind::Command).then_some(&*report.subject.name);
    let was_proved = remembered.progress.holds(Fact::LessonProved, command);
    let last = LastProof::after(remembered.last.take(), check, report);
    if let Err(error) = last.write(&check.lesson.id) {
        note(&format!("{error:#}; the last verdict is not remembered"));
    }
    remembered.add_of(&facts(check.lesson, &last, report), command);
    !was_proved
}

/// What a report adds to the progress. `last` has the results of this report, and those of earlier
/// reports about the same program.
fn facts(lesson: &Lesson, last: &LastProof, report: &LessonReport) -> Vec<Fact> {
    let mut facts = vec![Fact::Begun];
    for task in &lesson.tasks {
        let mut own = lesson.criteria.iter().filter(|each| each.task == task.number).peekable();
        let has_own = own.peek().is_some();
        let is_left = report.todos.iter().any(|todo| todo.task == Some(task.number));
        if has_own && !is_left && own.all(|each| last.is_proved(&each.id)) {
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
