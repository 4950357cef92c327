//! A student's progress in one lesson: a small text with one fact on each line.
//!
//! A fact is about the lesson's crate. If it is about a program in another language, its line names the
//! command of this program: `task 1 proved with --cmd ./client`.
//!
//! The text is made for git. A fact is appended and never changed, and the same fact is the same line
//! on every machine. Therefore two versions are merged by keeping the lines of both. Lines that git
//! writes for a conflict are skipped.

use std::fmt;

/// The first line of a new text.
const HEAD: &str = "\
# Written by cargo xtask: what you have proved in this lesson. Commit this file to keep it.
# If you remove it, the next proof writes it again.
";

/// Something that is remembered about a lesson.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fact {
    /// The student has begun the lesson: there was a proof.
    Begun,
    /// All criteria of the task were proved.
    TaskProved(u32),
    /// The task was put back to its start.
    TaskReset(u32),
    /// All criteria of the lesson were proved, and no task was left.
    LessonProved,
    /// The student has looked at the solution before the lesson was proved.
    Revealed,
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fact::Begun => f.write_str("begun"),
            Fact::TaskProved(task) => write!(f, "task {task} proved"),
            Fact::TaskReset(task) => write!(f, "task {task} reset"),
            Fact::LessonProved => f.write_str("lesson proved"),
            Fact::Revealed => f.write_str("revealed"),
        }
    }
}

impl Fact {
    fn parse(line: &str) -> Option<Self> {
        let words: Vec<_> = line.split_whitespace().collect();
        match words.as_slice() {
            ["begun"] => Some(Fact::Begun),
            ["lesson", "proved"] => Some(Fact::LessonProved),
            ["revealed"] => Some(Fact::Revealed),
            ["task", number, "proved"] => number.parse().ok().map(Fact::TaskProved),
            ["task", number, "reset"] => number.parse().ok().map(Fact::TaskReset),
            _ => None,
        }
    }
}

/// What stands between a fact and the command of the program that it is about.
const OF_COMMAND: &str = " with --cmd ";

/// A fact, and the program that it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    fact: Fact,
    /// The command of a program in any language. `None` for the lesson's crate.
    command: Option<String>,
}

impl Entry {
    fn new(fact: Fact, command: Option<&str>) -> Self {
        // Each fact is one line.
        let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        Self { fact, command: command.map(words) }
    }

    fn parse(line: &str) -> Option<Self> {
        let (fact, command) = match line.split_once(OF_COMMAND) {
            Some((fact, command)) => (fact, Some(command)),
            None => (line, None),
        };
        Some(Self::new(Fact::parse(fact)?, command))
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.command {
            Some(command) => write!(f, "{}{OF_COMMAND}{command}", self.fact),
            None => write!(f, "{}", self.fact),
        }
    }
}

/// The progress in one lesson.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    text: String,
    entries: Vec<Entry>,
    /// The numbers of the lines that are no facts, counted from 1. These lines are kept.
    pub unknown_lines: Vec<usize>,
}

impl Progress {
    /// Reads a text. An empty text is a lesson that is not begun.
    pub fn parse(text: &str) -> Self {
        let mut progress = Self { text: text.to_owned(), ..Self::default() };
        for (line, number) in text.lines().zip(1..) {
            match Entry::parse(line) {
                Some(entry) => progress.entries.push(entry),
                None if is_ignored(line) => {}
                None => progress.unknown_lines.push(number),
            }
        }
        progress
    }

    /// Adds a fact at the end of the text, unless the text already says so. `command` is as for
    /// [`holds`](Self::holds). Returns whether the text has changed.
    pub fn add(&mut self, fact: Fact, command: Option<&str>) -> bool {
        if self.holds(fact, command) {
            return false;
        }
        if self.text.is_empty() {
            self.text = HEAD.to_owned();
        } else if !self.text.ends_with('\n') {
            self.text.push('\n');
        }
        let entry = Entry::new(fact, command);
        self.text += &format!("{entry}\n");
        self.entries.push(entry);
        true
    }

