//! Finds out what a submission's files are: which lesson's, and how they become a program.

use super::lesson_files::{earlier, fitting, is_rust, names, package};
use super::manifest::{self, Manifest};
use super::tree::{Tree, TreeFile, largest, refused};
use super::{File, Project, ProjectKind, Rejection};
use course::catalogue::Course;
use course::lesson::Lesson;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// What was expected where nothing was found.
const EXPECTED: &str = "expected the lesson's src/*.rs, or a Makefile, build.sh or submission.toml";

/// What a submission holds.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) projects: BTreeMap<String, Project>,
    pub(crate) notes: Vec<String>,
    /// The newest of its files, in seconds since 1970.
    pub(crate) newest: Option<i64>,
}

/// A part of a submission: the files below a folder, by their path in it.
type Files<'a> = BTreeMap<&'a Path, &'a TreeFile>;

/// What there is in `tree` for the lessons of these ids; none of them: for all lessons.
pub(crate) fn find(tree: &Tree, course: &Course, ids: &[String]) -> Result<Found, Rejection> {
    let is_asked = |lesson: &&Lesson| ids.is_empty() || ids.contains(&lesson.id);
    let asked: Vec<&Lesson> = course.lessons().iter().filter(is_asked).collect();
    let files = tree.files.iter().map(|(path, kept)| (path.as_path(), kept)).collect();
    let top = top(files, course);
    let mut found = Found::default();
    if top.is_empty() {
        found.notes.push(format!("nothing was handed in: {EXPECTED}"));
        return Ok(found);
    }
    let folders: Vec<_> =
        course.lessons().iter().map(|lesson| (lesson, folder_of(&top, lesson))).collect();
    if folders.iter().all(|(_, folder)| folder.is_empty()) {
        alone(&top, course, &asked, &mut found)?;
        return Ok(found);
    }
    for (lesson, folder) in folders.iter().filter(|(lesson, _)| asked.contains(lesson)) {
        let Some(kind) = kind(folder, &names(course, lesson))? else { continue };
        add(&mut found, course, lesson, kind, folder, &folders)?;
    }
    Ok(found)
}

/// What lies below the folders that hold nothing but one folder.
fn top<'a>(mut files: Files<'a>, course: &Course) -> Files<'a> {
    let lessons: Vec<_> =
        course.lessons().iter().flat_map(|l| [l.id.clone(), package(l)]).collect();
    let is_ours = |name: &OsStr| {
        ["src", "lessons"].iter().any(|ours| name == *ours)
            || lessons.iter().any(|l| name == l.as_str())
    };
    loop {
        let tops: BTreeSet<_> = files.keys().filter_map(|path| path.iter().next()).collect();
        let mut tops = tops.into_iter();
        match (tops.next(), tops.next()) {
            (Some(name), None) if !is_ours(name) && !files.contains_key(Path::new(name)) => {
                files = below(&files, Path::new(name));
            }
            _ => return files,
        }
    }
}

/// The files below `folder`.
fn below<'a>(files: &Files<'a>, folder: &Path) -> Files<'a> {
    let inside = |(path, kept): (&&'a Path, &&'a TreeFile)| {
        path.strip_prefix(folder).ok().map(|path| (path, *kept))
    };
    files.iter().filter_map(inside).filter(|(path, _)| !path.as_os_str().is_empty()).collect()
}

/// What lies in the folder that is named after `lesson`.
fn folder_of<'a>(top: &Files<'a>, lesson: &Lesson) -> Files<'a> {
    let names = [package(lesson), lesson.id.clone()];
    let places = names.iter().flat_map(|name| [Path::new("lessons").join(name), name.into()]);
    places.map(|place| below(top, &place)).find(|files| !files.is_empty()).unwrap_or_default()
}

/// A submission that is one project by itself.
fn alone(
    top: &Files<'_>,
    course: &Course,
    asked: &[&Lesson],
    found: &mut Found,
) -> Result<(), Rejection> {
    let every: BTreeSet<String> =
        course.lessons().iter().flat_map(|lesson| names(course, lesson)).collect();
    let Some((manifest, place)) = kind(top, &every)? else {
        return Err(refused(format!("nothing in it is a lesson's: {EXPECTED}")));
    };
    let named = manifest.lesson.as_ref().map(|name| course.lesson(name)).transpose();
    let named = named.map_err(|unknown| refused(format!("submission.toml: {unknown}")))?;
    let are_all = asked.len() == course.lessons().len();
    let lessons = match (named, asked) {
        (Some(lesson), _) => asked.iter().filter(|one| one.id == lesson.id).copied().collect(),
        (None, [one]) => vec![*one],
        (None, _) if manifest.kind == ProjectKind::Crate => {
            let sources = top.keys().filter_map(|path| path.strip_prefix(&place).ok());
            let names = sources.filter(|path| is_rust(path)).filter_map(|path| path.iter().next());
            vec![fitting(course, asked, &names.collect())?]
        }
        (None, _) if are_all => {
            return Err(refused(
                "it does not say for which lesson it is; put lesson = \"w03-l02\", say, in a \
                 submission.toml, or grade it with --lesson",
            ));
        }
        (None, several) => several.to_vec(),
    };
    for lesson in lessons {
        let kind = (Manifest { lesson: None, kind: manifest.kind.clone() }, place.clone());
        add(found, course, lesson, kind, top, &[])?;
    }
    Ok(())
}

