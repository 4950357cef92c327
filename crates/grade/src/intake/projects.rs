//! Finds the projects in a submission's files: for which lessons the projects are, and how each
//! project is built.

use super::layout::{Files, folder_of, top};
use super::lesson_files::{earlier, is_rust, lesson_with_files, names};
use super::manifest::{self, Manifest};
use super::rejection::{Rejection, refused};
use super::tree::{MAX_FILE_SIZE, Tree, TreeFile};
use super::{File, Project, ProjectKind};
use crate::digest::Digest;
use course::catalogue::Course;
use course::lesson::Lesson;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The expected files, for messages.
const EXPECTED: &str = "expected the lesson's src/*.rs, or a Makefile, build.sh or submission.toml";

/// The projects in a submission.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The projects by the lesson's id.
    pub(crate) projects: BTreeMap<String, Project>,
    /// Notes for the student.
    pub(crate) notes: Vec<String>,
    /// The time of the newest file, in seconds since 1970.
    pub(crate) newest: Option<i64>,
}

/// Finds the projects for the lessons with these ids, or for all lessons if there are no ids.
pub(crate) fn find(tree: &Tree, course: &Course, ids: &[String]) -> Result<Found, Rejection> {
    let is_asked = |lesson: &&Lesson| ids.is_empty() || ids.contains(&lesson.id);
    let asked: Vec<&Lesson> = course.lessons().iter().filter(is_asked).collect();
    let files = tree.files.iter().map(|(path, file)| (path.as_path(), file)).collect();
    let top = top(files, course);
    let mut found = Found::default();
    if top.is_empty() {
        found.notes.push(format!("the submission is empty: {EXPECTED}"));
        return Ok(found);
    }
    // If no folder is named after a lesson, all files are one project.
    let folders: Vec<_> =
        course.lessons().iter().map(|lesson| (lesson, folder_of(&top, lesson))).collect();
    if folders.iter().all(|(_, folder)| folder.is_empty()) {
        add_single(&top, course, &asked, &mut found)?;
        return Ok(found);
    }
    // Otherwise each lesson's folder is a project.
    for (lesson, folder) in folders.iter().filter(|(lesson, _)| asked.contains(lesson)) {
        let Some(kind) = kind(folder, &names(course, lesson))? else { continue };
        add(&mut found, course, lesson, kind, folder, &folders)?;
    }
    Ok(found)
}

/// Adds the project of a submission whose files are all for one lesson.
fn add_single(
    top: &Files<'_>,
    course: &Course,
    asked: &[&Lesson],
    found: &mut Found,
) -> Result<(), Rejection> {
    let every: BTreeSet<String> =
        course.lessons().iter().flat_map(|lesson| names(course, lesson)).collect();
    let Some((manifest, place)) = kind(top, &every)? else {
        return Err(refused(format!("no file belongs to a lesson: {EXPECTED}")));
    };
    let named = manifest.lesson.as_ref().map(|name| course.lesson(name)).transpose();
    let named = named.map_err(|unknown| refused(format!("submission.toml: {unknown}")))?;
    let are_all = asked.len() == course.lessons().len();
    let lessons = match (named, asked) {
        // submission.toml names the lesson.
        (Some(lesson), _) => asked.iter().filter(|one| one.id == lesson.id).copied().collect(),
        // The instructor names a single lesson.
        (None, [lesson]) => vec![*lesson],
        // The names of a crate's files show the lesson.
        (None, _) if manifest.kind == ProjectKind::Crate => {
            let sources = top.keys().filter_map(|path| path.strip_prefix(&place).ok());
            let names = sources.filter(|path| is_rust(path)).filter_map(|path| path.iter().next());
            vec![lesson_with_files(course, asked, &names.collect())?]
        }
        (None, _) if are_all => {
            return Err(refused(
                "the submission does not say for which lesson it is; write lesson = \"w03-l02\" \
                 (for example) in a submission.toml, or grade it with --lesson",
            ));
        }
        // A program is graded for each lesson that the instructor names.
        (None, several) => several.to_vec(),
    };
    for lesson in lessons {
        let kind = (Manifest { lesson: None, kind: manifest.kind.clone() }, place.clone());
        add(found, course, lesson, kind, top, &[])?;
    }
    Ok(())
}

/// How the files of a folder become a program, and the folder with a crate's sources; `None` if the
/// files are not a project. `names` are the names of the lesson's sources.
fn kind(
    files: &Files<'_>,
    names: &BTreeSet<String>,
) -> Result<Option<(Manifest, PathBuf)>, Rejection> {
    let has = |name: &str| files.contains_key(Path::new(name));
    let program = |build: Option<&str>, run: &str| {
        let words = |line: &str| line.split(' ').map(str::to_owned).collect();
        let (build, run) = (build.map(words), words(run));
        let kind = ProjectKind::Program { build, run, port: None, capacity: None };
        Ok(Some((Manifest { lesson: None, kind }, PathBuf::new())))
    };
    let sources = |place: &str| {
        let manifest = Manifest { lesson: None, kind: ProjectKind::Crate };
        Ok(Some((manifest, PathBuf::from(place))))
    };
    // The order of these checks is that of the table in the documentation of the module `intake`.
    if let Some(file) = files.get(Path::new("submission.toml")) {
        let file = complete(Path::new("submission.toml"), file)?;
        return Ok(Some((manifest::parse(&file, "submission.toml")?, PathBuf::new())));
    }
    if files.keys().any(|path| path.starts_with("src") && is_rust(path)) {
        return sources("src");
    }
    if ["Makefile", "makefile", "GNUmakefile"].into_iter().any(has) {
        return program(Some("make"), "./server");
    }
    if has("build.sh") {
        return program(Some("sh build.sh"), "./server");
    }
    if names.iter().any(|name| has(name)) {
        return sources("");
    }
    if has("server.py") {
        return program(None, "python3 server.py");
    }
    if has("server.c") {
        return program(Some("cc -O2 -o server server.c"), "./server");
    }
    Ok(None)
}

