//! Tests of which files of a submission belong to which lesson.

use crate::archives::{folder, tgz, zip};
use crate::{COURSE, archive, files, found, paths, read, refusal};
use grade::intake::{self, ProjectKind};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

#[test]
fn submissions_are_found_by_name() {
    let home = tempfile::tempdir().unwrap();
    for name in ["bob", "alice", ".git"] {
        fs::create_dir(home.path().join(name)).unwrap();
    }
    for name in ["alice.zip", "Carol D.tar.gz", "eve.TGZ", "notes.pdf", ".DS_Store"] {
        fs::write(home.path().join(name), "").unwrap();
    }
    fs::write(home.path().join(std::ffi::OsStr::from_bytes(b"d\xff\n.tar")), "").unwrap();
    let found: Vec<_> =
        found(home.path()).unwrap().into_iter().map(|handed| handed.student).collect();
    let expected = ["Carol D", "alice", "alice (2)", "bob", "d\\xff\\n", "eve", "notes.pdf"];
    assert_eq!(found, expected);
}

#[test]
fn a_folder_without_submissions_is_refused_with_the_expected_form() {
    let home = tempfile::tempdir().unwrap();
    let message = |folder: &Path| found(folder).unwrap_err().to_string();
    assert!(message(home.path()).contains("there is no submission in"));
    assert!(message(&home.path().join("none")).contains("cannot read"));
    fs::write(home.path().join("grades.csv"), "").unwrap();
    assert!(message(home.path()).contains("a folder, .zip or .tar.gz for each student"));
    fs::create_dir(home.path().join("src")).unwrap();
    assert!(message(home.path()).contains("as a submission has"));
}

#[test]
fn files_belong_to_the_lesson_that_is_graded() {
    let content = files(&[("src/server.rs", "x"), ("README", "")], &["w03-l02"]).unwrap();
    assert_eq!(paths(&content, "w03-l02"), ["src/server.rs"]);
    assert_eq!(content.projects["w03-l02"].kind, ProjectKind::Crate);

    let content = files(&[("server.rs", "x"), ("old/server.rs", "")], &["w03-l02"]).unwrap();
    assert_eq!(paths(&content, "w03-l02"), ["src/server.rs"]);
}

#[test]
fn a_lesson_is_recognized_by_its_files() {
    let content = files(&[("src/server.rs", "x"), ("src/table.rs", "y")], &[]).unwrap();
    assert_eq!(content.projects.keys().collect::<Vec<_>>(), ["w03-l02"]);
    let message = refusal(files(&[("src/server.rs", "x")], &[]));
    assert!(
        message.starts_with("the files may belong to any of w01-l01, w02-l01, w02-l02, w03-l02"),
        "{message}"
    );
    let message = refusal(files(&[("src/mine.rs", "x")], &[]));
    assert!(message.contains("no lesson has Rust files of these names"), "{message}");
}

#[test]
fn a_workspace_contains_several_lessons() {
    let handed = [
        ("course-main/Cargo.toml", ""),
        ("course-main/lessons/w03-l02-poll-tracker/src/server.rs", "3"),
        ("course-main/lessons/w03-l02-poll-tracker/Cargo.toml", "[package]"),
        ("course-main/lessons/w03-l02-poll-tracker/build.rs", "fn main() {}"),
        ("course-main/lessons/w03-l02-poll-tracker/solution/server.rs", "mine"),
        ("course-main/lessons/w03-l02-poll-tracker/tests/table.rs", ""),
        ("course-main/lessons/w04-l01-epoll-tracker/src/server.rs", "4"),
        ("course-main/target/debug/server.rs", ""),
    ];
    let content = files(&handed, &[]).unwrap();
    assert_eq!(paths(&content, "w03-l02"), ["src/server.rs"]);
    assert_eq!(paths(&content, "w04-l01"), ["src/server.rs", "w03-l02/src/server.rs"]);
    let notes = content.notes.join("\n");
    for note in [
        "w03-l02: Cargo.toml was left out",
        "w03-l02: build.rs was left out",
        "w03-l02: solution/ was left out",
        "w04-l01 builds on the submission's own w03-l02",
    ] {
        assert!(notes.contains(note), "{note} is not in {notes}");
    }
    let only = files(&handed, &["w04-l01"]).unwrap();
    assert_eq!(only.projects.len(), 1);
    assert_eq!(only.projects["w04-l01"].digest, content.projects["w04-l01"].digest);
}

