//! `grade-class`: generates a class of submissions whose verdicts are known beforehand, and
//! compares the grader's verdicts with the known ones.

pub mod archive;
pub mod check;
pub mod crates;
pub mod expected;
pub mod hand_ins;
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
use terminal::outcome::Outcome;
use terminal::paths;
use terminal::show::{Line, Screen, amount};

/// The arguments of `grade-class`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The folder for the class; it must be new or empty
    #[arg(value_name = "OUT", required_unless_present = "check")]
    out: Option<PathBuf>,
    /// The number of submissions
    #[arg(long, value_name = "N", default_value_t = 200)]
    count: usize,
    /// Generate submissions for these lessons only, e.g. w03-l02
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    lesson: Vec<String>,
    /// Include hostile programs
    #[arg(long)]
    hostile: bool,
    /// Write a class of 60 for w03-l02 whose submissions come as platforms and students deliver
    /// them; the roster and the times are written to OUT.roster.csv and OUT.times.csv
    #[arg(long, conflicts_with_all = ["count", "lesson", "hostile"])]
    hand_ins: bool,
    /// The file of the known verdicts; it is written, or read if --check is given [default:
    /// OUT.expected.csv]
    #[arg(long, value_name = "FILE")]
    expected: Option<PathBuf>,
    /// Compare the results of `grade` in this folder with the known verdicts
    #[arg(long, value_name = "GRADES", requires = "expected", conflicts_with = "out")]
    check: Option<PathBuf>,
}

const EXAMPLES: &str = "\
The class consists of the lessons' solutions, starters and wrong servers, and of programs in
C and Python, as folders and archives. The same options always give the same bytes.

Examples:
  cargo xtask grade-class class --count 200 --hostile
  cargo xtask grade class --out grades
  cargo xtask grade-class --check grades --expected class.expected.csv
  cargo xtask grade-class class --hand-ins
  cargo xtask grade class --lesson w03-l02 --roster class.roster.csv \\
      --submitted class.times.csv --check-only

Exit status: 0 written, or no verdict differs; 1 a verdict differs; 2 wrong usage, or
the machine failed.";

/// Files by their path in a submission.
pub type Files = BTreeMap<PathBuf, File>;

/// A program for one lesson, and the expected result.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The program's name, e.g. `forgot-close`.
    pub name: String,
    /// The lesson's id, e.g. `w03-l02`.
    pub lesson: String,
    /// The files, by path in the lesson's crate or in the program's folder.
    pub files: Files,
    /// Whether the program is a lesson's crate.
    pub is_crate: bool,
    /// The result that the grader must give.
    pub expected: Expected,
}

/// Generates a class, or compares the results of a class with the known verdicts.
///
/// # Errors
/// Wrong usage, or a failure of the machine.
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
    ensure!(args.count > 0, "--count 0: a class has at least one submission");
    let course = Course::open(paths::root())?;
    if args.hand_ins {
        let (students, beside) = hand_ins::write(&course, out, expected)?;
        let beside = beside.map(|path| path.display().to_string()).join(", ");
        let written = amount(students, "student");
        let line = format!("{written} in {}, {beside}, {}", out.display(), expected.display());
        Screen::stdout().show(&Line::new().plain(&line))?;
        return Ok(Outcome::Success);
    }
    let lessons: Vec<_> = terminal::lessons::named(&course, &args.lesson)?
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
    Ok(Outcome::Success)
}

/// All correct and wrong servers of the course and of its tests.
fn known(course: &Course, lessons: &[String]) -> Result<Vec<Sample>> {
    let mut samples = Vec::new();
    for id in lessons {
        samples.extend(crates::samples(course, course.lesson(id)?)?);
    }
    samples.extend(programs::samples(lessons)?);
    Ok(samples)
}

fn ensure_empty(out: &Path) -> Result<()> {
    fs::create_dir_all(out).with_context(|| format!("cannot create {}", out.display()))?;
    let mut entries =
        fs::read_dir(out).with_context(|| format!("cannot read {}", out.display()))?;
    ensure!(entries.next().is_none(), "{} is not empty; name a new folder", out.display());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::{self, ClassFiles, Content};
    use std::collections::BTreeSet;

    /// A class with all lessons, and its rows of known verdicts.
    fn class(count: usize) -> (tempfile::TempDir, Vec<Row>) {
        let folder = tempfile::tempdir().unwrap();
        let args = Args {
            out: Some(folder.path().join("class")),
            count,
            lesson: Vec::new(),
            hostile: true,
            hand_ins: false,
            expected: Some(folder.path().join("expected.csv")),
            check: None,
        };
        run(&args).unwrap();
        let rows = expected::read(&folder.path().join("expected.csv")).unwrap();
        (folder, rows)
    }

    /// Reads all submissions of a class, by student.
    fn contents(folder: &Path) -> BTreeMap<String, Content> {
        let course = Course::open(paths::root()).unwrap();
        let ids: Vec<_> = course.lessons().iter().map(|lesson| lesson.id.clone()).collect();
        let sources = intake::find(&folder.join("class"), &ClassFiles::default())
            .unwrap()
            .sources
            .into_iter();
        sources
            .map(|source| {
                let content = intake::read(&source, &course, &ids).expect(&source.student);
                (source.student, content)
            })
            .collect()
    }

    #[test]
    fn every_submission_is_read_for_its_lesson_and_under_its_name() {
        let (folder, rows) = class(300);
        let contents = contents(folder.path());
        assert_eq!(contents.len(), rows.len());
        for row in &rows {
            let lessons: Vec<_> = contents[&row.student].projects.keys().collect();
            assert_eq!(lessons, [&row.lesson], "{}", row.student);
        }
    }

    #[test]
    fn some_copies_have_the_same_content() {
        // The class is larger than the number of samples: the rest are copies.
        let (folder, rows) = class(600);
        let projects = contents(folder.path()).into_values().flat_map(|it| it.projects);
        let digests: BTreeSet<_> = projects.map(|(_, project)| project.digest).collect();
        assert!(digests.len() < rows.len(), "no two submissions have the same content");
        assert!(digests.len() > rows.len() * 3 / 4, "{} of {}", digests.len(), rows.len());
    }
}
