//! `cargo xtask grade-class`: a class of submissions whose verdicts are known beforehand.

pub mod archive;
pub mod check;
pub mod crates;
pub mod expected;
pub mod hostile;
pub mod packaging;
pub mod programs;
pub mod roster;

use crate::intake::File;
use anyhow::{Context, Result, bail, ensure};
use course::catalogue::Course;
use expected::{Expected, Row};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use xtask::outcome::Outcome;
use xtask::place;
use xtask::show::{Line, Screen, amount};

/// What it is told.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The folder to write, which must be new or empty
    #[arg(value_name = "OUT", required_unless_present = "check")]
    out: Option<PathBuf>,
    /// How many submissions
    #[arg(long, value_name = "N", default_value_t = 200)]
    count: usize,
    /// For these lessons alone, e.g. w03-l02
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    lesson: Vec<String>,
    /// Some hostile programs among them
    #[arg(long)]
    hostile: bool,
    /// Where the known verdicts are written, or read; OUT with `.expected.csv` unless said
    #[arg(long, value_name = "FILE")]
    expected: Option<PathBuf>,
    /// Compare the results that `grade` left in this folder with the known verdicts
    #[arg(long, value_name = "GRADES", requires = "expected", conflicts_with = "out")]
    check: Option<PathBuf>,
}

const EXAMPLES: &str = "\
The class has the lessons' solutions, starters and wrong servers, and programs in C and
Python, as folders and archives. The same options give the same bytes.

Examples:
  cargo xtask grade-class class --count 200 --hostile
  cargo xtask grade class --out grades
  cargo xtask grade-class --check grades --expected class.expected.csv

Exit status: 0 written, or nothing differs; 1 a verdict differs; 2 misuse, or a fault of
the machine.";

/// Files by their path in a submission.
pub type Files = BTreeMap<PathBuf, File>;

/// A piece of sample for one lesson, and what must become of it.
#[derive(Clone, Debug)]
pub struct Sample {
    /// What it is, e.g. `forgot-close`.
    pub name: String,
    /// e.g. `w03-l02`.
    pub lesson: String,
    /// By path in the lesson's crate, or in the program's folder.
    pub files: Files,
    /// Whether it is a lesson's crate.
    pub is_crate: bool,
    /// What the grader must say of it.
    pub expected: Expected,
}

/// Writes the class, or compares its results.
///
/// # Errors
/// Misuse, and faults of the machine.
pub fn run(args: &Args) -> Result<Outcome> {
    match (&args.check, &args.expected, &args.out) {
        (Some(grades), Some(expected), _) => check::run(grades, expected),
        (_, expected, Some(out)) => {
            let beside = || PathBuf::from(format!("{}.expected.csv", out.display()));
            write(args, out, &expected.clone().unwrap_or_else(beside))
        }
        _ => bail!("name the folder to write"),
    }
}

fn write(args: &Args, out: &Path, expected: &Path) -> Result<Outcome> {
    ensure_empty(out)?;
    ensure!(args.count > 0, "--count 0: a class has one submission at least");
    let course = Course::open(place::root())?;
    let lessons: Vec<_> = place::lessons(&course, &args.lesson)?
        .into_iter()
        .map(|lesson| lesson.id.clone())
        .collect();
    let known = known(&course, &lessons)?;
    let hostile = if args.hostile { hostile::samples(&course, &lessons)? } else { Vec::new() };
    let mut rows: Vec<Row> = Vec::new();
    for entry in roster::entries(&known, &hostile, args.count) {
        let student = packaging::write(&course, &entry, out)?;
        rows.push(Row::new(&student, &entry.sample.lesson, &entry.sample.expected));
    }
    expected::write(&rows, expected)?;
    let written = amount(rows.len(), "submission");
    let line = format!("{written} in {}, verdicts in {}", out.display(), expected.display());
    Screen::stdout().show(&Line::new().plain(&line))?;
    Ok(Outcome::Right)
}

/// Every right and wrong server of the course and of its tests.
fn known(course: &Course, lessons: &[String]) -> Result<Vec<Sample>> {
    let mut samples = Vec::new();
    for id in lessons {
        samples.extend(crates::samples(course, course.lesson(id)?)?);
    }
    samples.extend(programs::samples(lessons)?);
    Ok(samples)
}

fn ensure_empty(out: &Path) -> Result<()> {
    fs::create_dir_all(out).with_context(|| format!("cannot make {}", out.display()))?;
    let mut entries =
        fs::read_dir(out).with_context(|| format!("cannot read {}", out.display()))?;
    ensure!(entries.next().is_none(), "{} is not empty; name a new folder", out.display());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake;

    /// A class of every lesson, and the rows of its file.
    fn class(count: usize) -> (tempfile::TempDir, Vec<Row>) {
        let folder = tempfile::tempdir().unwrap();
        let args = Args {
            out: Some(folder.path().join("class")),
            count,
            lesson: Vec::new(),
            hostile: true,
            expected: Some(folder.path().join("expected.csv")),
            check: None,
        };
        run(&args).unwrap();
        let rows = expected::read(&folder.path().join("expected.csv")).unwrap();
        (folder, rows)
    }

    #[test]
    fn every_submission_is_read_as_its_lesson_under_its_name() {
        let (folder, rows) = class(300);
        let course = Course::open(place::root()).unwrap();
        let ids: Vec<_> = course.lessons().iter().map(|lesson| lesson.id.clone()).collect();
        let handed = intake::find(&folder.path().join("class")).unwrap();
        assert_eq!(handed.len(), rows.len());
        for row in &rows {
            let one = handed.iter().find(|one| one.student == row.student).expect(&row.student);
            let content = intake::read(one, &course, &ids).expect(&row.student);
            let lessons: Vec<_> = content.projects.keys().collect();
            assert_eq!(lessons, [&row.lesson], "{}", row.student);
        }
    }

    #[test]
    fn copies_are_one_content_or_two() {
        let (folder, rows) = class(300);
        let course = Course::open(place::root()).unwrap();
        let ids: Vec<_> = course.lessons().iter().map(|lesson| lesson.id.clone()).collect();
        let handed = intake::find(&folder.path().join("class")).unwrap();
        let digests: std::collections::BTreeSet<_> = handed
            .iter()
            .flat_map(|one| intake::read(one, &course, &ids).unwrap().projects.into_values())
            .map(|project| project.digest)
            .collect();
        assert!(digests.len() < rows.len(), "nobody handed in what somebody else did");
        assert!(digests.len() > rows.len() * 3 / 4, "{} of {}", digests.len(), rows.len());
    }
}
