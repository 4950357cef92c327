//! The lessons' own crates as submissions: the solution, the starter and every wrong server.

use super::expected::Expected;
use super::{Files, Sample};
use crate::intake::File;
use anyhow::Result;
use course::catalogue::Course;
use course::lesson::Lesson;
use std::collections::BTreeMap;
use std::path::PathBuf;
use xtask::stage::{Wrong, patched, sources};

/// All of them for one lesson.
///
/// # Errors
/// Files that cannot be read, and a patch that does not fit.
pub fn samples(course: &Course, lesson: &Lesson) -> Result<Vec<Sample>> {
    let sources = sources(&course.root().join(lesson.folder()))?;
    let sample = |name: &str, files, expected| Sample {
        name: name.to_owned(),
        lesson: lesson.id.clone(),
        files,
        is_crate: true,
        expected,
    };
    let mut samples = vec![
        sample("solution", handed_in(&sources), Expected::proved()),
        // Which criterion is the first to fail is the lesson's own affair.
        sample("starter", starter(&sources), Expected::fails("", "")),
    ];
    for patch in course.mistakes(lesson)? {
        let wrong = Wrong { id: &patch.id, path: &patch.path, diff: &patch.diff };
        let files = handed_in(&patched(&sources, &wrong)?);
        samples.push(sample(&patch.id, files, Expected::fails(&patch.criterion, &patch.row)));
    }
    Ok(samples)
}

/// What a student hands in who wrote the solution.
///
/// # Errors
/// Files that cannot be read.
pub fn solution(course: &Course, lesson: &Lesson) -> Result<Files> {
    Ok(handed_in(&sources(&course.root().join(lesson.folder()))?))
}

/// The answers in place of the starters, without the marks of the tasks.
fn handed_in(sources: &BTreeMap<PathBuf, String>) -> Files {
    let mut files = starter(sources);
    for (path, text) in sources {
        if let Ok(name) = path.strip_prefix("solution") {
            files.insert(PathBuf::from("src").join(name), plain(&unmarked(text)));
        }
    }
    files
}

fn starter(sources: &BTreeMap<PathBuf, String>) -> Files {
    let student = sources.iter().filter(|(path, _)| path.starts_with("src"));
    student.map(|(path, text)| (path.clone(), plain(text))).collect()
}

fn unmarked(text: &str) -> String {
    let is_mark = |line: &&str| {
        let line = line.trim_start();
        line.starts_with("// <task ") || line.starts_with("// </task>")
    };
    text.lines().filter(|line| !is_mark(line)).flat_map(|line| [line, "\n"]).collect()
}

/// A file that is not executable.
pub(super) fn plain(text: &str) -> File {
    File { bytes: text.as_bytes().to_vec(), is_executable: false }
}
