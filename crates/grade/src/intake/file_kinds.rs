//! Names of files: sources, names with a meaning for the grader, and names that a browser, an editor
//! or a platform has changed, e.g. `server (1).rs`.

use super::starter::Starters;
use std::collections::BTreeSet;
use std::path::Path;

/// The files of a program in any language that have a meaning for the grader.
const PROGRAM: [&str; 5] = ["submission.toml", "Makefile", "build.sh", "server.py", "server.c"];

/// Other spellings that `make` accepts (GNU make manual, Makefile Names).
const MAKEFILES: [&str; 2] = ["makefile", "GNUmakefile"];

/// The endings of source files.
const SOURCES: [&str; 8] = ["rs", "c", "h", "cc", "cpp", "py", "go", "zig"];

/// The names of files that have a meaning for the grader.
pub(super) fn known_names(starters: &Starters) -> BTreeSet<String> {
    let mut known = starters.names();
    known.extend(PROGRAM.map(str::to_owned));
    known
}

/// Whether a file is a source, or has a name that has a meaning or was meant to have one.
pub(super) fn is_source(path: &Path, known: &BTreeSet<String>) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    let has_meaning = known.contains(name) || MAKEFILES.contains(&name);
    SOURCES.contains(&ending) || has_meaning || intended(name, known).is_some()
}

/// The name that a file was meant to have, if it is one of `known`, and `name` is not.
pub(super) fn intended(name: &str, known: &BTreeSet<String>) -> Option<String> {
    if known.contains(name) || MAKEFILES.contains(&name) {
        return None;
    }
    let plain = without_additions(&name.to_lowercase());
    known.iter().find(|known| known.to_lowercase() == plain).cloned()
}

/// A name in lower case, without what programs add to it: `.txt` (editors on Windows), ` (1)`
/// (browsers), `-1` (Canvas, for a file that was handed in again), ` - copy` (file managers).
fn without_additions(name: &str) -> String {
    let name = name.strip_suffix(".txt").unwrap_or(name);
    let (stem, extension) = match name.rsplit_once('.') {
        Some((stem, extension)) => (stem, format!(".{extension}")),
        None => (name, String::new()),
    };
    let stem = stem.trim_end();
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let numbered = stem.strip_suffix(')').and_then(|stem| stem.rsplit_once('('));
    let stem = match (numbered, stem.rsplit_once('-')) {
        (Some((stem, number)), _) if is_number(number) => stem,
        (_, Some((stem, number))) if is_number(number) => stem,
        _ => [" - copy", " copy"].iter().find_map(|end| stem.strip_suffix(end)).unwrap_or(stem),
    };
    format!("{}{extension}", stem.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_name_is_recognized() {
        let known = ["server.rs", "table.rs", "Makefile", "server.c"].map(str::to_owned).into();
        for (name, meant) in [
            ("server.rs.txt", Some("server.rs")),
            ("server (1).rs", Some("server.rs")),
            ("server(12).rs", Some("server.rs")),
            ("server-2.rs", Some("server.rs")),
            ("Server.rs", Some("server.rs")),
            ("server - Copy.rs", Some("server.rs")),
            ("SERVER (1).RS.TXT", Some("server.rs")),
            ("Makefile.txt", Some("Makefile")),
            ("server.c.txt", Some("server.c")),
            ("server.rs", None),
            ("makefile", None),
            ("my_server.rs", None),
            ("server_2.rs", None),
            ("server.rs.bak", None),
            ("notes.txt", None),
            (".txt", None),
            ("", None),
        ] {
            assert_eq!(intended(name, &known).as_deref(), meant, "{name}");
        }
    }
}