#[test]
fn folders_of_lessons_may_have_programs_in_any_language() {
    let content = files(
        &[
            ("w03-l02/server.c", "x"),
            ("w03-l02/Makefile", "server:"),
            ("w04-l01-epoll-tracker/server.py", "x"),
            (
                "w01-l01/submission.toml",
                "build = \"cc a.c -o a\"\nrun = \"./a -p 'x y'\"\nport = 1",
            ),
            ("w02-l01/notes.txt", "x"),
        ],
        &[],
    )
    .unwrap();
    let kind = |lesson: &str| match &content.projects[lesson].kind {
        ProjectKind::Program { build, run, .. } => (build.clone().unwrap_or_default(), run.clone()),
        ProjectKind::Crate => panic!("{lesson}"),
    };
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    assert_eq!(kind("w03-l02"), (words(&["make"]), words(&["./server"])));
    assert_eq!(kind("w04-l01"), (words(&[]), words(&["python3", "server.py"])));
    let own = (words(&["cc", "a.c", "-o", "a"]), words(&["./a", "-p", "x y"]));
    assert_eq!(kind("w01-l01"), own);
    assert!(!content.projects.contains_key("w02-l01"));
}

#[test]
fn a_program_needs_the_name_of_its_lesson() {
    let c = ("server.c", "int main(void) {}");
    assert!(refusal(files(&[c], &[])).contains("does not say for which lesson"));
    assert!(files(&[c], &["w03-l02"]).unwrap().projects.contains_key("w03-l02"));
    let named = [c, ("submission.toml", "lesson = \"w04-l01\"")];
    assert_eq!(files(&named, &[]).unwrap().projects.keys().collect::<Vec<_>>(), ["w04-l01"]);
    assert!(files(&named, &["w03-l02"]).unwrap().projects.is_empty());
    let unknown = files(&[c, ("submission.toml", "lesson = \"w03-l09\"")], &[]);
    assert!(refusal(unknown).contains("w03-l09"));
}

#[test]
fn an_empty_submission_is_missing_and_not_refused() {
    let content = files(&[], &["w03-l02"]).unwrap();
    assert!(content.projects.is_empty() && content.notes[0].starts_with("the submission is empty"));
    assert!(refusal(files(&[("essay.docx", "x")], &[])).contains("no file belongs to a lesson"));
}

#[test]
fn equal_contents_have_the_same_digest() {
    let one = files(&[("src/server.rs", "x")], &["w03-l02"]).unwrap();
    let same = files(&[("deep/src/server.rs", "x"), ("deep/README", "y")], &["w03-l02"]).unwrap();
    assert_eq!(one.digest, same.digest);
    let zipped = archive("bob.zip", &zip(&[("a/src/server.rs", "x")])).unwrap();
    let tarred = archive("bob.tar.gz", &tgz(&[("src/server.rs", "x")])).unwrap();
    assert_eq!((&zipped.digest, &tarred.digest), (&one.digest, &one.digest));
    let other = files(&[("src/server.rs", "x")], &["w04-l01"]).unwrap();
    assert_ne!(other.digest, one.digest);
    let changed = files(&[("src/server.rs", "y")], &["w03-l02"]).unwrap();
    assert_ne!(changed.digest, one.digest);
}

#[test]
fn files_with_odd_names_are_left_out_with_a_note() {
    let home = tempfile::tempdir().unwrap();
    let alice = home.path().join("alice");
    folder(&alice, &[("src/server.rs", "x"), ("src/two words.rs", "y")]);
    for name in [&b"a\nb.rs"[..], b"\xff.rs"] {
        fs::write(alice.join("src").join(std::ffi::OsStr::from_bytes(name)), "").unwrap();
    }
    let content = read(&alice, &["w03-l02"]).unwrap();
    assert_eq!(paths(&content, "w03-l02"), ["src/server.rs", "src/two words.rs"]);
    assert!(content.notes[0].starts_with("src/a\\nb.rs was left out"), "{:?}", content.notes);
    assert!(content.notes[1].starts_with("src/\\xff.rs was left out"), "{:?}", content.notes);
}

#[test]
fn a_submission_with_the_name_of_another_one_has_a_note() {
    let home = tempfile::tempdir().unwrap();
    folder(&home.path().join("alice"), &[("src/server.rs", "x")]);
    fs::write(home.path().join("alice.zip"), zip(&[("src/server.rs", "x")])).unwrap();
    let found = found(home.path()).unwrap();
    let second = intake::read(&found[1], &COURSE, &["w03-l02".to_owned()]).unwrap();
    assert!(second.notes[0].starts_with("handed in as alice.zip"), "{:?}", second.notes);
}

#[test]
fn unneeded_files_are_ignored() {
    let large = "x".repeat(9 << 20);
    let entries = [
        ("__MACOSX/src/._server.rs", "junk"),
        ("hw/src/server.rs", "x"),
        ("hw/.git/config", ""),
        ("hw/demo.mp4", &large),
    ];
    let content = archive("a.zip", &zip(&entries)).unwrap();
    assert_eq!(paths(&content, "w03-l02"), ["src/server.rs"]);
    let message = refusal(files(&[("src/server.rs", &large)], &["w03-l02"]));
    assert_eq!(message, "src/server.rs has more than 8 MiB; leave it out");
}
