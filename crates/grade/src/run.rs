//! `cargo xtask grade`: grades a folder of submissions.

mod check_only;
mod copies;
pub(crate) mod corrections;
mod fingerprint;
mod lesson_selection;
mod output_folder;
mod progress;
mod summary;
mod workers;

pub(crate) use output_folder::OutputFolder;

use crate::build::Builder;
use crate::conditions::{ConditionArgs, Conditions, check_places};
use crate::grade_lesson;
use crate::intake::{self, ClassFiles, Project, SubmissionSource};
use crate::isolation_choice;
use crate::overrides;
use crate::report::{Class, plain};
use crate::shard::Shard;
use crate::store::{FILE, RunInfo, State, Store};
use anyhow::{Context, Result};
use corrections::{CorrectionArgs, Corrections};
use course::catalogue::Course;
use course::lesson::Lesson;
use lesson_selection::LessonSelection;
use progress::Progress;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use terminal::outcome::Outcome;
use terminal::show::{self, Line, Screen};
use terminal::{interrupt, paths};
use witness::IsolationLevel;
use workers::Workers;

/// The arguments of `grade`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The folder that holds a folder or an archive for each student
    #[arg(value_name = "SUBMISSIONS")]
    pub submissions: PathBuf,
    /// Grade these lessons, e.g. w03-l02 [default: all lessons that at least one student has handed
    /// in]
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub lesson: Vec<String>,
    /// The folder for the results; if the folder has results of this class, grading continues with
    /// them
    #[arg(long, value_name = "FOLDER", default_value = "grades")]
    pub out: PathBuf,
    /// The files that change the points.
    #[command(flatten)]
    pub corrections: CorrectionArgs,
    /// Grade only this student's submission again, and keep all other results
    #[arg(long, value_name = "NAME", conflicts_with = "again")]
    pub student: Vec<String>,
    /// How programs are isolated: namespaces, other-user, landlock or none [default: namespaces]
    #[arg(long, value_name = "LEVEL")]
    pub isolation: Option<IsolationLevel>,
    /// The budget, and what is hidden
    #[command(flatten)]
    pub conditions: ConditionArgs,
    /// The old name of --isolation
    #[arg(long, hide = true, value_name = "LEVEL", value_parser = isolation_choice::former_option)]
    pub tier: Option<String>,
    /// How many submissions are graded at the same time [default: two for each processor,
    /// 1 on a machine with one processor]
    #[arg(long, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=256))]
    pub jobs: Option<u32>,
    /// Grade only this part of the class; `grade-merge` merges the parts
    #[arg(long, value_name = "PART/PARTS")]
    pub shard: Option<Shard>,
    /// The people of the class: a CSV file with the columns id, name, email, files, and, for those
    /// who may hand in later, extension and late_days
    #[arg(long, value_name = "FILE")]
    pub roster: Option<PathBuf>,
    /// When each submission was handed in: a CSV file with a folder or file name and a time such as
    /// 2026-10-09T23:59:00+02:00 in each line
    #[arg(long, value_name = "FILE")]
    pub submitted: Option<PathBuf>,
    /// Build and grade nothing: show who handed in what and when, and what is wrong with it
    #[arg(long)]
    pub check_only: bool,
    /// Delete the results in the folder, and grade everything again
    #[arg(long)]
    pub again: bool,
}

const EXAMPLES: &str = "\
Examples:
  cargo xtask grade submissions/
  cargo xtask grade submissions/ --lesson w03-l02,w04-l01 --out grades/week4
  cargo xtask grade submissions/ --rubric rubric.toml --overrides overrides.toml
  cargo xtask grade submissions/ --student ada
  cargo xtask grade submissions/ --shard 3/16 --out shard-3
  cargo xtask grade submissions/ --roster roster.csv --submitted times.csv --check-only

Without --lesson, a program in another language needs a submission.toml that names its
lesson.

If grading was stopped, by Ctrl-C or in any other way, the same command continues
the grading. A submission that has changed since then is graded again.