/// How the files of a folder become a program, and for a crate, in which folder its sources lie.
/// `names` are those that the lesson's sources have.
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
    if let Some(kept) = files.get(Path::new("submission.toml")) {
        let file = whole(Path::new("submission.toml"), kept)?;
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

/// Adds what `files` hold for `lesson`; `folders` hold what there is for the others.
fn add(
    found: &mut Found,
    course: &Course,
    lesson: &Lesson,
    (manifest, place): (Manifest, PathBuf),
    files: &Files<'_>,
    folders: &[(&Lesson, Files<'_>)],
) -> Result<(), Rejection> {
    let wanted = match manifest.kind {
        ProjectKind::Crate => {
            found.notes.extend(left_out(course, lesson, files));
            let mut wanted = sources(files, &place)?;
            for other in earlier(course, lesson)? {
                let folder = folders.iter().find(|(one, _)| one.id == other.id);
                let brought = folder.map(|(_, files)| sources(files, Path::new("src")));
                let brought = brought.transpose()?.unwrap_or_default();
                let whose =
                    if brought.is_empty() { "the course's" } else { "the submission's own" };
                found.notes.push(format!("{} builds on {whose} {}", lesson.id, other.id));
                let inside = |(path, kept)| (Path::new(&other.id).join(path), kept);
                wanted.extend(brought.into_iter().map(inside));
            }
            wanted
        }
        ProjectKind::Program { .. } => {
            let file = |(path, kept): (&&Path, &&TreeFile)| {
                Ok((path.to_path_buf(), (whole(path, kept)?, kept.modified)))
            };
            files.iter().map(file).collect::<Result<_, Rejection>>()?
        }
    };
    found.newest = found.newest.max(wanted.values().filter_map(|(_, modified)| *modified).max());
    let files = wanted.into_iter().map(|(path, (file, _))| (path, file)).collect();
    let digest = digest(&lesson.id, &manifest.kind, &files);
    found.projects.insert(lesson.id.clone(), Project { digest, kind: manifest.kind, files });
    Ok(())
}

/// The Rust files in `place` and below, as they will lie in the crate's `src/`, with their times.
fn sources(
    files: &Files<'_>,
    place: &Path,
) -> Result<BTreeMap<PathBuf, (File, Option<i64>)>, Rejection> {
    let mut sources = BTreeMap::new();
    for (path, kept) in files.iter().filter(|(path, _)| is_rust(path)) {
        let Ok(inside) = path.strip_prefix(place) else { continue };
        // At the top, what lies in a folder may be anything.
        if place.as_os_str().is_empty() && inside.components().count() > 1 {
            continue;
        }
        // A mode changes nothing for a compiler.
        let file = File { is_executable: false, ..whole(path, kept)? };
        sources.insert(Path::new("src").join(inside), (file, kept.modified));
    }
    Ok(sources)
}

/// A file that is wanted has to be small enough to be kept.
fn whole(path: &Path, kept: &TreeFile) -> Result<File, Rejection> {
    kept.file.clone().ok_or_else(|| {
        let most = largest() >> 20;
        refused(format!("{} has more than {most} MiB; leave it out", path.display()))
    })
}

/// Notes on what a crate's author may believe to count.
fn left_out(course: &Course, lesson: &Lesson, files: &Files<'_>) -> Vec<String> {
    let own = course.root().join(lesson.folder());
    let differs = |path: &&Path| {
        let handed = files.get(*path).and_then(|kept| kept.file.as_ref());
        handed.is_none_or(|file| std::fs::read(own.join(path)).ok().as_ref() != Some(&file.bytes))
    };
    let mut notes = Vec::new();
    for name in ["Cargo.toml", "build.rs"] {
        if files.contains_key(Path::new(name)) && differs(&Path::new(name)) {
            notes.push(format!("{}: {name} was left out; the lesson's own counts", lesson.id));
        }
    }
    if files.keys().filter(|path| path.starts_with("solution")).any(differs) {
        notes.push(format!("{}: solution/ was left out; the files in src/ count", lesson.id));
    }
    notes
}

/// The hash of a lesson's id, how the program is made, and all its files.
fn digest(lesson: &str, kind: &ProjectKind, files: &BTreeMap<PathBuf, File>) -> String {
    let mut hash = blake3::Hasher::new();
    let mut part = |bytes: &[u8]| {
        // With its length in front, no part can look like two.
        hash.update(&(bytes.len() as u64).to_le_bytes()).update(bytes);
    };
    part(lesson.as_bytes());
    part(format!("{kind:?}").as_bytes());
    for (path, file) in files {
        part(path.as_os_str().as_encoded_bytes());
        part(&[u8::from(file.is_executable)]);
        part(&file.bytes);
    }
    hash.finalize().to_hex().to_string()
}