    /// The text with all facts.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether nothing is known about the lesson.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether the text says that `fact` is true now. `command` is the command of a program in any
    /// language, or `None` for the lesson's crate. A reset task undoes the proof of this task, and the
    /// proof of the lesson, but only for the crate: another program was not put back.
    pub fn holds(&self, fact: Fact, command: Option<&str>) -> bool {
        let wanted = Entry::new(fact, command);
        let undoes = |later: &Entry| match (fact, later.fact) {
            (Fact::TaskProved(task), Fact::TaskReset(other))
            | (Fact::TaskReset(task), Fact::TaskProved(other)) => task == other,
            (Fact::LessonProved, Fact::TaskReset(_)) => true,
            (Fact::TaskReset(_), Fact::LessonProved) => true,
            _ => false,
        };
        let mut same_program = self.entries.iter().rev().filter(|it| it.command == wanted.command);
        same_program.find(|each| **each == wanted || undoes(each)) == Some(&wanted)
    }

    /// Whether the lesson was proved with a program in any language other than the lesson's crate.
    pub fn is_proved_by_a_command(&self) -> bool {
        let is_proof = |it: &Entry| it.fact == Fact::LessonProved && it.command.is_some();
        self.entries.iter().any(is_proof)
    }
}

/// Whether a line is empty, a comment, or a mark that git writes at a conflict.
fn is_ignored(line: &str) -> bool {
    let line = line.trim();
    let marks = ["<<<<<<<", "=======", ">>>>>>>", "|||||||", "#"];
    line.is_empty() || marks.iter().any(|mark| line.starts_with(mark))
}

#[cfg(test)]
mod tests {
    use super::Fact::*;
    use super::*;

    #[test]
    fn a_fact_is_added_once() {
        let mut progress = Progress::parse("");
        assert!(progress.is_empty());
        assert!(progress.add(TaskProved(1), None) && !progress.add(TaskProved(1), None));
        assert_eq!(progress.text(), format!("{HEAD}task 1 proved\n"));
        assert!(Progress::parse(progress.text()).holds(TaskProved(1), None));
    }

    #[test]
    fn every_fact_can_be_read_again() {
        for fact in [Begun, TaskProved(2), TaskReset(12), LessonProved, Revealed] {
            assert_eq!(Fact::parse(&fact.to_string()), Some(fact));
        }
    }

    #[test]
    fn a_reset_undoes_the_proof_until_the_next_proof() {
        let mut progress = Progress::parse("task 1 proved\nlesson proved\ntask 1 reset\n");
        assert!(!progress.holds(TaskProved(1), None) && !progress.holds(LessonProved, None));
        assert!(progress.add(TaskProved(1), None) && progress.holds(TaskProved(1), None));
        assert!(progress.add(LessonProved, None) && progress.holds(LessonProved, None));
    }

    #[test]
    fn the_progress_of_each_program_is_its_own() {
        let (c, python) = (Some("./client"), Some("python3  'my client.py'\n"));
        let mut progress = Progress::parse("task 1 proved\ntask 2 proved with --cmd ./client\n");
        assert!(progress.holds(TaskProved(1), None) && !progress.holds(TaskProved(1), c));
        assert!(progress.holds(TaskProved(2), c) && !progress.holds(TaskProved(2), None));
        assert!(progress.add(LessonProved, python) && !progress.add(LessonProved, python));
        assert!(progress.text().ends_with("lesson proved with --cmd python3 'my client.py'\n"));
        let again = Progress::parse(progress.text());
        assert!(again.holds(LessonProved, python) && again.is_proved_by_a_command());
        assert_eq!(again.unknown_lines, []);
        // What is put back is the crate.
        progress.add(TaskReset(2), None);
        assert!(progress.holds(TaskProved(2), c));
    }

    #[test]
    fn lines_of_two_versions_are_joined() {
        let text = "begun\n<<<<<<< HEAD\ntask 1 proved\n=======\ntask 2 proved\n>>>>>>> other\n";
        let progress = Progress::parse(text);
        assert!(progress.holds(TaskProved(1), None) && progress.holds(TaskProved(2), None));
        assert_eq!(progress.unknown_lines, []);
    }

    #[test]
    fn unknown_lines_are_kept_and_numbered() {
        for line in ["task one proved", "task 1", "prooved", "task -1 proved", "\u{1b}[31m"] {
            let mut progress = Progress::parse(&format!("begun\n{line}"));
            assert_eq!(progress.unknown_lines, [2], "{line}");
            progress.add(Revealed, None);
            assert_eq!(progress.text(), format!("begun\n{line}\nrevealed\n"));
        }
    }
}
