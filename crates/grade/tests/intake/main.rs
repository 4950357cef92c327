//! Tests of how submissions are read.

mod any_input;
#[path = "../archives/mod.rs"]
mod archives;
mod archives_inside;
mod class;
mod programs;
mod reading;
mod refusing;

use archives::folder;
use course::catalogue::Course;
use grade::intake::{self, ClassFiles, Content, Rejection, SubmissionSource};
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

static COURSE: LazyLock<Course> =
    LazyLock::new(|| Course::open(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")).unwrap());

fn read(path: &Path, lessons: &[&str]) -> Result<Content, Rejection> {
    let lessons: Vec<_> = lessons.iter().map(|id| (*id).to_owned()).collect();
    intake::read(&intake::source_at(path).unwrap(), &COURSE, &lessons)
}

/// Reads a submission that is a folder with these files.
fn files(files: &[(&str, &str)], lessons: &[&str]) -> Result<Content, Rejection> {
    let home = tempfile::tempdir().unwrap();
    folder(&home.path().join("alice"), files);
    read(&home.path().join("alice"), lessons)
}

/// Reads a submission that is an archive with this name.
fn archive(name: &str, bytes: &[u8]) -> Result<Content, Rejection> {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join(name);
    fs::write(&path, bytes).unwrap();
    read(&path, &["w03-l02"])
}

/// The submissions in a folder, without a roster and times.
fn found(folder: &Path) -> anyhow::Result<Vec<SubmissionSource>> {
    intake::find(folder, &ClassFiles::default()).map(|class| class.sources)
}

fn paths(content: &Content, lesson: &str) -> Vec<String> {
    let files = content.projects[lesson].files.keys();
    files.map(|path| path.display().to_string()).collect()
}

fn refusal(result: Result<Content, Rejection>) -> String {
    match result {
        Err(Rejection::Refused(message)) => {
            assert!(!message.contains('\n') && !message.contains('\x1b'), "{message:?}");
            message
        }
        other => panic!("not refused: {other:?}"),
    }
}