Exit status: 0 everything was graded, with any verdicts; 2 wrong usage, or something
could not be graded, or a correction was left out; 130 stopped. With --check-only: 0 every
submission can be graded; 1 one cannot, or a line of the roster or of the times cannot be used.";

/// Grades the submissions, saves each result immediately, and writes all formats at the end.
///
/// # Errors
/// Wrong usage and faults of the machine. A fault of a submission is not an error: it is in the
/// results.
pub fn run(args: &Args) -> Result<Outcome> {
    let course = Course::open(paths::root())?;
    check_places([args.submissions.clone(), args.out.clone()])?;
    let files = ClassFiles { roster: args.roster.clone(), times: args.submitted.clone() };
    let class = intake::find(&args.submissions, &files)?;
    if args.check_only {
        return check_only::run(&course, &args.lesson, &class, &mut Screen::stdout());
    }
    class.problems.iter().for_each(|problem| show::note(&Line::new().unsure(problem)));
    let sources = class.sources;
    let isolation = isolation_choice::for_class(args.isolation)?;
    let conditions = Conditions::new(&args.conditions, isolation)?;
    let students: Vec<_> = sources.iter().map(|source| source.student.as_str()).collect();
    check_students(&args.student, &students)?;
    let corrections = Corrections::open(&args.corrections, &course, &students)?;
    corrections.problem_lines().for_each(|line| show::note(&line));
    let selection = lesson_selection::select(&course, &args.lesson, &sources, jobs(args))?;
    let run_info = run_info(args, &course, &selection, isolation, &sources)?;
    let out = OutputFolder::open(&args.out)?;
    let file = out.path().join(FILE);
    if let Ok(last) = Store::read(&file) {
        corrections::check_given(&args.corrections, &last)?;
    }
    let mut store = Store::open(&file, &run_info, args.again)?;
    if let Some(enrollment) = &selection.enrollment {
        let changes =
            store.previous().map_or_else(Vec::new, |previous| enrollment.changes(previous));
        enrollment.lines().iter().chain(&changes).for_each(show::note);
    }
    let lessons = lessons_of(&course, &store)?;
    // Only the submissions of this shard are graded.
    let mut own: Vec<_> = sources.into_iter().filter(|it| is_own(args.shard, it)).collect();
    let gone = store.register(&own.iter().map(listed).collect::<Vec<_>>())?;
    gone.iter().for_each(|student| show::note(&gone_line(student)));
    if !args.student.is_empty() || !store.waiting()?.is_empty() {
        conditions.note_unbounded();
    }
    lesson_selection::complete(&store, &lessons)?;
    if !args.student.is_empty() {
        own.retain(|source| args.student.contains(&source.student));
    }

    let progress = Progress::new(own.len());
    let builder = Builder::open(&course, &out.build_folder(), &conditions)?;
    let grader = |lesson: &Lesson, project: &Project| {
        builder.prepare(&lesson.id, project)?;
        Ok(grade_lesson::grade(lesson, project, &builder, &conditions, &mut |_| {}))
    };
    let mut workers =
        Workers::new(&course, &lessons, selection.enrollment.is_none(), store, &grader);
    workers.grades_again = !args.student.is_empty();
    let graded = interrupt::deferred(|| grade(&workers, &own, jobs(args), &progress));
    progress.end();
    let store = workers.into_store();
    // The results so far are written even if an error or Ctrl-C has stopped the grading.
    let written = report(&store, &out, &corrections, &course);
    if let (Ok(()), Ok(Outcome::Success)) = (&graded, &written) {
        out.remove_builds();
    }
    graded.and(written)
}

/// Grades all submissions. Then grades the inconclusive submissions once more, one at a time, so
/// that they do not compete for the processors.
fn grade(
    workers: &Workers<'_>,
    own: &[SubmissionSource],
    jobs: usize,
    progress: &Progress,
) -> Result<()> {
    workers.grade_all(own, jobs, progress)?;
    let inconclusive = workers.inconclusive(own)?;
    progress.retrying(inconclusive.len());
    workers.grade_all(&inconclusive, 1, progress)
}

