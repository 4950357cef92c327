//! Hashes that show whether two runs have the same course and the same class.

use crate::digest::Digest;
use crate::intake::SubmissionSource;
use anyhow::{Context, Result};
use course::catalogue::Course;
use course::lesson::Lesson;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The hash of everything that decides the verdicts: the lessons and the code of their proofs.
///
/// # Errors
/// A folder or a file cannot be read.
pub(super) fn of_course(course: &Course, lessons: &[&Lesson]) -> Result<String> {
    let lesson = |lesson: &&Lesson| lesson.folder().to_path_buf();
    let proofs = ["crates/proofs/src", "crates/witness/src"].map(PathBuf::from);
    let mut digest = Digest::default();
    for folder in lessons.iter().map(lesson).chain(proofs) {
        add(&mut digest, course.root(), &folder)?;
    }
    Ok(digest.hex())
}

/// The hash of the names of all students.
pub(super) fn of_roster(sources: &[SubmissionSource]) -> String {
    let mut digest = Digest::default();
    for source in sources {
        digest.add(&source.student);
    }
    digest.hex()
}

/// Adds the text files in `folder` and its subfolders, in the order of their names.
fn add(digest: &mut Digest, root: &Path, folder: &Path) -> Result<()> {
    let context = || format!("cannot read {}", folder.display());
    let entries = match fs::read_dir(root.join(folder)) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries.with_context(context)?,
    };
    let mut entries: Vec<_> = entries.collect::<Result<_, _>>().with_context(context)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = folder.join(entry.file_name());
        let kind = entry.file_type().with_context(context)?;
        if kind.is_dir() && entry.file_name() != "target" {
            add(digest, root, &path)?;
        } else if kind.is_file() && is_text(&path) {
            let bytes = fs::read(root.join(&path)).with_context(context)?;
            digest.add(path.as_os_str().as_encoded_bytes());
            digest.add(&bytes);
        }
    }
    Ok(())
}

fn is_text(path: &Path) -> bool {
    path.extension().is_some_and(|it| it == "rs" || it == "md" || it == "toml")
}
