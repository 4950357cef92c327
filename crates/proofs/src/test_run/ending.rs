//! The failure of a server that has ended, or that has reached a task that is still to do.
//!
//! The end of a server explains a failure better than the check does: the summary says how the
//! server ended, what had just been asked of it, and what the program has said about its end.

use super::last_words::{LastWords, errno_in, place_of_panic, start_of_reason};
use super::{TestRun, places};
use course::report::Cause;
use witness::{Exit, ServerClose};

/// A task that is still to do, at which a program panicked.
pub(super) struct TaskToDo {
    /// What is to do, as `todo!` prints it: `Task 2: accept the client`.
    title: String,
    /// The file and the line.
    place: String,
}

impl TaskToDo {
    /// The task without its title, e.g. `Task 2`.
    fn name(&self) -> &str {
        self.title.split(':').next().unwrap_or_default()
    }

    /// What the program has done, as a sentence without its subject.
    pub(super) fn reached(&self) -> String {
        let Self { title, place } = self;
        format!("reached a task that is still to do: {title} ({place})")
    }
}

impl TestRun {
    /// Rewrites the cause of a server that panicked at a task that is still to do. Returns whether
    /// the server did so. If the log has a wrong line, the line is wrong all the same, and the task
    /// is only added to the summary.
    pub(super) fn explain_task(&self, cause: &mut Cause) -> bool {
        let Some(task) = self.task_to_do() else { return false };
        let reached = format!("{} {}", self.noun(), task.reached());
        if is_wrong_line(&cause.id) {
            cause.summary += &format!(" Then the {reached}");
            return true;
        }
        cause.id = "todo".to_owned();
        cause.mistake = None;
        cause.summary = format!("The {reached}");
        true
    }

    /// The name of the task that is still to do at which the program panicked, e.g. `Task 2`. `None`
    /// for Task 1, in which settings and arguments are checked.
    pub(crate) fn later_task(&self) -> Option<String> {
        self.later_task_to_do().map(|task| task.name().to_owned())
    }

    pub(super) fn later_task_to_do(&self) -> Option<TaskToDo> {
        self.task_to_do().filter(|task| task.name() != "Task 1")
    }

    fn task_to_do(&self) -> Option<TaskToDo> {
        let stderr = self.server.stderr();
        let (title, place) = task_to_do(&stderr)?;
        let place = places::from_here(place, &self.directory, &self.program);
        Some(TaskToDo { title: title.to_owned(), place })
    }

    /// Rewrites the cause of a server that has ended.
    pub(crate) fn explain_end(&self, cause: &mut Cause, exit: &Exit) {
        let stderr = self.server.stderr();
        let words = LastWords::of(&stderr);
        cause.exit = Some(exit.to_string());
        if cause.id != "not-listening" {
            let ended = format!("The {} {exit}", self.noun());
            // A check that has found the reason names it: "The server ended when accept failed …".
            let found = self.found_reason(cause);
            cause.summary = match found {
                Some(rest) if rest != "." => format!("{ended}{rest}"),
                _ => format!("{ended} {}.", self.when_ended()),
            };
        }
        cause.summary += &self.words_text(words.as_ref(), " ");
        let ended = format!("the {} {exit}", self.noun());
        cause.observed = match &words {
            Some(_) => format!("{ended}.{}", self.words_text(words.as_ref(), " ")),
            None => format!("{ended} and wrote nothing to standard error"),
        };
    }

