//! Writes the book, with the command line, and looks at its pages.

use assert_cmd::Command;
use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn book(out: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_book"));
    command.arg("book").arg(out);
    command
}

/// A new folder, and the path of a book in it.
fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("the book");
    (folder, out)
}

/// The folders of the lessons in a book.
fn lessons(out: &Path) -> Vec<String> {
    let names = fs::read_dir(out).unwrap().map(|entry| entry.unwrap().file_name());
    let names = names.map(|name| name.into_string().unwrap());
    let mut lessons: Vec<_> =
        names.filter(|name| out.join(name).join("lesson.html").is_file()).collect();
    lessons.sort();
    lessons
}

/// The files that a page links to or shows, relative to the page.
fn links(page: &str) -> Vec<&str> {
    let after = ["href=\"", "src=\""].map(|name| page.split(name).skip(1));
    let values = after.into_iter().flatten().filter_map(|rest| rest.split('"').next());
    let files = values.filter_map(|link| link.split('#').next());
    files.filter(|link| !link.is_empty() && !link.contains(':')).collect()
}

#[test]
fn every_lesson_is_in_the_book_and_every_file_that_a_page_needs() {
    let (_folder, out) = folder();
    book(&out).assert().success().stdout(contains("index.html"));
    let lessons = lessons(&out);
    assert!(lessons.iter().any(|lesson| lesson == "w03-l02-poll-tracker"), "{lessons:?}");
    let pages = lessons.iter().map(|lesson| format!("{lesson}/lesson.html"));
    for page in pages.chain(["index.html".to_owned()]) {
        let page = out.join(page);
        let text = fs::read_to_string(&page).unwrap();
        for link in links(&text) {
            assert!(page.with_file_name(link).exists(), "{}: {link}", page.display());
        }
        assert!(!text.contains("https://fonts") && !text.contains("cdn"), "{}", page.display());
    }
}

#[test]
fn a_chapter_has_the_text_and_not_the_front_matter() {
    let (_folder, out) = folder();
    book(&out).args(["--lesson", "w01-l01"]).assert().success().stdout(contains("1 lesson"));
    assert_eq!(lessons(&out), ["w01-l01-blocking-echo"]);
    let text = fs::read_to_string(out.join("w01-l01-blocking-echo/lesson.html")).unwrap();
    assert!(text.contains("Common Mistakes") && text.contains("<details>"));
    assert!(!text.contains("duration_min"));
}

#[test]
fn the_last_book_is_replaced_and_other_files_are_kept() {
    let (folder, out) = folder();
    book(&out).assert().success();
    book(&out).args(["--lesson", "w01-l01"]).assert().success();
    assert_eq!(lessons(&out).len(), 1);

    let other = folder.path().join("notes");
    fs::create_dir(&other).unwrap();
    fs::write(other.join("todo.txt"), "mine").unwrap();
    let message = "notes: the folder has files that are no book; name a new or empty folder";
    book(&other).assert().code(2).stderr(contains(message)).stdout("");
    assert_eq!(fs::read_to_string(other.join("todo.txt")).unwrap(), "mine");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "unfinished folders are left");
}

#[test]
fn an_unknown_lesson_is_named_and_nothing_is_written() {
    let (_folder, out) = folder();
    let assert = book(&out).args(["--lesson", "w1-l1"]).assert().code(2);
    assert.stderr(contains("w1-l1").and(contains("w01-l01")));
    assert!(!out.exists());
}
