//! A piece of sample as a student may hand it in: folders and archives, under odd but legal names.

use super::crates::plain;
use super::roster::RosterEntry;
use super::{Files, archive};
use anyhow::{Context, Result};
use course::catalogue::Course;
use std::fs::{self, FileTimes};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// What the files lie in.
#[derive(Clone, Copy, Debug)]
enum Wrapping {
    Folder,
    Zip,
    TarGz,
    Tgz,
}

/// Where the files lie in it.
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
    /// `lessons/w03-l02-poll-tracker/src/server.rs`, with files of the workspace around it
    Workspace,
    /// The same below one folder, as GitHub packs it
    Downloaded,
}

const CRATES: [(Layout, Wrapping); 10] = [
    (Layout::Own, Wrapping::Folder),
    (Layout::Lesson, Wrapping::TarGz),
    (Layout::Flat, Wrapping::Folder),
    (Layout::Downloaded, Wrapping::Zip),
    (Layout::Short, Wrapping::Folder),
    (Layout::Own, Wrapping::Zip),
    (Layout::Workspace, Wrapping::Folder),
    (Layout::Flat, Wrapping::Tgz),
    (Layout::Lesson, Wrapping::Folder),
    (Layout::Workspace, Wrapping::TarGz),
];

const PROGRAMS: [(Layout, Wrapping); 4] = [
    (Layout::Short, Wrapping::Folder),
    (Layout::Short, Wrapping::Zip),
    (Layout::Lesson, Wrapping::Folder),
    (Layout::Short, Wrapping::TarGz),
];

/// Parts of names that a file system allows and that something else may trip over.
const ODD: [&str; 14] = [
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

/// Writes the entry's submission into `class`: the student's name.
///
/// # Errors
/// Files that cannot be written.
pub fn write(course: &Course, entry: &RosterEntry, class: &Path) -> Result<String> {
    let forms = if entry.sample.is_crate { &CRATES[..] } else { &PROGRAMS[..] };
    let (layout, wrapping) = forms[entry.number % forms.len()];
    let files = laid_out(course, entry, layout)?;
    let odd = ODD[entry.number % ODD.len()];
    let student = format!("{odd} {:03} {}", entry.number, entry.sample.name);
    let path = |suffix: &str| class.join(format!("{student}{suffix}"));
    match wrapping {
        Wrapping::Folder => write_folder(&files, &path(""))?,
        Wrapping::Zip => put(&path(".zip"), &archive::zip(&files)?)?,
        Wrapping::TarGz => put(&path(".tar.gz"), &archive::tar_gz(&files)?)?,
        Wrapping::Tgz => put(&path(".tgz"), &archive::tar_gz(&files)?)?,
    }
    Ok(student)
}

fn laid_out(course: &Course, entry: &RosterEntry, layout: Layout) -> Result<Files> {
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

/// The files around the crate that no grader wants.
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

/// Writes these files below `to`, as they were handed in.
///
/// # Errors
/// Files that cannot be written.
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

/// Writes a file that was handed in at the time of all the others.
fn put(path: &Path, bytes: &[u8]) -> Result<()> {
    let handed_in = SystemTime::UNIX_EPOCH + Duration::from_secs(archive::HANDED_IN.into());
    let written = fs::write(path, bytes).and_then(|()| {
        fs::File::options()
            .write(true)
            .open(path)?
            .set_times(FileTimes::new().set_modified(handed_in))
    });
    written.with_context(|| format!("cannot write {}", path.display()))
}
