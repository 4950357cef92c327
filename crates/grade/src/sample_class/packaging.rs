//! Writes samples as students hand in their programs: as folders and archives with different
//! layouts, and with unusual but valid names.

use super::crates::plain;
use super::roster::RosterEntry;
use super::{Files, archive};
use crate::intake::lesson_with_files;
use anyhow::{Context, Result};
use course::catalogue::Course;
use std::fs::{self, FileTimes};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// How the files are packed.
#[derive(Clone, Copy, Debug)]
enum Packing {
    Folder,
    Zip,
    TarGz,
    Tgz,
}

/// The folders that contain the files.
#[derive(Clone, Copy, Debug)]
enum Layout {
    /// `src/server.rs`
    Own,
    /// `server.rs`
    Flat,
    /// `w03-l02/src/server.rs`
    Short,
    /// `w03-l02-poll-tracker/src/server.rs`
    Lesson,
    /// `lessons/w03-l02-poll-tracker/src/server.rs`, with other files of the workspace
    Workspace,
    /// A workspace in a folder, as in an archive that GitHub makes
    Downloaded,
}

const CRATES: [(Layout, Packing); 10] = [
    (Layout::Own, Packing::Folder),
    (Layout::Lesson, Packing::TarGz),
    (Layout::Flat, Packing::Folder),
    (Layout::Downloaded, Packing::Zip),
    (Layout::Short, Packing::Folder),
    (Layout::Own, Packing::Zip),
    (Layout::Workspace, Packing::Folder),
    (Layout::Flat, Packing::Tgz),
    (Layout::Lesson, Packing::Folder),
    (Layout::Workspace, Packing::TarGz),
];

const PROGRAMS: [(Layout, Packing); 4] = [
    (Layout::Short, Packing::Folder),
    (Layout::Short, Packing::Zip),
    (Layout::Lesson, Packing::Folder),
    (Layout::Short, Packing::TarGz),
];

/// Parts of names. A file system permits these names, but other programs may handle them wrongly.
const UNUSUAL: [&str; 14] = [
    "Ada Lovelace",
    "O'Brien, Séamus",
    "李小龙",
    "<b onclick=alert(1)>",
    "$(touch pwned)",
    "=1+1",
    "%s%n%d",
    "a.b..c",
    "-rf",
    "semi;colon & pipe|",
    "back\\slash",
    "\"quoted\"",
    "🦀",
    "مرحبا",
];

/// Writes a student's submission into the folder `class`. Returns the student's name.
///
/// # Errors
/// A file cannot be written.
pub fn write(course: &Course, entry: &RosterEntry, class: &Path) -> Result<String> {
    let packagings = if entry.sample.is_crate { &CRATES[..] } else { &PROGRAMS[..] };
    let (layout, packing) = packagings[entry.number % packagings.len()];
    let layout = if names_lesson(course, entry, layout) { layout } else { Layout::Lesson };
    let files = arranged(course, entry, layout)?;
    let unusual = UNUSUAL[entry.number % UNUSUAL.len()];
    let student = format!("{unusual} {:03} {}", entry.number, entry.sample.name);
    let path = |suffix: &str| class.join(format!("{student}{suffix}"));
    match packing {
        Packing::Folder => write_folder(&files, &path(""))?,
        Packing::Zip => put(&path(".zip"), &archive::zip(&files)?)?,
        Packing::TarGz => put(&path(".tar.gz"), &archive::tar_gz(&files)?)?,
        Packing::Tgz => put(&path(".tgz"), &archive::tar_gz(&files)?)?,
    }
    Ok(student)
}

/// Whether the grader can tell the lesson of a crate in this layout. Several lessons have files of the
/// same names; then the lesson's name must be that of a folder.
fn names_lesson(course: &Course, entry: &RosterEntry, layout: Layout) -> bool {
    if !matches!(layout, Layout::Own | Layout::Flat) {
        return true;
    }
    let lessons: Vec<_> = course.lessons().iter().collect();
    let names = entry.sample.files.keys().filter_map(|path| path.file_name()).collect();
    let found = lesson_with_files(course, &lessons, &names);
    found.is_ok_and(|lesson| lesson.id == entry.sample.lesson)
}

/// The sample's files in this layout.
fn arranged(course: &Course, entry: &RosterEntry, layout: Layout) -> Result<Files> {
    let sample = &entry.sample;
    let lesson = course.lesson(&sample.lesson)?.folder();
    let base = match layout {
        Layout::Own | Layout::Flat => PathBuf::new(),
        Layout::Short => PathBuf::from(&sample.lesson),
        Layout::Lesson => PathBuf::from(lesson.file_name().unwrap_or_default()),
        Layout::Workspace => lesson.to_owned(),
        Layout::Downloaded => Path::new("my-server-main").join(lesson),
    };
    let mut files = Files::new();
    for (path, file) in &sample.files {
        let inside = match layout {
            Layout::Flat => path.strip_prefix("src").unwrap_or(path),
            _ => path,
        };
        files.insert(base.join(inside), file.clone());
    }
    if matches!(layout, Layout::Workspace | Layout::Downloaded) {
        let top = if matches!(layout, Layout::Downloaded) { "my-server-main" } else { "" };
        add_workspace(course, &mut files, Path::new(top), &base)?;
    }
    Ok(files)
}

/// Adds other files of the workspace. The grader must ignore these files.
fn add_workspace(course: &Course, files: &mut Files, top: &Path, base: &Path) -> Result<()> {
    for name in ["Cargo.toml", "README.md"] {
        let text = fs::read_to_string(course.root().join(name))
            .with_context(|| format!("cannot read {name}"))?;
        files.insert(top.join(name), plain(&text));
    }
    files.insert(top.join("target/debug/notes.txt"), plain("left by a build\n"));
    files.insert(base.join("Cargo.toml"), plain("[package]\nname = \"mine\"\n"));
    Ok(())
}

/// Writes these files below `to`.
///
/// # Errors
/// A file cannot be written.
pub fn write_folder(files: &Files, to: &Path) -> Result<()> {
    for (name, file) in files {
        let path = to.join(name);
        let parent = path.parent().unwrap_or(to);
        fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
        put(&path, &file.bytes)?;
        if file.is_executable {
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
        }
    }
    Ok(())
}

/// Writes a file. All files of a class have the same time.
fn put(path: &Path, bytes: &[u8]) -> Result<()> {
    let handed_in = SystemTime::UNIX_EPOCH + Duration::from_secs(archive::FILE_TIME.into());
    let written = fs::write(path, bytes).and_then(|()| {
        fs::File::options()
            .write(true)
            .open(path)?
            .set_times(FileTimes::new().set_modified(handed_in))
    });
    written.with_context(|| format!("cannot write {}", path.display()))
}
