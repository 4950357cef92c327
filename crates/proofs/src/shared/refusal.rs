//! What a program does with a setting that it cannot use: it must write one line to standard error
//! that names the variable and the value, and end with an exit status other than 0.

use crate::test_run::TestRun;
use std::time::Duration;
use witness::{Call, Exit, Socket, WaitError};

/// A setting that a program has to refuse.
pub(crate) struct BadSetting<'a> {
    /// The variable that the message has to name. `None` if the program does not take the value
    /// from a variable.
    pub(crate) variable: Option<&'a str>,
    /// The value that the message has to name.
    pub(crate) value: &'a str,
}

/// What a program has done with a setting that it has to refuse.
pub(crate) enum Reaction {
    /// The program has ended with a message and with a status other than 0.
    Refused,
    /// The program runs, and these are its listening sockets.
    Listens(Vec<Socket>),
    /// The program runs, and does not listen.
    RunsOn,
    /// The program has gone on to a later task of the lesson, which is still to do: `Task 2`.
    ReachedTask(String),
    /// A signal or a limit has ended the program.
    Killed,
    /// The program has ended with status 0.
    StatusZero,
    /// The program has ended with a stack trace.
    Trace,
    /// No line of the message names the variable and the value.
    NotNamed,
    /// One line of the message is right, and there are this many lines.
    ManyLines(usize),
}

/// The maximum number of lines on standard error. The lessons ask for one line. What starts a
/// server may add a line of its own: a Java virtual machine says which options it has read from the
/// environment, and `go run` prints the exit status.
const MAX_LINES: usize = 3;

/// The time in which a program has to end that tries to listen several times before it gives up, or
/// that has written its message.
const RETRY_TIME: Duration = Duration::from_secs(2);

/// Waits until the program has ended, or does nothing more by itself. Returns what the program has
/// done, and how the wait has ended.
pub(crate) fn wait_reaction(run: &mut TestRun, setting: &BadSetting<'_>) -> (Reaction, WaitError) {
    let mut wait_error = run.at_rest();
    let mut listeners = own_listeners(run, &wait_error);
    if listeners.is_empty() && may_still_end(run, &wait_error) {
        match run.server.wait_ended(RETRY_TIME) {
            Ok(exit) => wait_error = WaitError::Ended(exit),
            Err(_) => listeners = own_listeners(run, &wait_error),
        }
    }
    let reaction = match &wait_error {
        WaitError::Ended(exit) => match run.later_task() {
            Some(task) => Reaction::ReachedTask(task),
            None => judge_end(exit, &run.server.stderr(), setting),
        },
        _ if listeners.is_empty() => Reaction::RunsOn,
        _ => Reaction::Listens(listeners),
    };
    (reaction, wait_error)
}

/// Whether a program that is idle may still end. A program that sleeps for a short time may try
/// again, and give up later. A program that has written its message is about to end: the threads of
/// a Java virtual machine wait for one another meanwhile.
fn may_still_end(run: &TestRun, wait_error: &WaitError) -> bool {
    let WaitError::Idle { calls } = wait_error else { return false };
    is_nap(calls) || !run.server.stderr().is_empty()
}

/// The listening sockets of a program that has not ended.
fn own_listeners(run: &TestRun, wait_error: &WaitError) -> Vec<Socket> {
    match wait_error {
        WaitError::Ended(_) => Vec::new(),
        _ => run.server.listeners().unwrap_or_default(),
    }
}

/// Whether the program sleeps only for some time.
pub(super) fn is_nap(calls: &[Call]) -> bool {
    calls.iter().any(|call| {
        matches!(call.name(), "nanosleep" | "clock_nanosleep" | "select" | "pselect6" | "ppoll")
            || call.timeout().is_some_and(|millis| millis > 0)
    })
}

/// Judges a program that has ended.
fn judge_end(exit: &Exit, stderr: &str, setting: &BadSetting<'_>) -> Reaction {
    let lines: Vec<_> = stderr.lines().filter(|line| !line.trim().is_empty()).collect();
    let is_named = lines.iter().any(|line| names(line, setting));
    match exit {
        Exit::Status(status) => {
            if lines.iter().any(|line| belongs_to_trace(line)) {
                Reaction::Trace
            } else if *status == 0 {
                Reaction::StatusZero
            } else if !is_named {
                Reaction::NotNamed
            } else if lines.len() > MAX_LINES {
                Reaction::ManyLines(lines.len())
            } else {
                Reaction::Refused
            }
        }
        _ => Reaction::Killed,
    }
}

/// Whether a line names the variable and the value.
fn names(line: &str, setting: &BadSetting<'_>) -> bool {
    setting.variable.is_none_or(|variable| has_word(line, variable))
        && (setting.value.is_empty() || has_word(line, setting.value))
}

