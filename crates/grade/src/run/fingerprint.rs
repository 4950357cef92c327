//! Hashes that tell whether two runs are about the same.

use crate::intake::SubmissionSource;
use anyhow::{Context, Result};
use blake3::Hasher;
use course::catalogue::Course;
use course::lesson::Lesson;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// What decides over verdicts: the lessons that are graded, and how they are proved.
pub(super) fn of_course(course: &Course, lessons: &[&Lesson]) -> Result<String> {
    let lesson = |lesson: &&Lesson| lesson.folder().to_path_buf();
    let proofs = ["crates/proofs/src", "crates/witness/src"].map(PathBuf::from);
    let mut hasher = Hasher::new();
    for folder in lessons.iter().map(lesson).chain(proofs) {
        add(&mut hasher, course.root(), &folder)?;
    }
    Ok(hasher.finalize().to_hex().to_string())
}

/// Everyone who has handed in.
pub(super) fn of_roster(sources: &[SubmissionSource]) -> String {
    let mut hasher = Hasher::new();
    for source in sources {
        add_bytes(&mut hasher, source.student.as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}

/// Adds the texts below `folder`, in the order of their names.
fn add(hasher: &mut Hasher, root: &Path, folder: &Path) -> Result<()> {
    let place = || format!("cannot read {}", folder.display());
    let entries = match fs::read_dir(root.join(folder)) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries.with_context(place)?,
    };
    let mut entries: Vec<_> = entries.collect::<Result<_, _>>().with_context(place)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = folder.join(entry.file_name());
        let kind = entry.file_type().with_context(place)?;
        if kind.is_dir() && entry.file_name() != "target" {
            add(hasher, root, &path)?;
        } else if kind.is_file() && is_text(&path) {
            let bytes = fs::read(root.join(&path)).with_context(place)?;
            add_bytes(hasher, path.as_os_str().as_encoded_bytes());
            add_bytes(hasher, &bytes);
        }
    }
    Ok(())
}

fn is_text(path: &Path) -> bool {
    path.extension().is_some_and(|it| it == "rs" || it == "md" || it == "toml")
}

/// With its length, so that two pieces are never taken for one.
fn add_bytes(hasher: &mut Hasher, bytes: &[u8]) {
    hasher.update(&(bytes.len() as u64).to_le_bytes());
    hasher.update(bytes);
}