/// Adds the project for `lesson`, made of `files`. `folders` has the files of each lesson's folder.
fn add(
    found: &mut Found,
    course: &Course,
    lesson: &Lesson,
    (manifest, place): (Manifest, PathBuf),
    files: &Files<'_>,
    folders: &[(&Lesson, Files<'_>)],
) -> Result<(), Rejection> {
    let needed = match manifest.kind {
        ProjectKind::Crate => {
            found.notes.extend(notes_on_ignored(course, lesson, files));
            let mut needed = sources(files, &place)?;
            // The crates of earlier lessons come from the submission, if it has them, and otherwise
            // from the course.
            for other in earlier(course, lesson)? {
                let folder = folders.iter().find(|(one, _)| one.id == other.id);
                let own = folder.map(|(_, files)| sources(files, Path::new("src")));
                let own = own.transpose()?.unwrap_or_default();
                let whose = if own.is_empty() { "the course's" } else { "the submission's own" };
                found.notes.push(format!("{} builds on {whose} {}", lesson.id, other.id));
                let inside = |(path, file)| (Path::new(&other.id).join(path), file);
                needed.extend(own.into_iter().map(inside));
            }
            needed
        }
        ProjectKind::Program { .. } => {
            let file = |(path, file): (&&Path, &&TreeFile)| {
                Ok((path.to_path_buf(), (complete(path, file)?, file.modified)))
            };
            files.iter().map(file).collect::<Result<_, Rejection>>()?
        }
    };
    found.newest = found.newest.max(needed.values().filter_map(|(_, modified)| *modified).max());
    let files = needed.into_iter().map(|(path, (file, _))| (path, file)).collect();
    let digest = digest(&lesson.id, &manifest.kind, &files);
    found.projects.insert(lesson.id.clone(), Project { digest, kind: manifest.kind, files });
    Ok(())
}

/// The Rust files in `place` and its subfolders, by their path in the crate, with their
/// modification times.
fn sources(
    files: &Files<'_>,
    place: &Path,
) -> Result<BTreeMap<PathBuf, (File, Option<i64>)>, Rejection> {
    let mut sources = BTreeMap::new();
    for (path, file) in files.iter().filter(|(path, _)| is_rust(path)) {
        let Ok(inside) = path.strip_prefix(place) else { continue };
        // If the sources are at the top, subfolders are ignored, because they may contain anything.
        if place.as_os_str().is_empty() && inside.components().count() > 1 {
            continue;
        }
        // The file's mode does not matter to the compiler. Therefore the mode must not change the
        // hash.
        let source = File { is_executable: false, ..complete(path, file)? };
        sources.insert(Path::new("src").join(inside), (source, file.modified));
    }
    Ok(sources)
}

/// The content of a file that a project needs.
///
/// # Errors
/// The file is larger than [`MAX_FILE_SIZE`].
fn complete(path: &Path, file: &TreeFile) -> Result<File, Rejection> {
    file.file.clone().ok_or_else(|| {
        let most = MAX_FILE_SIZE >> 20;
        refused(format!("{} has more than {most} MiB; leave it out", path.display()))
    })
}

/// Notes on files of a crate that the student changed, but that the grader ignores.
fn notes_on_ignored(course: &Course, lesson: &Lesson, files: &Files<'_>) -> Vec<String> {
    let own = course.root().join(lesson.folder());
    let differs = |path: &&Path| {
        let submitted = files.get(*path).and_then(|file| file.file.as_ref());
        let original = std::fs::read(own.join(path)).ok();
        submitted.is_none_or(|file| original.as_ref() != Some(&file.bytes))
    };
    let mut notes = Vec::new();
    for name in ["Cargo.toml", "build.rs"] {
        if files.contains_key(Path::new(name)) && differs(&Path::new(name)) {
            notes.push(format!("{}: {name} was left out; the lesson's own is used", lesson.id));
        }
    }
    if files.keys().filter(|path| path.starts_with("solution")).any(differs) {
        notes.push(format!("{}: solution/ was left out; the files in src/ count", lesson.id));
    }
    notes
}

/// The hash of a lesson's id, a project's kind, and all its files.
fn digest(lesson: &str, kind: &ProjectKind, files: &BTreeMap<PathBuf, File>) -> String {
    let mut digest = Digest::default();
    digest.add(lesson);
    digest.add(format!("{kind:?}"));
    for (path, file) in files {
        digest.add(path.as_os_str().as_encoded_bytes());
        digest.add([u8::from(file.is_executable)]);
        digest.add(&file.bytes);
    }
    digest.hex()
}
