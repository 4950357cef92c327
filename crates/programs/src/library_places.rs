//! A panic in Rust's library names a line of the library. Its path is long, and says nothing about the
//! code that has called the library.

use course::report::Cause;

/// How the path of a file of the library begins. The hash of the compiler's sources follows.
const SOURCES: &str = "/rustc/";

/// The cause with short names for places in the library. If the program has printed a backtrace, the
/// function that has called the library is named, too.
pub(crate) fn explained(cause: Cause) -> Cause {
    let printed: Vec<_> = cause.steps.iter().flat_map(|step| &step.printed).collect();
    let lines: Vec<_> = printed.iter().map(|line| line.trim()).collect();
    let caller = caller(&lines);
    let text = |text: &str| shortened(text, caller);
    Cause { summary: text(&cause.summary), observed: text(&cause.observed), ..cause }
}

/// `text` with `library/alloc/src/vec/mod.rs:2202 of Rust` in place of the whole path.
fn shortened(text: &str, caller: Option<&str>) -> String {
    let Some((before, rest)) = text.split_once(SOURCES) else { return text.to_owned() };
    let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
    let (path, after) = rest.split_at(end);
    let place = path.trim_end_matches([':', '.', ',']);
    let short = place.split_once('/').map_or(place, |(_hash, short)| short);
    let called = caller.map_or_else(String::new, |caller| format!(", called by {caller}"));
    let after = shortened(&(path[place.len()..].to_owned() + after), None);
    format!("{before}{short} of Rust{called}{after}")
}

/// The place, or else the name, of the first frame of a backtrace that is not in the library: of
/// `4: chat::server::remove` and, on the next line, `at ./src/server.rs:66:13`.
fn caller<'a>(lines: &[&'a str]) -> Option<&'a str> {
    let start = lines.iter().position(|line| *line == "stack backtrace:")?;
    let frames = lines[start..].iter().enumerate().filter_map(|(at, line)| {
        let (number, name) = line.split_once(": ")?;
        number.parse::<u32>().ok()?;
        let place = lines.get(start + at + 1).and_then(|next| next.strip_prefix("at "));
        Some((name, place))
    });
    let mut own = frames.filter(|(name, place)| !is_of_library(name, *place));
    let (name, place) = own.next()?;
    Some(place.and_then(|place| place.rsplit_once(':')).map_or(name, |(place, _column)| place))
}

fn is_of_library(name: &str, place: Option<&str>) -> bool {
    const CRATES: [&str; 6] = ["alloc::", "core::", "std::", "__rustc", "rust_", "_"];
    let name = name.trim_start_matches(['<', '&']);
    place.is_some_and(|place| place.contains(SOURCES))
        || CRATES.iter().any(|start| name.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;
    use course::report::Step;

    const PANIC: &str = "The server ended with exit status 101 when B left. /rustc/59807616e1fa/library/\
                         alloc/src/vec/mod.rs:2202: swap_remove index (is 20) should be < len (is 2)";

    fn summary(backtrace: &[&str]) -> String {
        let printed = backtrace.iter().map(|line| (*line).to_owned()).collect();
        let steps = vec![Step { printed, ..Step::default() }];
        explained(Cause { summary: PANIC.to_owned(), steps, ..Cause::default() }).summary
    }

    #[test]
    fn a_place_in_the_library_is_short() {
        let expected = "B left. library/alloc/src/vec/mod.rs:2202 of Rust: swap_remove index";
        assert!(summary(&[]).contains(expected), "{}", summary(&[]));
        let other = "The server ended with exit status 1. s.py:6: KeyError";
        assert_eq!(shortened(other, None), other);
    }

    #[test]
    fn the_function_that_has_called_the_library_is_named() {
        let library = "at /rustc/59807616e1fa/library/alloc/src/vec/mod.rs:2202:13";
        let entry = "10: main";
        let frames = ["stack backtrace:", "0: __rustc::rust_begin_unwind", library];
        let named =
            [&frames[..], &["3: <alloc::vec::Vec<_>>::swap_remove", "4: chat::remove", entry]];
        assert!(summary(&named.concat()).contains("of Rust, called by chat::remove: swap_remove"));
        let placed = [&frames[..], &["4: chat::remove", "at ./src/server.rs:66:13", entry]];
        assert!(summary(&placed.concat()).contains("called by ./src/server.rs:66: swap_remove"));
    }
}
