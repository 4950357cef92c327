//! A class of 60 whose submissions come as platforms and students deliver them, each with its known
//! result. All of them are for the lesson [`LESSON`].
//!
//! Each kind of submission is there twice. A group of two and two people who have handed in nothing
//! make the class complete.

mod kinds;

use super::crates::{self, plain};
use super::expected::{self, Row};
use super::{Files, packaging};
use anyhow::{Context, Result};
use course::catalogue::Course;
use kinds::{KINDS, Kind, Material};
use std::fs;
use std::path::{Path, PathBuf};

/// The lesson for which everything is handed in.
pub const LESSON: &str = "w03-l02";

/// The number of students.
pub const STUDENTS: usize = 60;

/// One student of the class.
struct Student {
    id: String,
    name: String,
    email: String,
    /// The cell `files` of the roster.
    files: String,
    /// The cells `extension` and `late_days` of the roster.
    allowance: &'static str,
}

impl Student {
    fn new(number: usize, kind: &str) -> Self {
        Self {
            id: format!("s{number:02}"),
            name: format!("{kind} {number:02}"),
            email: format!("s{number:02}@example.org"),
            files: String::new(),
            allowance: ",",
        }
    }
}

/// Writes the class into the folder `out`, the known results into `expected`, and the roster and the
/// times into files beside `out`. Returns the number of students and the paths of roster and times.
///
/// # Errors
/// A file cannot be read or written.
pub fn write(course: &Course, out: &Path, expected: &Path) -> Result<(usize, [PathBuf; 2])> {
    let material = Material::of(course)?;
    let (mut files, mut rows, mut students) = (Files::new(), Vec::new(), Vec::new());
    let mut metadata = "---\n".to_owned();
    let mut times = "files,submitted\n".to_owned();
    for (index, kind) in KINDS.iter().chain(KINDS).enumerate() {
        let mut student = Student::new(index + 1, kind.name);
        let entry = entry(kind, &student, index);
        for (path, file) in (kind.files)(&material)? {
            files.insert(PathBuf::from(format!("{entry}{}", path.display())), file);
        }
        match kind.place {
            Place::Gradescope => metadata += &of_gradescope(&entry, &[&student]),
            Place::Folder => student.files = entry.trim_end_matches('/').to_owned(),
            Place::Archive => {
                times += &format!("{entry}.zip,2026-10-09T{:02}:59:00+02:00\n", index % 24);
            }
            Place::Moodle | Place::MoodleFile | Place::Canvas => {}
        }
        student.allowance = [",", ",2", "2d,"][index % 3];
        rows.push(row(&student, kind));
        students.push(student);
    }
    // Two students hand in one folder, and two students hand in nothing.
    let group = [57, 58].map(|number| Student::new(number, "group"));
    for (path, file) in &material.solution {
        files.insert(Path::new("submission_57").join(path), file.clone());
    }
    metadata += &of_gradescope("submission_57/", &group.iter().collect::<Vec<_>>());
    rows.extend(group.iter().map(|student| row(student, &kinds::GROUP)));
    let absent = [59, 60].map(|number| Student::new(number, "absent"));
    rows.extend(absent.iter().map(|student| row(student, &kinds::ABSENT)));
    students.extend(group.into_iter().chain(absent));

    files.insert("submission_metadata.yml".into(), plain(&metadata));
    packaging::write_folder(&files, out)?;
    expected::write(&rows, expected)?;
    let beside = |name: &str| PathBuf::from(format!("{}.{name}.csv", out.display()));
    let (roster, submitted) = (beside("roster"), beside("times"));
    put(&roster, &roster_of(&students))?;
    put(&submitted, &times)?;
    Ok((students.len(), [roster, submitted]))
}

/// How the name of a submission says who has handed it in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Moodle's folder for a student.
    Moodle,
    /// Moodle's file of a student, in a download without folders.
    MoodleFile,
    /// Canvas' files of a student.
    Canvas,
    /// Gradescope's folder, named in the metadata.
    Gradescope,
    /// A folder that the roster names.
    Folder,
    /// An archive with the student's id as its name, and a line in the file of times.
    Archive,
}

/// The beginning of the paths of a submission.
fn entry(kind: &Kind, student: &Student, index: usize) -> String {
    let name = &student.name;
    let number = 100 + index;
    match kind.place {
        Place::Moodle => format!("{name}_{number}_assignsubmission_file_/"),
        Place::MoodleFile => format!("{name}_{number}_assignsubmission_"),
        Place::Canvas => {
            let plain: String = name.chars().filter(|it| it.is_alphanumeric()).collect();
            let late = if kind.name == "canvas-late" { "_LATE" } else { "" };
            format!("{plain}{late}_{number}_{}_", 900 + index)
        }
        Place::Gradescope => format!("submission_{}/", index + 1),
        Place::Folder => format!("hand-in {name}/"),
        Place::Archive => student.id.clone(),
    }
}

/// An entry of Gradescope's metadata.
fn of_gradescope(entry: &str, students: &[&Student]) -> String {
    let mut text = format!("{}:\n  :submitters:\n", entry.trim_end_matches('/'));
    for Student { id, name, email, .. } in students {
        text += &format!("  - :name: {name}\n    :sid: '{id}'\n    :email: {email}\n");
    }
    text + "  :created_at: 2026-10-09 20:15:30.365935000 Z\n"
}

fn row(student: &Student, kind: &Kind) -> Row {
    let row = Row::new(&student.name, LESSON, &(kind.expected)());
    Row { note: kind.note.to_owned(), ..row }
}

fn roster_of(students: &[Student]) -> String {
    let line = |it: &Student| {
        format!("{},{},{},{},{}\n", it.id, it.name, it.email, it.files, it.allowance)
    };
    let lines: String = students.iter().map(line).collect();
    format!("id,name,email,files,extension,late_days\n{lines}")
}

fn put(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

impl Material {
    fn of(course: &Course) -> Result<Self> {
        let lesson = course.lesson(LESSON)?;
        Ok(Self {
            starter: crates::starter_of(course, lesson)?,
            solution: crates::solution(course, lesson)?,
            other_starter: crates::starter_of(course, course.lesson("w01-l01")?)?,
            folder: lesson.folder().to_owned(),
            other_folder: course.lesson("w01-l01")?.folder().to_owned(),
            python: super::programs::source("select_poll.py")?,
            c: super::programs::single("linear_scan.c", "server.c")?,
        })
    }
}
