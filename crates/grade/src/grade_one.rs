//! `grade-one`: grades one submission for a platform, such as Gradescope.

mod document;
mod metadata;

use crate::build::Builder;
use crate::conditions::{ConditionArgs, Conditions, check_places};
use crate::grade_lesson::{grade, ungraded};
use crate::intake::{self, Content, Rejection};
use crate::isolation_choice;
use crate::model::{HandInTime, LessonGrade, Submission, TimeSource, Verdict};
use crate::report::gradescope::Visibility;
use crate::rubric::Rubric;
use anyhow::Result;
use course::catalogue::Course;
use course::lesson::Lesson;
use document::Document;
use metadata::Metadata;
use std::path::PathBuf;
use terminal::outcome::Outcome;
use terminal::{interrupt, paths};
use witness::IsolationLevel;

/// The arguments of `grade-one`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The submission: a folder or an archive
    #[arg(value_name = "SUBMISSION")]
    pub submission: PathBuf,
    /// The lesson to grade, e.g. w03-l02
    #[arg(long, value_name = "ID")]
    pub lesson: String,
    /// The platform that reads the result
    #[arg(long, value_enum)]
    pub format: Format,
    /// The file for the result, written completely or not at all [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// The points of the criteria [default: the points in the lesson, or one point each]
    #[arg(long, value_name = "FILE")]
    pub rubric: Option<PathBuf>,
    /// A file for the log of the step on GitHub Actions: a folded group for each criterion that is
    /// not proved
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,
    /// Gradescope's submission_metadata.json, which has the submission time and the due time
    #[arg(long, value_name = "FILE")]
    pub metadata: Option<PathBuf>,
    /// Whether and when students see the tests on Gradescope
    #[arg(long, value_enum, default_value_t)]
    pub visibility: Visibility,
    /// The problem's name on Autolab [default: the lesson's id]
    #[arg(long, value_name = "NAME")]
    pub problem: Option<String>,
    /// How the program is isolated: namespaces, other-user, landlock or none [default: namespaces
    /// if available, otherwise other-user]
    #[arg(long, value_name = "LEVEL")]
    pub isolation: Option<IsolationLevel>,
    /// The budget, and what is hidden
    #[command(flatten)]
    pub conditions: ConditionArgs,
    /// The old name of --isolation
    #[arg(long, hide = true, value_name = "LEVEL", value_parser = isolation_choice::former_option)]
    pub tier: Option<String>,
}

/// A platform's format of the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// results.json, rewritten after every criterion
    Gradescope,
    /// The step output `result` of GitHub Classroom, in base64
    Classroom,
    /// The feedback, and the scores in the last line
    Autolab,
    /// results.json of an external grader
    Prairielearn,
}

const EXAMPLES: &str = "\
Examples:
  cargo xtask grade-one ada/ --lesson w03-l02 --format prairielearn
  cargo xtask grade-one ada.zip --lesson w03-l02 --format gradescope \\
      --metadata submission_metadata.json --out results.json

Exit status: 0 graded, with any verdict; 2 wrong usage, or the submission could not be
graded and the result has no points; 130 stopped.";

/// Grades one submission, and writes the result in the platform's format.
///
/// # Errors
/// Wrong usage, or a failure of the machine. A fault of the submission is not an error: it is in
/// the result.
pub fn run(args: &Args) -> Result<Outcome> {
    let course = Course::open(paths::root())?;
    let lesson = course.lesson(&args.lesson)?;
    let mut rubric = Rubric::open(args.rubric.as_deref(), &course)?;
    let metadata = args.metadata.as_deref().map(Metadata::read).transpose()?.unwrap_or_default();
    metadata.set_due(&mut rubric, &lesson.id);
    let isolation = isolation_choice::for_one(args.isolation)?;
    let conditions = Conditions::new(&args.conditions, isolation)?;
    check_places([args.submission.clone()])?;
    conditions.note_unbounded();
    let mut document = Document::new(args, &rubric)?;
    let source = intake::source_at(&args.submission)?;
    let mut submission = Submission {
        student: source.student.clone(),
        submitted: metadata.submitted.map(of_platform).or_else(|| source.time()),
        notes: metadata.attempts.clone().into_iter().collect(),
        ..Submission::default()
    };
    let graded = match intake::read(&source, &course, std::slice::from_ref(&lesson.id)) {
        Ok(content) => {
            submission.digest = content.digest.clone();
            submission.notes.extend(content.notes.iter().cloned());
            submission.files = content.files.clone();
            document.begin(&submission, lesson)?;
            grade_content(&content, &course, lesson, &conditions, &mut document)?
        }
        Err(Rejection::Refused(reason)) => ungraded(lesson, Verdict::Refused, &reason),
        Err(Rejection::Unreadable(reason)) => ungraded(lesson, Verdict::Inconclusive, &reason),
        Err(Rejection::NotHandedIn) => ungraded(lesson, Verdict::NotHandedIn, ""),
    };
    if interrupt::requested() {
        return Ok(Outcome::Interrupted);
    }
    let is_inconclusive = graded.verdict == Verdict::Inconclusive;
    submission.lessons = vec![graded];
    document.end(&submission)?;
    Ok(if is_inconclusive { Outcome::Error } else { Outcome::Success })
}

fn of_platform(seconds: i64) -> HandInTime {
    HandInTime { seconds, source: TimeSource::Platform }
}

/// Grades the submission's content for the lesson. If the grade is inconclusive, grades the content
/// once more.
fn grade_content(
    content: &Content,
    course: &Course,
    lesson: &Lesson,
    conditions: &Conditions,
    document: &mut Document<'_>,
) -> Result<LessonGrade> {
    let Some(project) = content.projects.get(&lesson.id) else {
        return Ok(ungraded(
            lesson,
            Verdict::Missing,
            "the submission has nothing for this lesson",
        ));
    };
    let folder = paths::target().join("grade/builds/one");
    let builder = match Builder::open(course, &folder, conditions) {
        Ok(builder) => builder,
        Err(error) => return Ok(ungraded(lesson, Verdict::Inconclusive, &format!("{error:#}"))),
    };
    let mut graded = grade(lesson, project, &builder, conditions, &mut |it| document.add(it));
    if graded.verdict == Verdict::Inconclusive && !interrupt::requested() {
        graded = grade(lesson, project, &builder, conditions, &mut |_| {});
    }
    document.check_written()?;
    Ok(graded)
}
