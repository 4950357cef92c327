//! The commands in a task's Test that prove criteria.

/// A command `cargo xtask prove …` in a code block of a task's Test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestCommand {
    /// The command, e.g. `cargo xtask prove w03-l02 --only slots,reuse`, without comments.
    pub command: String,
    /// The line of the command, counted from 1.
    pub line: usize,
}

/// The criteria that a [`TestCommand`] selects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection<'a> {
    /// `--only`: the criteria with these ids.
    Only(Vec<&'a str>),
    /// `--task`: all criteria of this task. `None` if the value is not a number.
    Task(Option<u32>),
    /// Neither option: all criteria of the lesson.
    All,
}

impl TestCommand {
    /// The command in a line of a code block. `None` if the line has another command, or none.
    pub(crate) fn of(text: &str, line: usize) -> Option<Self> {
        let command = text.split(" #").next().unwrap_or(text).trim();
        let is_ours = command.split_whitespace().take(3).eq(["cargo", "xtask", "prove"]);
        is_ours.then(|| Self { command: command.to_owned(), line })
    }

    /// The words after `cargo xtask`, separated by spaces. A task's Test has no quoted words.
    pub fn arguments(&self) -> impl Iterator<Item = &str> {
        self.command.split_whitespace().skip(2)
    }

    /// The lesson that the command names, e.g. `w03-l02`. `None` if the command names no lesson.
    pub fn lesson(&self) -> Option<&str> {
        self.arguments().nth(1).filter(|word| !word.starts_with('-'))
    }

    /// The criteria that the command selects.
    pub fn selection(&self) -> Selection<'_> {
        if let Some(ids) = self.value("--only") {
            return Selection::Only(ids.split(',').collect());
        }
        match self.value("--task") {
            Some(number) => Selection::Task(number.parse().ok()),
            None => Selection::All,
        }
    }

    /// The value of an option, as in `--only starts` or `--only=starts`.
    fn value(&self, option: &str) -> Option<&str> {
        let mut words = self.arguments();
        words
            .find_map(|word| match word.strip_prefix(option)? {
                "" => Some(None),
                value => value.strip_prefix('=').map(Some),
            })?
            .or_else(|| words.next())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Selection::{All, Only, Task};

    fn selection(line: &str) -> Selection<'_> {
        // The test only needs the selection, so the command may live as long as the process.
        Box::leak(Box::new(TestCommand::of(line, 1).unwrap())).selection()
    }

    #[test]
    fn the_selection_is_read_from_the_options() {
        assert_eq!(
            selection("cargo xtask prove w03-l02 --only slots,reuse"),
            Only(vec!["slots", "reuse"])
        );
        assert_eq!(selection("cargo xtask prove w03-l02 --only=slots  # one"), Only(vec!["slots"]));
        assert_eq!(selection("cargo xtask prove w03-l02 --task 2 --cmd ./server"), Task(Some(2)));
        assert_eq!(selection("cargo xtask prove w03-l02 --task two"), Task(None));
        assert_eq!(selection("cargo xtask prove w03-l02"), All);
    }

    #[test]
    fn another_command_is_not_one_of_them() {
        for line in ["", "nc localhost 7000", "cargo xtask list w03-l02", "cargo xtask"] {
            assert_eq!(TestCommand::of(line, 1), None, "{line}");
        }
        let command = TestCommand::of("  cargo xtask prove --solution", 7).unwrap();
        assert_eq!((command.lesson(), command.line), (None, 7));
    }
}
