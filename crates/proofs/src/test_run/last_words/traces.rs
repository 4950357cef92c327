//! The traces that the runtimes of several languages print when a program ends by an error.
//!
//! Each function returns the message of the error, and the place in the program's own sources.

type Trace = (String, Option<String>);

/// The first trace in `stderr` that one of the languages' runtimes has printed.
pub(super) fn find(stderr: &str) -> Option<Trace> {
    let lines: Vec<&str> = stderr.lines().collect();
    let known = [rust, python, java, go, node, sanitizer];
    known.iter().find_map(|language| language(&lines))
}

/// The place in the first line of a Rust panic: `src/main.rs:2` in `thread 'main' panicked at
/// src/main.rs:2:5:`.
pub(in crate::test_run) fn place_of_panic(line: &str) -> Option<&str> {
    let place = line.split_once("panicked at ")?.1.trim_end_matches(':');
    Some(place.rsplit_once(':')?.0)
}

/// A panic: its first line has the place, and the message follows (std::panic). The panic of the
/// main thread ends the program, and counts before the panics of other threads.
fn rust(lines: &[&str]) -> Option<Trace> {
    let is_panic = |line: &str| line.starts_with("thread '") && line.contains("panicked at ");
    let of_main = lines.iter().position(|line| is_panic(line) && line.contains("'main'"));
    let at = of_main.or_else(|| lines.iter().rposition(|line| is_panic(line)))?;
    let message = lines[at + 1..].iter().find(|line| !line.trim().is_empty()).copied();
    let message = message.filter(|line| !line.starts_with("note: run with")).unwrap_or("panicked");
    Some((message.to_owned(), place_of_panic(lines[at]).map(str::to_owned)))
}

/// A traceback: the frames come first, the innermost frame last, and then the message (Python,
/// module traceback).
fn python(lines: &[&str]) -> Option<Trace> {
    let start = lines.iter().rposition(|line| line.starts_with("Traceback (most recent call"))?;
    let is_frame = |line: &&&str| line.starts_with([' ', '\t']);
    let count = lines[start + 1..].iter().take_while(is_frame).count();
    let message = lines.get(start + 1 + count)?;
    let frames = &lines[start + 1..start + 1 + count];
    let places: Vec<_> = frames.iter().filter_map(|line| python_place(line)).collect();
    let own =
        places.iter().rfind(|place| !place.contains("/lib/python") && !place.starts_with('<'));
    Some((message.to_string(), own.or(places.last()).cloned()))
}

/// `s.py:12` in `  File "s.py", line 12, in serve`.
fn python_place(line: &str) -> Option<String> {
    let (file, rest) = line.trim().strip_prefix("File \"")?.split_once("\", line ")?;
    let number: String = rest.chars().take_while(char::is_ascii_digit).collect();
    Some(format!("{file}:{number}"))
}

/// A stack trace: the message comes first, and the frames follow, the innermost frame first
/// (java.lang.Throwable.printStackTrace).
fn java(lines: &[&str]) -> Option<Trace> {
    let at = lines.iter().rposition(|line| line.starts_with("Exception in thread \""))?;
    let message = lines[at].split_once("\" ")?.1;
    let frames = lines[at + 1..].iter().filter_map(|line| line.trim().strip_prefix("at "));
    let places: Vec<_> = frames
        .filter(|frame| !["java.", "jdk.", "sun."].iter().any(|library| frame.contains(library)))
        .filter_map(|frame| frame.split_once('(')?.1.strip_suffix(')'))
        .collect();
    Some((message.to_owned(), places.first().map(|place| place.to_string())))
}

/// A panic or a fatal error of Go: the message comes first. Each frame has two lines, the second
/// with the place. The frames of the runtime are in the folder of Go's own sources.
fn go(lines: &[&str]) -> Option<Trace> {
    let starts = ["panic: ", "fatal error: "];
    let is_start = |line: &&str| starts.iter().any(|start| line.starts_with(start));
    let at = lines.iter().position(is_start)?;
    lines[at..].iter().find(|line| line.starts_with("goroutine "))?;
    let places = lines[at..].iter().filter_map(|line| {
        let place = line.strip_prefix('\t')?.split(' ').next()?;
        (place.contains(".go:") && !place.contains("/src/runtime/")).then(|| place.to_owned())
    });
    let own = places.into_iter().find(|place| !place.contains("/go/src/"));
    Some((lines[at].to_owned(), own))
}

/// An uncaught error of Node: the message, and the frames after it. Above the message stands the
/// line of the source where the error was thrown.
fn node(lines: &[&str]) -> Option<Trace> {
    let is_frame = |line: &str| line.starts_with("    at ");
    let frame = lines.iter().position(|line| is_frame(line))?;
    let message = lines[..frame]
        .iter()
        .rfind(|line| line.split_once(':').is_some_and(|(name, _)| name.ends_with("Error")))?;
    let frames = lines[frame..].iter().take_while(|line| is_frame(line));
    let places = frames.filter_map(|line| {
        let place = line.trim_end_matches(')').rsplit(['(', ' ']).next()?;
        Some(place.rsplit_once(':')?.0.trim_start_matches("file://").to_owned())
    });
    let own = places.into_iter().find(|place| !place.starts_with("node:"));
    Some((message.to_string(), own))
}

