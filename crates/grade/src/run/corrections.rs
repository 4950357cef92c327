//! The rubric and the instructor's corrections of a run, compared with those of the last run. No
//! points change in silence.

use crate::model::Submission;
use crate::overrides::{Correction, Overrides};
use crate::report::plain;
use crate::rubric::Rubric;
use crate::store::{Setting, Store};
use anyhow::{Result, bail};
use course::catalogue::Course;
use std::path::PathBuf;
use terminal::show::{Line, amount};

/// The files that change the points.
#[derive(Debug, clap::Args)]
pub struct CorrectionArgs {
    /// The points of the criteria [default: the points in the lessons, or one point each]
    #[arg(long, value_name = "FILE")]
    pub rubric: Option<PathBuf>,
    /// Use the points in the lessons, although the last run had a rubric
    #[arg(long, conflicts_with = "rubric")]
    pub no_rubric: bool,
    /// Corrections: points for a criterion of a student, notes and extensions
    #[arg(long, value_name = "FILE")]
    pub overrides: Option<PathBuf>,
    /// Use no corrections, although the last run had some
    #[arg(long, conflicts_with = "overrides")]
    pub no_overrides: bool,
}

/// The maximum number of changed results that are listed by name.
const MAX_LISTED: usize = 10;
/// The names of the settings in the database.
const RUBRIC: &str = "rubric";
const OVERRIDES: &str = "overrides";

/// The rubric and the corrections of this run.
pub(crate) struct Corrections {
    rubric: Setting<Rubric>,
    overrides: Setting<Overrides>,
    /// The problems of the corrections. Each problem names the file, the line and the next step.
    pub(crate) problems: Vec<String>,
}

impl Corrections {
    /// Reads the files. `students` are the names of the whole class.
    ///
    /// # Errors
    /// A file cannot be read, or the rubric is invalid.
    pub(crate) fn open(args: &CorrectionArgs, course: &Course, students: &[&str]) -> Result<Self> {
        let file = |path: &Option<PathBuf>| {
            path.as_ref().map_or_else(String::new, |path| path.display().to_string())
        };
        let rubric = Rubric::open(args.rubric.as_deref(), course)?;
        let (overrides, problems) = match &args.overrides {
            Some(path) => Overrides::open(path, course, students)?,
            None => (Overrides::default(), Vec::new()),
        };
        Ok(Self {
            rubric: Setting { file: file(&args.rubric), value: rubric },
            overrides: Setting { file: file(&args.overrides), value: overrides },
            problems,
        })
    }

    /// The rubric.
    pub(crate) fn rubric(&self) -> &Rubric {
        &self.rubric.value
    }

    /// The corrections.
    pub(crate) fn overrides(&self) -> &Overrides {
        &self.overrides.value
    }

    /// A line for each problem of the corrections.
    pub(crate) fn problem_lines(&self) -> impl Iterator<Item = Line> {
        self.problems.iter().map(|problem| Line::new().plain("  ").unsure(problem))
    }

    /// Saves the rubric and the corrections as those of the last run.
    ///
    /// # Errors
    /// The database cannot be written.
    pub(crate) fn save(&self, store: &Store) -> Result<()> {
        store.set(RUBRIC, Some(&self.rubric))?;
        store.set(OVERRIDES, Some(&self.overrides))
    }

    /// The points that are not the same as with the rubric and the corrections of the last run, as
    /// lines for the instructor. There are none if this is the first run.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(crate) fn changes(&self, store: &Store, submissions: &[Submission]) -> Result<Vec<Line>> {
        let (rubric, overrides) = (store.setting(RUBRIC)?, store.setting(OVERRIDES)?);
        let (Some(rubric), Some(overrides)) = (rubric, overrides) else { return Ok(Vec::new()) };
        let last = Self { rubric, overrides, problems: Vec::new() };
        if (&last.rubric.value, &last.overrides.value) == (self.rubric(), self.overrides()) {
            return Ok(Vec::new());
        }
        let mut changed = Vec::new();
        for submission in submissions {
            for (index, grade) in submission.lessons.iter().enumerate() {
                let points = |run: &Self| run.points(submission, index);
                let (before, now) = (points(&last), points(self));
                if before != now {
                    let name = plain::line(&submission.student, 80);
                    changed.push(format!("{name}  {}  {before} -> {now}", grade.lesson));
                }
            }
        }
        Ok(lines(&changed))
    }

    /// The points of a lesson and their maximum, e.g. `9 of 10`.
    fn points(&self, submission: &Submission, index: usize) -> String {
        let grade = &submission.lessons[index];
        let none = Correction::default();
        let correction = self.overrides().of(&submission.student, &grade.lesson).unwrap_or(&none);
        let points = self.rubric().corrected(submission, grade, correction);
        let reached = points.points.map_or_else(|| "unknown".to_owned(), plain::points);
        format!("{reached} of {}", plain::points(points.max))
    }
}

/// Checks that a run has the rubric and the corrections that the last run into `store` had, or says
/// that it wants none.
///
/// # Errors
/// The run says nothing about a file that the last run had. The message gives the next step.
pub(crate) fn check_given(args: &CorrectionArgs, store: &Store) -> Result<()> {
    let rubric = store.setting::<Rubric>(RUBRIC)?.map(|setting| setting.file);
    if let (Some(file), false, None) = (given(rubric), args.no_rubric, &args.rubric) {
        bail!(
            "the last results were written with --rubric {file}; give it again, or give \
             --no-rubric for the points in the lessons"
        );
    }
    let overrides = store.setting::<Overrides>(OVERRIDES)?.map(|setting| setting.file);
    if let (Some(file), false, None) = (given(overrides), args.no_overrides, &args.overrides) {
        bail!(
            "the last results were written with --overrides {file}; give it again, or give \
             --no-overrides to take all corrections back"
        );
    }
    Ok(())
}

fn given(file: Option<String>) -> Option<String> {
    file.filter(|file| !file.is_empty())
}

fn lines(changed: &[String]) -> Vec<Line> {
    let mut lines =
        vec![
            Line::new().unsure(&match changed.len() {
                0 => "  the rubric or the corrections differ from the last run; no points change"
                    .to_owned(),
                number => format!(
                    "  the rubric or the corrections differ from the last run; {} changed:",
                    amount(number, "result")
                ),
            }),
        ];
    let hidden = changed.len().saturating_sub(MAX_LISTED);
    lines.extend(changed.iter().take(MAX_LISTED).map(|each| Line::new().plain("    ").plain(each)));
    if hidden > 0 {
        lines.push(Line::new().plain(&format!("    … and {hidden} more")));
    }
    lines
}
