//! A student's progress in one lesson: a small text with one fact on each line.
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

/// The progress in one lesson.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    text: String,
    facts: Vec<Fact>,
    /// The numbers of the lines that are no facts, counted from 1. These lines are kept.
    pub unknown_lines: Vec<usize>,
}

impl Progress {
    /// Reads a text. An empty text is a lesson that is not begun.
    pub fn parse(text: &str) -> Self {
        let mut progress = Self { text: text.to_owned(), ..Self::default() };
        for (line, number) in text.lines().zip(1..) {
            match Fact::parse(line) {
                Some(fact) => progress.facts.push(fact),
                None if is_ignored(line) => {}
                None => progress.unknown_lines.push(number),
            }
        }
        progress
    }

    /// Adds a fact at the end of the text, unless the text already says so. Returns whether the text
    /// has changed.
    pub fn add(&mut self, fact: Fact) -> bool {
        if self.holds(fact) {
            return false;
        }
        if self.text.is_empty() {
            self.text = HEAD.to_owned();
        } else if !self.text.ends_with('\n') {
            self.text.push('\n');
        }
        self.text += &format!("{fact}\n");
        self.facts.push(fact);
        true
    }

    /// The text with all facts.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether nothing is known about the lesson.
    pub fn is_empty(&self) -> bool {
        self.facts.is_empty()
    }

    /// Whether the text says that `fact` is true now. A reset task undoes the proof of this task, and
    /// the proof of the lesson.
    pub fn holds(&self, fact: Fact) -> bool {
        let undoes = |later: &Fact| match (fact, *later) {
            (Fact::TaskProved(task), Fact::TaskReset(other))
            | (Fact::TaskReset(task), Fact::TaskProved(other)) => task == other,
            (Fact::LessonProved, Fact::TaskReset(_)) => true,
            (Fact::TaskReset(_), Fact::LessonProved) => true,
            _ => false,
        };
        let last = self.facts.iter().rev().find(|each| **each == fact || undoes(each));
        last == Some(&fact)
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
        assert!(progress.add(TaskProved(1)) && !progress.add(TaskProved(1)));
        assert_eq!(progress.text(), format!("{HEAD}task 1 proved\n"));
        assert!(Progress::parse(progress.text()).holds(TaskProved(1)));
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
        assert!(!progress.holds(TaskProved(1)) && !progress.holds(LessonProved));
        assert!(progress.add(TaskProved(1)) && progress.holds(TaskProved(1)));
        assert!(progress.add(LessonProved) && progress.holds(LessonProved));
    }

    #[test]
    fn lines_of_two_versions_are_joined() {
        let text = "begun\n<<<<<<< HEAD\ntask 1 proved\n=======\ntask 2 proved\n>>>>>>> other\n";
        let progress = Progress::parse(text);
        assert!(progress.holds(TaskProved(1)) && progress.holds(TaskProved(2)));
        assert_eq!(progress.unknown_lines, []);
    }

    #[test]
    fn unknown_lines_are_kept_and_numbered() {
        for line in ["task one proved", "task 1", "prooved", "task -1 proved", "\u{1b}[31m"] {
            let mut progress = Progress::parse(&format!("begun\n{line}"));
            assert_eq!(progress.unknown_lines, [2], "{line}");
            progress.add(Revealed);
            assert_eq!(progress.text(), format!("begun\n{line}\nrevealed\n"));
        }
    }
}