/// A report of AddressSanitizer or of its relatives (clang, AddressSanitizer).
fn sanitizer(lines: &[&str]) -> Option<Trace> {
    let at = lines.iter().position(|line| line.contains("Sanitizer:") && line.starts_with("=="))?;
    let message = lines[at].split_once("ERROR: ").or_else(|| lines[at].split_once("WARNING: "))?.1;
    let frames = lines[at..].iter().filter(|line| line.trim_start().starts_with('#'));
    let places = frames.filter_map(|line| {
        let place = line.rsplit(' ').next()?;
        let is_source = place.contains(".c") && place.contains(':');
        // The frames of the sanitizer and of the C library have places in their own sources.
        let is_own = !["sanitizer", "csu/", "sysdeps/"].iter().any(|it| place.contains(it));
        (is_source && is_own).then(|| place.to_owned())
    });
    Some((message.to_owned(), places.into_iter().next()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> (String, String) {
        let (message, place) = find(text).unwrap();
        (message, place.unwrap_or_default())
    }

    fn pair(message: &str, place: &str) -> (String, String) {
        (message.to_owned(), place.to_owned())
    }

    #[test]
    fn a_panic_of_rust() {
        let text = "\nthread 'main' (7) panicked at lessons/w03/src/server.rs:66:13:\n\
                    index out of bounds: the len is 2 but the index is 2\n\
                    note: run with `RUST_BACKTRACE=1` environment variable\n";
        let message = "index out of bounds: the len is 2 but the index is 2";
        assert_eq!(found(text), pair(message, "lessons/w03/src/server.rs:66"));
    }

    #[test]
    fn a_traceback_of_python() {
        let text = "Traceback (most recent call last):\n\
                    \x20 File \"/w/s.py\", line 17, in <module>\n    serve(c)\n\
                    \x20 File \"/w/s.py\", line 9, in serve\n    text = data.decode()\n\
                    UnicodeDecodeError: 'utf-8' codec can't decode byte 0x80\n";
        let message = "UnicodeDecodeError: 'utf-8' codec can't decode byte 0x80";
        assert_eq!(found(text), pair(message, "/w/s.py:9"));
        let library = "Traceback (most recent call last):\n  File \"s.py\", line 3, in <module>\n\
                       \x20 File \"/usr/lib/python3.12/socket.py\", line 295, in accept\n\
                       OSError: [Errno 24] Too many open files\n";
        assert_eq!(found(library), pair("OSError: [Errno 24] Too many open files", "s.py:3"));
    }

    #[test]
    fn a_stack_trace_of_java() {
        let text = "Exception in thread \"main\" java.net.SocketException: Connection reset\n\
                    \tat java.base/sun.nio.ch.NioSocketImpl.implRead(NioSocketImpl.java:328)\n\
                    \tat Server.serve(Server.java:31)\n\tat Server.main(Server.java:12)\n";
        let expected = pair("java.net.SocketException: Connection reset", "Server.java:31");
        assert_eq!(found(text), expected);
    }

    #[test]
    fn a_panic_of_go() {
        let text = "panic: runtime error: index out of range [5] with length 5\n\n\
                    goroutine 1 [running]:\nmain.serve(...)\n\t/w/main.go:21 +0x1d\n\
                    main.main()\n\t/w/main.go:9 +0x25\nexit status 2\n";
        let message = "panic: runtime error: index out of range [5] with length 5";
        assert_eq!(found(text), pair(message, "/w/main.go:21"));
    }

    #[test]
    fn an_uncaught_error_of_node() {
        let text = "node:events:497\n      throw er; // Unhandled 'error' event\n      ^\n\n\
                    Error: read ECONNRESET\n    at TCP.onStreamRead (node:internal/x:216:20)\n\
                    \x20   at serve (/w/server.js:12:7)\nEmitted 'error' event on Socket\n";
        assert_eq!(found(text), pair("Error: read ECONNRESET", "/w/server.js:12"));
    }

    #[test]
    fn a_report_of_a_sanitizer() {
        let text = "=================\n==81==ERROR: AddressSanitizer: stack-buffer-overflow on x\n\
                    WRITE of size 1\n    #0 0x55 in talk /w/echo.c:32\n    #1 0x56 in main /w/echo.c:61\n";
        let expected = pair("AddressSanitizer: stack-buffer-overflow on x", "/w/echo.c:32");
        assert_eq!(found(text), expected);
        let without_places = "==2==ERROR: AddressSanitizer: heap-buffer-overflow on x\n\
                              \x20   #0 0x55 in main (/w/s+0x2fcb)\n\
                              \x20   #1 0x7f in __libc_start_main_impl ../csu/libc-start.c:360\n";
        let expected = pair("AddressSanitizer: heap-buffer-overflow on x", "");
        assert_eq!(found(without_places), expected);
    }

    #[test]
    fn a_message_without_a_trace_is_none() {
        assert_eq!(find("accept: Too many open files\n[x] at 12\n"), None);
    }
}
