//! Grade one submission for a platform.

mod document;
mod metadata;

use crate::build::Builder;
use crate::grade_lesson::{grade, ungraded};
use crate::intake::{self, Content, Rejection};
use crate::isolation_choice;
use crate::model::{LessonGrade, Submission, Verdict};
use crate::report::gradescope::Visibility;
use crate::rubric::Rubric;
use anyhow::Result;
use course::catalogue::Course;
use course::lesson::Lesson;
use document::Document;
use metadata::Metadata;
use std::path::PathBuf;
use witness::Tier;
use xtask::outcome::Outcome;
use xtask::{interrupt, place};

/// What `grade-one` is told.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The folder or archive that was handed in
    #[arg(value_name = "SUBMISSION")]
    pub submission: PathBuf,
    /// The lesson that it answers, e.g. w03-l02
    #[arg(long, value_name = "ID")]
    pub lesson: String,
    /// The platform that reads the result
    #[arg(long, value_enum)]
    pub format: Format,
    /// Write the result to this file, whole or not at all; to standard output unless said
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// What the criteria are worth; a point each, or what the lesson says, unless said
    #[arg(long, value_name = "FILE")]
    pub rubric: Option<PathBuf>,
    /// Gradescope's submission_metadata.json: when it was handed in, and when it was due
    #[arg(long, value_name = "FILE")]
    pub metadata: Option<PathBuf>,
    /// Who sees the tests on Gradescope, and when
    #[arg(long, value_enum, default_value_t)]
    pub visibility: Visibility,
    /// The problem's name on Autolab; the lesson's id unless said
    #[arg(long, value_name = "NAME")]
    pub problem: Option<String>,
    /// How far apart the program is kept: strong or uid-drop, the best that there is, unless said
    #[arg(long, value_name = "LEVEL")]
    pub isolation: Option<Tier>,
    /// The old name of --isolation
    #[arg(long, hide = true, value_name = "LEVEL", value_parser = isolation_choice::renamed)]
    pub tier: Option<String>,
}

/// A platform that reads a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// results.json, rewritten after every criterion
    Gradescope,
    /// The base64 of the step output `result` of GitHub Classroom
    Classroom,
    /// Feedback, and the scores in the last line
    Autolab,
    /// results.json of an external grader
    Prairielearn,
}

const EXAMPLES: &str = "\
Examples:
  cargo xtask grade-one ada/ --lesson w03-l02 --format prairielearn
  cargo xtask grade-one ada.zip --lesson w03-l02 --format gradescope \\
      --metadata submission_metadata.json --out results.json

Exit status: 0 graded, whatever the verdict; 2 misuse, or it could not be graded:
then no result gives points; 130 stopped.";

/// Grades one submission, and writes what the platform reads.
///
/// # Errors
/// Misuse, and faults of the machine; whatever the submission does is in the result.
pub fn run(args: &Args) -> Result<Outcome> {
    let course = Course::open(place::root())?;
    let lesson = course.lesson(&args.lesson)?;
    let mut rubric = Rubric::open(args.rubric.as_deref(), &course)?;
    let metadata = args.metadata.as_deref().map(Metadata::read).transpose()?.unwrap_or_default();
    metadata.set_due(&mut rubric, &lesson.id);
    let isolation = isolation_choice::for_one(args.isolation)?;
    let mut document = Document::new(args, &rubric)?;
    let handed = intake::one(&args.submission)?;
    let mut submission = Submission {
        student: handed.student.clone(),
        submitted: metadata.submitted,
        digest: String::new(),
        notes: Vec::new(),
        lessons: Vec::new(),
    };
    let graded = match intake::read(&handed, &course, std::slice::from_ref(&lesson.id)) {
        Ok(content) => {
            submission.submitted = submission.submitted.or(content.submitted);
            submission.digest = content.digest.clone();
            submission.notes = content.notes.clone();
            document.begin(&submission, lesson)?;
            content_of(&content, &course, lesson, isolation, &mut document)?
        }
        Err(Rejection::Refused(reason)) => ungraded(lesson, Verdict::Refused, &reason),
        Err(Rejection::Unreadable(reason)) => ungraded(lesson, Verdict::Inconclusive, &reason),
    };
    if interrupt::requested() {
        return Ok(Outcome::Stopped);
    }
    let is_unsure = graded.verdict == Verdict::Inconclusive;
    submission.lessons = vec![graded];
    document.end(&submission)?;
    Ok(if is_unsure { Outcome::Fault } else { Outcome::Right })
}

/// Builds and asks what was handed in for the lesson; what is inconclusive, once more.
fn content_of(
    content: &Content,
    course: &Course,
    lesson: &Lesson,
    isolation: Tier,
    document: &mut Document<'_>,
) -> Result<LessonGrade> {
    let Some(project) = content.projects.get(&lesson.id) else {
        return Ok(ungraded(lesson, Verdict::Missing, "nothing was handed in for this lesson"));
    };
    let folder = place::target().join("grade/workshops/one");
    let builder = match Builder::open(course, &folder, isolation) {
        Ok(builder) => builder,
        Err(error) => return Ok(ungraded(lesson, Verdict::Inconclusive, &format!("{error:#}"))),
    };
    let mut graded = grade(lesson, project, &builder, isolation, &mut |it| document.found(it));
    if graded.verdict == Verdict::Inconclusive && !interrupt::requested() {
        graded = grade(lesson, project, &builder, isolation, &mut |_| {});
    }
    document.written()?;
    Ok(graded)
}