/// Writes all formats, and prints a summary.
pub(crate) fn report(
    store: &Store,
    out: &OutputFolder,
    corrections: &Corrections,
    course: &Course,
) -> Result<Outcome> {
    let (run_info, submissions) = (store.run_info()?, store.submissions()?);
    corrections.changes(store, &submissions)?.iter().for_each(show::note);
    let copies = copies::find(store, course)?;
    let class = Class {
        name: run_info.name.as_str(),
        lessons: run_info.lessons.as_slice(),
        submissions: &submissions,
        rubric: corrections.rubric(),
        overrides: corrections.overrides(),
        copies: Some(&copies),
    };
    let files = out.write(&class)?;
    corrections.save(store)?;
    let waiting = store.waiting()?.len();
    let mut screen = Screen::stdout();
    screen.show_all(&summary::lines(&class, waiting, &files, screen.width()))?;
    corrections.problem_lines().for_each(|line| show::note(&line));
    let is_inconclusive = submissions.iter().any(|it| State::of(it) == State::Inconclusive);
    let has_problems = !corrections.problems.is_empty();
    Ok(match () {
        () if interrupt::requested() => Outcome::Interrupted,
        () if is_inconclusive || waiting > 0 || has_problems => Outcome::Error,
        () => Outcome::Success,
    })
}

/// Checks that the names of `--student` are in the class.
///
/// # Errors
/// A name is not in the class. The message has the most similar name.
fn check_students(wanted: &[String], students: &[&str]) -> Result<()> {
    match wanted.iter().find(|name| !students.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => Err(overrides::unknown_student(name, students)).context("--student"),
    }
}

fn gone_line(student: &str) -> Line {
    let name = plain::line(student, 80);
    Line::new().unsure(&format!(
        "  {name}: gone since the last run, so not in the results any more; the database keeps what \
         was graded, and it counts again if the submission comes back"
    ))
}

fn run_info(
    args: &Args,
    course: &Course,
    selection: &LessonSelection<'_>,
    isolation: IsolationLevel,
    sources: &[SubmissionSource],
) -> Result<RunInfo> {
    let folder = fs::canonicalize(&args.submissions)
        .with_context(|| format!("cannot read {}", args.submissions.display()))?;
    let name = folder.file_name().unwrap_or(folder.as_os_str()).to_string_lossy().into_owned();
    Ok(RunInfo {
        name,
        folder: folder.to_string_lossy().into_owned(),
        lessons: selection.lessons.iter().map(|it| (it.id.clone(), it.title.clone())).collect(),
        named: selection.enrollment.is_none(),
        course: fingerprint::of_course(course, &selection.possible(course))?,
        isolation: isolation.to_string(),
        shard: args.shard,
        roster: fingerprint::of_roster(sources),
    })
}

/// The lessons of the results, including those of an earlier run.
fn lessons_of<'a>(course: &'a Course, store: &Store) -> Result<Vec<&'a Lesson>> {
    store.run_info()?.lessons.iter().map(|(id, _)| Ok(course.lesson(id)?)).collect()
}

fn is_own(shard: Option<Shard>, source: &SubmissionSource) -> bool {
    shard.is_none_or(|shard| shard.contains(&source.student))
}

fn listed(source: &SubmissionSource) -> (String, String) {
    let path = source.path();
    let name = path.file_name().unwrap_or(path.as_os_str());
    (source.student.clone(), Path::new(name).display().to_string())
}

/// The number of submissions that are graded at the same time. Without `--jobs`, there are two for
/// each processor, because a proof waits about half of its time until a server is idle. A machine
/// with one processor grades one submission at a time, because it seldom has enough memory for two
/// compilers.
fn jobs(args: &Args) -> usize {
    let processors = || match thread::available_parallelism().map_or(1, usize::from) {
        1 => 1,
        several => 2 * several,
    };
    args.jobs.map_or_else(processors, |jobs| jobs as usize)
}