/// Whether `word` is in the line, and is not a part of a longer word or number.
fn has_word(line: &str, word: &str) -> bool {
    let is_part = |byte: Option<&u8>| byte.is_some_and(|it| it.is_ascii_alphanumeric());
    line.match_indices(word).any(|(at, _)| {
        let (before, after) = (&line.as_bytes()[..at], &line.as_bytes()[at + word.len()..]);
        let begins = !word.starts_with(|it: char| it.is_ascii_alphanumeric());
        (begins || !is_part(before.last())) && !is_part(after.first())
    })
}

/// Whether only a stack trace has such a line.
fn belongs_to_trace(line: &str) -> bool {
    const BEGINNINGS: [&str; 10] = [
        "thread '",                          // Rust
        "Traceback (most recent call last)", // Python
        "panic: ",                           // Go
        "goroutine ",                        // Go
        "Exception in thread ",              // Java
        "Unhandled exception",               // C#, Dart
        "terminate called ",                 // C++
        "Fatal error: exception ",           // OCaml
        "PHP Fatal error:",                  // PHP
        "stack backtrace:",                  // Rust
    ];
    let frame = line.trim_start();
    let is_indented = frame.len() < line.len();
    BEGINNINGS.iter().any(|beginning| line.starts_with(beginning))
        // A frame of Java, JavaScript or C#: `    at main (server.js:10:9)`.
        || is_indented && frame.starts_with("at ")
        // Ruby: `server.rb:3:in 'Integer': invalid value for Integer(): "many" (ArgumentError)`.
        || line.contains(":in ") && line.trim_end().ends_with("Error)")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(status: i32, stderr: &str, value: &str) -> Reaction {
        let setting = BadSetting { variable: Some("PORT"), value };
        judge_end(&Exit::Status(status), stderr, &setting)
    }

    #[test]
    fn a_line_with_the_variable_and_the_value_is_a_refusal() {
        for (value, line) in [
            ("many", "PORT=\"many\": expected a number from 1 to 65535\n"),
            ("many", "server.py: error: PORT: many is not a number\n"),
            ("", "PORT=\"\": expected a number\n"),
            ("", "PORT is empty\n"),
            ("-1", "PORT=-1: out of range\n"),
            ("0", "invalid PORT: 0\n"),
            ("7000x", "Picked up JAVA_TOOL_OPTIONS: -Xmx1g\nPORT must be a number, not '7000x'\n"),
        ] {
            assert!(matches!(judge(1, line, value), Reaction::Refused), "{line}");
        }
    }

    #[test]
    fn a_message_names_both_on_one_line() {
        for (value, message) in [
            ("many", ""),
            ("many", "usage: server\n"),
            ("many", "PORT is not a number\n"),
            ("many", "many is not a port\n"),
            ("many", "PORT is wrong\nmany\n"),
            ("many", "PORTx=\"many\": expected a number\n"),
            ("many", "EXPORT=\"many\": expected a number\n"),
            ("0", "PORT: expected a number from 10 to 65535\n"),
            ("7000x", "PORT=7000: Address already in use\n"),
            ("7000", "PORT=70000: Address already in use\n"),
        ] {
            assert!(matches!(judge(1, message, value), Reaction::NotNamed), "{message}");
        }
    }

    #[test]
    fn status_0_is_no_refusal() {
        assert!(matches!(judge(0, "PORT=many: no number\n", "many"), Reaction::StatusZero));
    }

    #[test]
    fn a_page_of_lines_is_not_one_line() {
        let page = "PORT=many: no number\n1\n2\n3\n";
        assert!(matches!(judge(1, page, "many"), Reaction::ManyLines(4)));
    }

    #[test]
    fn each_languages_trace_is_recognized() {
        for (first, rest) in [
            ("thread 'main' (812) panicked at src/main.rs:3:5:", "PORT=many"),
            ("Traceback (most recent call last):", "ValueError: PORT=many"),
            ("panic: PORT=many", "goroutine 1 [running]:"),
            ("goroutine 1 [running]:", "main.main()"),
            ("Exception in thread \"main\" java.lang.NumberFormatException: PORT=many", ""),
            ("    at Object.<anonymous> (/home/a/server.js:10:9)", "Node.js v20"),
            ("\tat Server.main(Server.java:12)", ""),
            ("server.rb:3:in 'Integer': invalid value for Integer(): \"many\" (ArgumentError)", ""),
        ] {
            let found = judge(1, &format!("{first}\n{rest}\nPORT=many\n"), "many");
            assert!(matches!(found, Reaction::Trace), "{first}");
        }
    }

    #[test]
    fn a_message_about_a_thread_is_no_trace() {
        for line in ["at PORT=many: no number\n", "PORT=many (see: man 2 bind)\n"] {
            assert!(matches!(judge(1, line, "many"), Reaction::Refused), "{line}");
        }
    }
}
