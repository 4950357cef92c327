//! Tests of which program of a submission counts, and of the report of its files.

use crate::{COURSE, files, paths, refusal};
use grade::intake::ProjectKind;
use std::fs;

/// The folder of the lesson in a clone.
const LESSON: &str = "lessons/w03-l02-poll-tracker";

/// A file of the starter of w03-l02.
fn starter(name: &str) -> String {
    fs::read_to_string(COURSE.root().join(LESSON).join("src").join(name)).unwrap()
}

/// The starter in `folder`, with these files instead or in addition.
fn with_starter(folder: &str, own: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut files: Vec<_> = ["server.rs", "table.rs", "connection.rs", "poll_set.rs", "log.rs"]
        .iter()
        .map(|name| (format!("{folder}{name}"), starter(name)))
        .collect();
    for (path, text) in own {
        files.retain(|(other, _)| other != path);
        files.push(((*path).to_owned(), (*text).to_owned()));
    }
    files
}

fn read(
    given: &[(String, String)],
    lessons: &[&str],
) -> Result<grade::intake::Content, grade::intake::Rejection> {
    let given: Vec<_> = given.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    files(&given, lessons)
}

fn run_of(content: &grade::intake::Content) -> Option<String> {
    match &content.projects["w03-l02"].kind {
        ProjectKind::Crate => None,
        ProjectKind::Program { run, .. } => Some(run.join(" ")),
    }
}

const MANIFEST: (&str, &str) = ("submission.toml", "lesson = \"w03-l02\"\nrun = \"./mine\"\n");

#[test]
fn an_untouched_starter_never_wins() {
    let clone = format!("{LESSON}/src/");
    let table = [
        ("src/", ("server.py", "print()"), "python3 server.py"),
        ("", ("server.c", "int main(void) {}"), "./server"),
        ("src/", ("Makefile", "server:"), "./server"),
        (&clone, ("server.py", "print()"), "python3 server.py"),
        (&clone, ("server.c", "int main(void) {}"), "./server"),
        (&clone, MANIFEST, "./mine"),
        ("w03-l02/src/", ("server.py", "print()"), "python3 server.py"),
        ("w03-l02/src/", ("w03-l02/server.py", "print()"), "python3 server.py"),
    ];
    for (place, program, run) in table {
        let content = read(&with_starter(place, &[program]), &["w03-l02"]).unwrap();
        assert_eq!(run_of(&content).as_deref(), Some(run), "{place} {program:?}");
        assert_eq!(content.files.lessons[0].used, [program.0]);
    }
    // With the line ends of Windows it is still the starter.
    let crlf: Vec<_> = with_starter("src/", &[])
        .into_iter()
        .map(|(path, text)| (path, text.replace('\n', "\r\n")))
        .chain([("server.py".to_owned(), "print()".to_owned())])
        .collect();
    assert!(run_of(&read(&crlf, &["w03-l02"]).unwrap()).is_some());
}

#[test]
fn two_programs_of_ones_own_are_refused_with_both_names() {
    let clone = format!("{LESSON}/src/");
    let changed = format!("{LESSON}/src/table.rs");
    let table = [
        ("src/", "src/table.rs", ("server.py", "print()")),
        ("", "table.rs", ("server.c", "int main(void) {}")),
        (&clone, changed.as_str(), ("server.py", "print()")),
        (&clone, changed.as_str(), MANIFEST),
        ("src/", "src/table.rs", ("table.rs", "other")),
    ];
    for (place, name, program) in table {
        let given = with_starter(place, &[(name, "mine"), program]);
        let message = refusal(read(&given, &["w03-l02"]));
        let expected =
            format!("both {name} and {} are a program of your own; hand in only", program.0);
        assert!(message.starts_with(&expected), "{message}");
    }
    let two = files(&[("server.py", "x"), ("server.c", "y")], &["w03-l02"]);
    assert!(refusal(two).starts_with("both server.py and server.c are"));
}

#[test]
fn the_unchanged_starter_of_a_clone_was_not_handed_in() {
    let mut clone =
        with_starter(&format!("{LESSON}/src/"), &[(&format!("{LESSON}/src/table.rs"), "x")]);
    let other = "lessons/w01-l01-blocking-echo/src/server.rs";
    clone.push((other.to_owned(), fs::read_to_string(COURSE.root().join(other)).unwrap()));
    let content = read(&clone, &[]).unwrap();
    assert_eq!(content.projects.keys().collect::<Vec<_>>(), ["w03-l02"]);
    let named = read(&clone, &["w01-l01"]).unwrap();
    assert!(named.projects.is_empty());
    let notes = named.notes.join("\n");
    assert!(notes.contains("w01-l01: the files are the unchanged starter"), "{notes}");
    assert!(notes.contains("w03-l02 is not graded in this run"), "{notes}");

    let only = read(&with_starter("src/", &[]), &["w03-l02"]).unwrap();
    let notes = only.notes.join("\n");
    assert!(notes.contains("w03-l02: the files are the unchanged starter"), "{notes}");
}