    /// What follows "The server ended" in the summary of a check that has found the reason.
    fn found_reason<'a>(&self, cause: &'a Cause) -> Option<&'a str> {
        cause.summary.strip_prefix(&format!("The {} ended", self.noun()))
    }

    /// Adds the end of a client to a cause. Only a crash explains the failure better than the check
    /// does. If the check says that the client ended, the row of the check stays.
    pub(super) fn explain_end_of_client(&self, cause: &mut Cause, exit: &Exit) {
        if self.found_reason(cause).is_some() {
            self.explain_end(cause, exit);
            if matches!(exit, Exit::Status(_)) && self.trace_message().is_none() {
                cause.exit = None;
            }
            return;
        }
        if !matches!(exit, Exit::Status(_)) || self.trace_message().is_some() {
            return self.explain_end(cause, exit);
        }
        let words = LastWords::of(&self.server.stderr());
        let ended = format!("the client {exit}.{}", self.words_text(words.as_ref(), " "));
        cause.observed = match cause.observed.is_empty() {
            true => ended,
            false => format!("{}; {ended}", cause.observed),
        };
    }

    /// Removes the steps that the check made after the server had ended. The check may not have
    /// noticed the end at once. Returns whether the server had ended before the check asked it for
    /// anything.
    pub(super) fn remove_steps_after_end(&mut self) -> bool {
        let count = self.steps.len();
        // The server may have printed the reason of its end before the last steps began.
        let printed = start_of_reason(&self.server.stderr()).unwrap_or(usize::MAX);
        let begun_before = self.steps.iter().filter(|step| step.stderr_start <= printed).count();
        let mut last = begun_before.max(1) - 1;
        // If the server has read what a client sent, the kernel ends the connection with a FIN. A
        // reset shows that the server ended before it read these bytes (tcp_close() in
        // net/ipv4/tcp.c). Therefore the step before has ended the server.
        if self.sent_in_vain(&self.steps[last].text) && last > 0 {
            last -= 1;
        }
        self.steps.truncate(last + 1);
        self.steps.len() == 1 && count > 1
    }

    /// What had just been asked of the server when it ended, e.g. `when A connected`.
    fn when_ended(&self) -> String {
        // The last step says only that the server has ended.
        match self.steps.as_slice() {
            [_, .., asked, _] => format!("when {}", asked.text),
            _ => "right after its start".to_owned(),
        }
    }

    /// Whether a step says that a client sent bytes, and the server has read none of them.
    fn sent_in_vain(&self, step: &str) -> bool {
        self.clients.iter().any(|client| {
            let is_sender =
                step.strip_prefix(&client.name).is_some_and(|rest| rest.starts_with(" sent "));
            is_sender && client.connection.ended() == Some(ServerClose::Reset)
        })
    }

    /// What the program has said about its end, as a sentence that begins with `space`.
    fn words_text(&self, words: Option<&LastWords>, space: &str) -> String {
        match words {
            Some(LastWords::Trace { message, place: Some(place) }) => {
                format!(
                    "{space}{}: {message}",
                    places::from_here(place, &self.directory, &self.program)
                )
            }
            Some(LastWords::Trace { message, place: None }) => format!("{space}{message}"),
            Some(LastWords::Line(line)) => {
                // perror(3) prints the errno's text, and manual pages list the errno's name.
                let name = errno_in(line).map(|errno| format!("{errno:?}"));
                let name = name.filter(|name| !line.contains(name.as_str()));
                let name = name.map_or_else(String::new, |name| format!(" ({name})"));
                format!("{space}Its last line on standard error{name}: {line}")
            }
            None => String::new(),
        }
    }
}

/// Whether the cause with this id is that a line of the log names a wrong descriptor or slot.
fn is_wrong_line(id: &str) -> bool {
    const IDS: [&str; 7] = [
        "no-such-slot",
        "slot-given-twice",
        "slot-not-reused",
        "wrong-accept-line",
        "wrong-descriptor",
        "wrong-disconnect-line",
        "wrong-slot",
    ];
    IDS.contains(&id)
}

/// The task at which the server panicked, and its place in the source. They come from the message
/// of `todo!`: `Task 2: accept the client …` and `src/server.rs:41`. The place may be in an earlier
/// lesson, on which this lesson builds.
fn task_to_do(stderr: &str) -> Option<(&str, &str)> {
    let (before, after) = stderr.split_once("not yet implemented: ")?;
    Some((after.lines().next()?, place_of_panic(before.lines().last()?)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_to_do_has_its_place() {
        let stderr = "\nthread 'main' panicked at lessons/w03-l02/src/server.rs:41:9:\n\
                      not yet implemented: Task 2: accept the client\nnote: run with\n";
        let expected = ("Task 2: accept the client", "lessons/w03-l02/src/server.rs:41");
        assert_eq!(task_to_do(stderr), Some(expected));
        assert_eq!(task_to_do("thread 'main' panicked at src/a.rs:1:1:\nno\n"), None);
    }
}
