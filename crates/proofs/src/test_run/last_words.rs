//! What a program has said about its own end, on standard error.

mod traces;

use std::io;
use witness::Errno;

pub(super) use traces::place_of_panic;

/// What a program has said about its own end.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum LastWords {
    /// The message of a panic, of an uncaught exception or of a sanitizer. `place` is the file and
    /// the line in the program's own sources, if the trace names them.
    Trace { message: String, place: Option<String> },
    /// The last line on standard error.
    Line(String),
}

impl LastWords {
    /// The last words in what a program has written to standard error. `None` if the program has
    /// written nothing.
    pub(super) fn of(stderr: &str) -> Option<Self> {
        if let Some((message, place)) = traces::find(stderr) {
            return Some(LastWords::Trace { message, place });
        }
        let mut lines = stderr.lines().map(str::trim).filter(|line| !line.is_empty());
        lines.next_back().map(|line| LastWords::Line(line.to_owned()))
    }
}

/// The byte in `stderr` at which a program begins to say why it ends: a trace, or a last line that
/// names an errno. `None` if the last line may be about something else.
pub(super) fn start_of_reason(stderr: &str) -> Option<usize> {
    match LastWords::of(stderr)? {
        LastWords::Trace { .. } => start_of_trace(stderr),
        LastWords::Line(line) => stderr.rfind(&line).filter(|_| errno_in(&line).is_some()),
    }
}

/// The errno whose text a line has, as perror(3) and the standard libraries print it. Of several
/// texts, the longest counts.
pub(super) fn errno_in(line: &str) -> Option<Errno> {
    const LAST_ERRNO: i32 = 133;
    let text_of = |errno: i32| {
        let text = io::Error::from_raw_os_error(errno).to_string();
        text.split(" (os error").next().unwrap_or_default().to_owned()
    };
    let known = (1..=LAST_ERRNO).map(|errno| (errno, text_of(errno)));
    let named = known.filter(|(_, text)| line.contains(text));
    named.max_by_key(|(_, text)| text.len()).map(|(errno, _)| Errno::from_raw(errno))
}

fn start_of_trace(stderr: &str) -> Option<usize> {
    const STARTS: [&str; 6] = [
        "\nthread '",
        "\nTraceback (most recent call last)",
        "\nException in thread",
        "\npanic: ",
        "\nfatal error: ",
        "\n==",
    ];
    let text = format!("\n{stderr}");
    // The text has one byte more at its start, and the match begins one byte before the trace.
    STARTS.iter().filter_map(|start| text.find(start)).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_trace_the_last_line_counts() {
        let last = |text| LastWords::of(text);
        assert_eq!(
            last("a\naccept: Bad file descriptor\n\n"),
            Some(LastWords::Line("accept: Bad file descriptor".to_owned(),))
        );
        assert_eq!(last(" \n"), None);
    }

    #[test]
    fn a_trace_begins_after_the_lines_before_it() {
        let stderr = "client 4\nthread 'main' panicked at src/main.rs:2:5:\nno\n";
        assert_eq!(start_of_reason(stderr), Some(9));
        assert_eq!(start_of_reason("client 4\n"), None);
    }

    #[test]
    fn a_line_that_names_an_errno_is_the_reason() {
        assert_eq!(start_of_reason("hello\naccept: Invalid argument\n"), Some(6));
        assert_eq!(errno_in("accept: Invalid argument"), Some(Errno::EINVAL));
        assert_eq!(errno_in("no errno here"), None);
    }
}
