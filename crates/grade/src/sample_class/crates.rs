//! Samples from the lessons' crates: the solution, the starter and every wrong server.

use super::expected::Expected;
use super::{Files, Sample};
use crate::intake::File;
use anyhow::Result;
use course::catalogue::Course;
use course::lesson::Lesson;
use programs::variants::sources;
use programs::wrong_server::{WrongServer, patched};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The samples for one lesson.
///
/// # Errors
/// A file cannot be read, or a patch does not apply.
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
        sample("solution", solved(&sources), Expected::proved()),
        // Any criterion of a starter may fail.
        sample("starter", starter(&sources), Expected::fails("", "")),
    ];
    for patch in course.mistakes(lesson)? {
        let wrong = WrongServer::from(&patch);
        let files = solved(&patched(&sources, &wrong)?);
        samples.push(sample(&patch.id, files, Expected::fails(&patch.criterion, &patch.row)));
    }
    Ok(samples)
}

/// The files of a student who hands in the solution.
///
/// # Errors
/// A file cannot be read.
pub fn solution(course: &Course, lesson: &Lesson) -> Result<Files> {
    Ok(solved(&sources(&course.root().join(lesson.folder()))?))
}

/// The starter's files, in `src/`.
///
/// # Errors
/// A file cannot be read.
pub fn starter_of(course: &Course, lesson: &Lesson) -> Result<Files> {
    Ok(starter(&sources(&course.root().join(lesson.folder()))?))
}

/// The starter's files. A file of the solution replaces the starter's file with the same name. The
/// markers of the tasks are removed.
fn solved(sources: &BTreeMap<PathBuf, String>) -> Files {
    let mut files = starter(sources);
    for (path, text) in sources {
        if let Ok(name) = path.strip_prefix("solution") {
            files.insert(PathBuf::from("src").join(name), plain(&without_markers(text)));
        }
    }
    files
}

fn starter(sources: &BTreeMap<PathBuf, String>) -> Files {
    let student = sources.iter().filter(|(path, _)| path.starts_with("src"));
    student.map(|(path, text)| (path.clone(), plain(text))).collect()
}

/// The text without the markers of the tasks.
fn without_markers(text: &str) -> String {
    let is_marker = |line: &&str| {
        let line = line.trim_start();
        line.starts_with("// <task ") || line.starts_with("// </task>")
    };
    text.lines().filter(|line| !is_marker(line)).flat_map(|line| [line, "\n"]).collect()
}

/// A file with this text. The file is not executable.
pub(super) fn plain(text: &str) -> File {
    File { bytes: text.as_bytes().to_vec(), is_executable: false }
}
