//! Grade a folder of submissions.

mod demand;
pub mod lesson;
mod lessons;
mod out;
mod progress;
mod shard;
mod summary;
mod version;
mod work;

pub(crate) use out::Out;
pub use shard::Shard;

use crate::build::Workshop;
use crate::intake::{self, Handed, Project};
use crate::report::Class;
use crate::rubric::Rubric;
use crate::store::{About, FILE, State, Store};
use anyhow::{Context, Result};
use course::catalogue::Course;
use course::lesson::Lesson;
use lessons::Wanted;
use progress::Progress;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use witness::Tier;
use work::Work;
use xtask::outcome::Outcome;
use xtask::show::{self, Screen};
use xtask::{interrupt, place};

/// What `grade` is told.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The folder that holds a folder or an archive for each student
    #[arg(value_name = "SUBMISSIONS")]
    pub submissions: PathBuf,
    /// Grade these lessons, e.g. w03-l02; those that anybody has handed in, unless said
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub lesson: Vec<String>,
    /// The folder for the results; what it holds of this class is gone on with
    #[arg(long, value_name = "FOLDER", default_value = "grades")]
    pub out: PathBuf,
    /// What the criteria are worth; a point each, or what the lessons say, unless said
    #[arg(long, value_name = "FILE")]
    pub rubric: Option<PathBuf>,
    /// How far apart programs are kept: nothing less than strong, unless said
    #[arg(long, value_name = "TIER")]
    pub tier: Option<Tier>,
    /// How many submissions are graded at a time; two for each processor unless said
    #[arg(long, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=256))]
    pub jobs: Option<u32>,
    /// Grade one part of so many, for several machines; `grade-merge` joins them
    #[arg(long, value_name = "PART/PARTS")]
    pub shard: Option<Shard>,
    /// Forget what was graded before, and grade everything anew
    #[arg(long)]
    pub again: bool,
}

const EXAMPLES: &str = "\
Examples:
  cargo xtask grade submissions/
  cargo xtask grade submissions/ --lesson w03-l02,w04-l01 --out grades/week4
  cargo xtask grade submissions/ --rubric rubric.toml
  cargo xtask grade submissions/ --shard 3/16 --out shard-3

Without --lesson, a program in another language says in a submission.toml for which
lesson it is.

Stopped, by Ctrl-C or in any other way, the same command goes on where it was.
A submission that has changed since is graded anew.

Exit status: 0 graded, whatever the verdicts; 2 misuse, or something could not be
graded; 130 stopped.";

/// Grades what was handed in, keeps each result at once, and writes every format in the end.
///
/// # Errors
/// Misuse, and faults of the machine; whatever a submission does is in the results.
pub fn run(args: &Args) -> Result<Outcome> {
    let course = Course::open(place::root())?;
    let rubric = Rubric::open(args.rubric.as_deref(), &course)?;
    let tier = demand::tier(args.tier)?;
    let handed = intake::find(&args.submissions)?;
    let wanted = lessons::wanted(&course, &args.lesson, &handed, jobs(args))?;
    let about = about(args, &course, &wanted, tier, &handed)?;
    let out = Out::open(&args.out)?;
    let mut store = Store::open(&out.path().join(FILE), &about, args.again)?;
    if let Some(survey) = &wanted.survey {
        let changes = store.before().map_or_else(Vec::new, |before| survey.changes(before));
        survey.lines().iter().chain(&changes).for_each(show::note);
    }
    let lessons = lessons_of(&course, &store)?;
    lessons::complete(&store, &lessons)?;
    let own: Vec<_> = handed.into_iter().filter(|it| is_own(args.shard, it)).collect();
    store.enlist(&own.iter().map(listed).collect::<Vec<_>>())?;

    let progress = Progress::new(own.len());
    let workshop = Workshop::open(&course, &out.workshop(), tier)?;
    let grader = |lesson: &Lesson, project: &Project| {
        workshop.prepare(&lesson.id, project)?;
        Ok(lesson::grade(lesson, project, &workshop, tier, &mut |_| {}))
    };
    let work = Work::new(&course, &lessons, wanted.survey.is_none(), store, &grader);
    let worked = interrupt::patiently(|| grade(&work, &own, jobs(args), &progress));
    progress.end();
    let store = work.into_store();
    // What is there is written, whatever has stopped the rest.
    let written = report(&store, &out, &rubric);
    if let (Ok(()), Ok(Outcome::Right)) = (&worked, &written) {
        out.tidy();
    }
    worked.and(written)
}

/// Grades everything, and once more what was inconclusive: later, and one at a time.
fn grade(work: &Work<'_>, own: &[Handed], jobs: usize, progress: &Progress) -> Result<()> {
    work.all(own, jobs, progress)?;
    let unsure = work.inconclusive(own)?;
    progress.again(unsure.len());
    work.all(&unsure, 1, progress)
}

/// Writes every format, and says how it went.
pub(crate) fn report(store: &Store, out: &Out, rubric: &Rubric) -> Result<Outcome> {
    let (about, submissions) = (store.about()?, store.submissions()?);
    let (name, lessons) = (about.name.as_str(), about.lessons.as_slice());
    let class = Class { name, lessons, submissions: &submissions, rubric };
    let files = out.write(&class)?;
    let waiting = store.waiting()?.len();
    let mut screen = Screen::stdout();
    screen.show_all(&summary::lines(&class, waiting, &files, screen.width()))?;
    let unsure = submissions.iter().any(|it| State::of(it) == State::Inconclusive);
    Ok(match () {
        () if interrupt::requested() => Outcome::Stopped,
        () if unsure || waiting > 0 => Outcome::Fault,
        () => Outcome::Right,
    })
}

fn about(
    args: &Args,
    course: &Course,
    wanted: &Wanted<'_>,
    tier: Tier,
    handed: &[Handed],
) -> Result<About> {
    let folder = fs::canonicalize(&args.submissions)
        .with_context(|| format!("cannot read {}", args.submissions.display()))?;
    let name = folder.file_name().unwrap_or(folder.as_os_str()).to_string_lossy().into_owned();
    Ok(About {
        name,
        folder: folder.to_string_lossy().into_owned(),
        lessons: wanted.lessons.iter().map(|it| (it.id.clone(), it.title.clone())).collect(),
        named: wanted.survey.is_none(),
        course: version::of(course, &wanted.possible(course))?,
        tier: tier.to_string(),
        shard: args.shard,
        roster: version::roster(handed),
    })
}

/// The lessons that the results are about: of an earlier run, too.
fn lessons_of<'a>(course: &'a Course, store: &Store) -> Result<Vec<&'a Lesson>> {
    store.about()?.lessons.iter().map(|(id, _)| Ok(course.lesson(id)?)).collect()
}

fn is_own(shard: Option<Shard>, handed: &Handed) -> bool {
    shard.is_none_or(|shard| shard.holds(&handed.student))
}

fn listed(handed: &Handed) -> (String, String) {
    let name = handed.path.file_name().unwrap_or(handed.path.as_os_str());
    (handed.student.clone(), Path::new(name).display().to_string())
}

/// A proof waits as often as it computes: for a server to come to rest, or to show that it stays there.
/// A machine with a single processor seldom has the memory for two compilers.
fn jobs(args: &Args) -> usize {
    let processors = || match thread::available_parallelism().map_or(1, usize::from) {
        1 => 1,
        several => 2 * several,
    };
    args.jobs.map_or_else(processors, |jobs| jobs as usize)
}