#[test]
fn a_file_with_a_changed_name_counts_under_its_intended_name() {
    for name in ["server.rs.txt", "server (1).rs", "Server.rs", "server-1.rs"] {
        let content = files(&[(&format!("src/{name}"), "x"), ("src/table.rs", "y")], &["w03-l02"]);
        let content = content.unwrap();
        assert_eq!(paths(&content, "w03-l02"), ["src/server.rs", "src/table.rs"], "{name}");
        assert_eq!(content.notes[0], format!("src/{name} counts as src/server.rs"));
        let used = &content.files.lessons[0].used;
        assert_eq!(used[0], format!("src/{name} as src/server.rs"));
    }
    // It replaces the starter's file, but no file that the student changed.
    let name = ("src/server (1).rs", "mine");
    let content = read(&with_starter("src/", &[name]), &["w03-l02"]).unwrap();
    let server = &content.projects["w03-l02"].files[std::path::Path::new("src/server.rs")];
    assert_eq!(server.bytes, b"mine");
    assert!(content.files.ignored.iter().any(|it| it.why == "the unchanged starter"));
    let content = files(&[("src/server.rs", "x"), name], &["w03-l02"]).unwrap();
    assert_eq!(paths(&content, "w03-l02"), ["src/server.rs"]);
    assert_eq!(content.files.ignored[0].path, "src/server (1).rs");
    assert_eq!(content.files.ignored[0].why, "src/server.rs counts");
    // Two files that may both be meant are refused.
    let message = refusal(files(&[("server (1).rs", "x"), ("server (2).rs", "y")], &["w03-l02"]));
    assert!(
        message.starts_with("server (1).rs and server (2).rs may both be server.rs"),
        "{message}"
    );
    // The names of programs too.
    let content = files(&[("Server.py", "x")], &["w03-l02"]).unwrap();
    assert_eq!(run_of(&content).as_deref(), Some("python3 server.py"));
}

#[test]
fn a_missing_file_is_filled_in_with_a_note() {
    let content = files(&[("src/server.rs", "x"), ("notes.txt", "")], &["w03-l02"]).unwrap();
    let report = &content.files.lessons[0];
    assert_eq!(report.used, ["src/server.rs"]);
    assert!(report.filled_in.contains(&"src/table.rs".to_owned()), "{:?}", report.filled_in);
    assert_eq!(content.files.ignored[0].path, "notes.txt");
    let expected = "w03-l02: src/connection.rs, src/poll_set.rs, src/table.rs are not handed in; \
                    the starter's own is used";
    assert!(content.notes.contains(&expected.to_owned()), "{:?}", content.notes);

    let given = with_starter("src/", &[("src/server.rs", "x")]);
    let notes = read(&given, &["w03-l02"]).unwrap().notes.join("\n");
    let expected = "src/connection.rs, src/poll_set.rs, src/table.rs are the unchanged starter";
    assert!(notes.contains(expected), "{notes}");
}

#[test]
fn many_ignored_files_of_one_folder_are_one_row() {
    let names: Vec<_> = (0..50).map(|number| format!("hw/crates/course/{number}.md")).collect();
    let mut given: Vec<_> = names.iter().map(|name| (name.as_str(), "x")).collect();
    given.push(("hw/lessons/w03-l02-poll-tracker/src/server.rs", "x"));
    let content = files(&given, &["w03-l02"]).unwrap();
    let ignored: Vec<_> = content.files.ignored.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(ignored, ["hw/crates/ (50 files)"]);
}

#[test]
fn files_beside_the_folder_of_the_sources_are_ignored() {
    let given = [("hw/report.pdf", ""), ("hw/w03/src/server.rs", "x"), ("me.docx", "")];
    let content = files(&given, &["w03-l02"]).unwrap();
    assert_eq!(paths(&content, "w03-l02"), ["src/server.rs"]);
    let ignored: Vec<_> = content.files.ignored.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(ignored, ["hw/report.pdf", "me.docx"]);
}

#[test]
fn windows_line_ends_of_a_script_become_those_of_linux() {
    let given = [("build.sh", "set -e\r\ncc a.c -o server\r\n"), ("a.c", "int x;\r\n")];
    let content = files(&given, &["w03-l02"]).unwrap();
    let bytes =
        |name: &str| content.projects["w03-l02"].files[std::path::Path::new(name)].bytes.clone();
    assert_eq!(bytes("build.sh"), b"set -e\ncc a.c -o server\n");
    assert_eq!(bytes("a.c"), b"int x;\r\n");
    let note = "build.sh has the line ends of Windows; it runs with those of Linux";
    assert_eq!(content.notes, [note]);
    let linux =
        files(&[("build.sh", "set -e\ncc a.c -o server\n"), given[1]], &["w03-l02"]).unwrap();
    assert_eq!(linux.digest, content.digest);
}

#[test]
fn utf16_is_named() {
    let home = tempfile::tempdir().unwrap();
    for (name, note) in
        [("src/server.rs", "src/server.rs is in UTF-16"), ("server.py", "server.py is in UTF-16")]
    {
        let ada = home.path().join(name.replace('/', "-"));
        let path = ada.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let text: Vec<u8> =
            "\u{feff}fn main() {}".encode_utf16().flat_map(u16::to_le_bytes).collect();
        fs::write(path, text).unwrap();
        let message = refusal(crate::read(&ada, &["w03-l02"]));
        assert!(message.starts_with(note) && message.ends_with("save it in UTF-8"), "{message}");
    }
}

#[test]
fn a_submission_for_another_lesson_is_noted() {
    let named = [("server.py", "x"), ("submission.toml", "lesson = \"w04-l01\"")];
    let content = files(&named, &["w03-l02"]).unwrap();
    assert!(content.projects.is_empty());
    assert_eq!(content.notes, ["submission.toml: w04-l01 is not graded in this run"]);
    let echo = [("src/echo.rs", "x"), ("src/server.rs", "y")];
    let notes = files(&echo, &["w03-l02"]).unwrap().notes.join("\n");
    assert!(notes.contains("by their names the files are for w01-l01, not for w03-l02"), "{notes}");
}
