//! `cargo xtask check`: compares texts, criteria, wrong servers, starters and shown outputs.

mod pictures;
mod readme_rows;

use crate::mistakes::NEVER_ALONE;
use crate::shown_output::{self, Stale};
use crate::starter::{self, Starter};
use anyhow::Result;
use course::catalogue::Course;
use course::consistency;
use course::consistency::shown_outputs;
use course::lesson::{Lesson, Output};
use course::problem::{Problem, Problems};
use programs::files::read;
use programs::starter_regions;
use programs::variants;
use programs::wrong_server;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use terminal::outcome::Outcome;
use terminal::output::replace;
use terminal::show::{Line, Screen, amount};
use terminal::{lessons, paths};

/// The arguments of `check`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Lessons to check; without LESSON, check all lessons and README.md
    #[arg(value_name = "LESSON")]
    pub(crate) lessons: Vec<String>,
    /// Rewrite the blocks and pictures that show what a command prints or draws
    #[arg(long)]
    pub(crate) write: bool,
}

const EXAMPLES: &str = "\
For authors of lessons. It compares in both directions: the ids in lesson.md with the
proof's criteria and mistakes/*.patch; the lesson's tasks with their Test commands and
with the regions in solution/; src/ with the starter that solution/ gives; the lessons
with the table in README.md; each block after `<!-- output: cargo xtask … -->` in
lesson.md, mistakes/README.md and README.md with what the command prints now (except
times), and each picture after `<!-- picture: cargo xtask … --svg FILE -->` with what
the command draws. It also finds a shown output without such a comment.

Examples:
  cargo xtask check
  cargo xtask check w03-l02 --write

Exit status: 0 all agree; 1 differences, each with file and line; 2 misuse.";

/// The course's front page.
const README: &str = "README.md";

/// Checks the lessons, and shows every difference.
///
/// # Errors
/// A lesson does not exist, or a file cannot be written.
pub(crate) fn run(args: &Args) -> Result<Outcome> {
    let mut screen = Screen::stdout();
    let course = match Course::open(paths::root()) {
        Ok(course) => course,
        Err(problems) => {
            return show(problems.0.iter().map(ToString::to_string).collect(), 0, &mut screen);
        }
    };
    let lessons = lessons::named(&course, &args.lessons)?;
    let mut differences = of_lessons(&course, &lessons, args.write)?;
    let table = read(&paths::root().join(README))?;
    differences.extend(readme_rows::missing(&table, &lessons));
    differences.extend(readme_rows::unknown(&table, course.lessons()));
    if args.lessons.is_empty() {
        differences.extend(readme(Path::new(README), args.write)?);
    }
    show(differences, lessons.len(), &mut screen)
}

fn show(differences: Vec<String>, lessons: usize, screen: &mut Screen) -> Result<Outcome> {
    for difference in differences.iter().flat_map(|text| text.lines()) {
        screen.show(&Line::new().plain(difference))?;
    }
    let end = match differences.len() {
        0 => Line::new().good("consistent").faint(" · ").plain(&amount(lessons, "lesson")),
        some => Line::new().bad(&amount(some, "difference")),
    };
    screen.show(&end)?;
    Ok(Outcome::of_differences(!differences.is_empty()))
}

/// The differences of all lessons, in the order of `lessons`.
///
/// A proof waits for its program most of the time, so each processor checks a lesson of its own. The
/// last lessons take longest, so they are checked first. An output that is written into a text shows
/// times. Therefore `write` checks one lesson at a time.
fn of_lessons(course: &Course, lessons: &[&Lesson], write: bool) -> Result<Vec<String>> {
    let workers = match write {
        true => 1,
        false => thread::available_parallelism().map_or(1, usize::from),
    };
    let next = AtomicUsize::new(0);
    let of_some = || -> Result<Vec<_>> {
        let mut found = Vec::new();
        loop {
            let count = next.fetch_add(1, Ordering::Relaxed);
            let Some(index) = lessons.len().checked_sub(count + 1) else { return Ok(found) };
            found.push((index, of_lesson(course, lessons[index], write)?));
        }
    };
    let found: Result<Vec<_>> = thread::scope(|scope| {
        let started: Vec<_> = (0..workers).map(|_| scope.spawn(of_some)).collect();
        started.into_iter().map(|worker| worker.join().expect("no worker panics")).collect()
    });
    let mut found: Vec<_> = found?.into_iter().flatten().collect();
    found.sort_by_key(|(index, _)| *index);
    Ok(found.into_iter().flat_map(|(_, differences)| differences).collect())
}

fn of_lesson(course: &Course, lesson: &Lesson, write: bool) -> Result<Vec<String>> {
    let mut differences = mistakes(course, lesson);
    differences.extend(regions(course, lesson));
    differences.extend(starters(course, lesson));
    differences.extend(unmarked(&lesson.path)?);
    differences.extend(outputs(&lesson.path, &lesson.outputs, write)?);
    differences.extend(pictures::differences(lesson, write));
    differences.extend(mistakes_readme(lesson, write)?);
    Ok(differences)
}

/// Compares the text with the proof and the patches, and the patches with the solution.
fn mistakes(course: &Course, lesson: &Lesson) -> Vec<String> {
    let patches = match course.mistakes(lesson) {
        Ok(patches) => patches,
        Err(problems) => return problems.0.iter().map(ToString::to_string).collect(),
    };
    let Some(proof) = proofs::of(&lesson.id) else {
        return vec![format!(
            "{}:1: lesson {} has no proof; write one in crates/proofs",
            lesson.path.display(),
            lesson.id
        )];
    };
    let ids: Vec<_> = proof.criteria.iter().map(|criterion| criterion.id).collect();
    let compared = consistency::compare(lesson, &ids, &patches);
    let mut differences: Vec<_> = compared.iter().map(ToString::to_string).collect();
    match variants::sources(&course.root().join(lesson.folder())) {
        Err(error) => differences.push(format!("{error:#}")),
        Ok(sources) => {
            let patched =
                patches.iter().map(|patch| wrong_server::patched(&sources, &patch.into()));
            differences.extend(patched.filter_map(Result::err).map(|error| format!("{error:#}")));
        }
    }
    differences
}

/// Compares the regions of the solution with the lesson's tasks, in both directions.
fn regions(course: &Course, lesson: &Lesson) -> Vec<String> {
    let folder = lesson.folder();
    let sources = match variants::sources(&course.root().join(folder)) {
        Ok(sources) => sources,
        Err(error) => return vec![format!("{error:#}")],
    };
    let mut differences = Vec::new();
    let mut seen = Vec::new();
    for (path, text) in sources.iter().filter(|(path, _)| path.starts_with("solution")) {
        // A malformed region is reported together with the starters.
        for region in starter_regions::regions(text).unwrap_or_default() {
            seen.push(region.task);
            if !lesson.tasks.iter().any(|task| task.number == region.task) {
                let (place, line) = (folder.join(path), region.opens);
                let (number, tasks) = (region.task, amount(lesson.tasks.len(), "task"));
                differences.push(format!(
                    "{}:{line}: this region belongs to task {number}, but {} has {tasks}",
                    place.display(),
                    lesson.id
                ));
            }
        }
    }
    let is_open = |number: u32| !seen.is_empty() && !seen.contains(&number);
    for task in lesson.tasks.iter().filter(|task| is_open(task.number)) {
        differences.push(format!(
            "{}:{}: task {number} has no region in solution/; write `// <task {number}: title>` there",
            lesson.path.display(),
            task.line,
            number = task.number,
        ));
    }
    differences
}

fn starters(course: &Course, lesson: &Lesson) -> Vec<String> {
    match starter::starters(course.root(), lesson) {
        Ok(starters) => starters.iter().filter_map(Starter::difference).collect(),
        Err(error) => vec![format!("{error:#}")],
    }
}

/// The differences in a lesson's `mistakes/README.md`, which shows the table of its wrong servers.
fn mistakes_readme(lesson: &Lesson, write: bool) -> Result<Vec<String>> {
    let path = lesson.folder().join("mistakes/README.md");
    let place = path.display();
    let table = format!("`<!-- output: cargo xtask mistakes {} -->`", lesson.id);
    if !paths::root().join(&path).is_file() {
        return Ok(vec![format!("{place}: is missing; write it, with a block after {table}")]);
    }
    let mut differences = readme(&path, write)?;
    let text = read(&paths::root().join(&path))?;
    if !text.contains(table.trim_matches('`')) {
        differences.push(format!("{place}: has no table of mistakes; add a block after {table}"));
    }
    let never_alone = text.lines().zip(1..).filter(|(line, _)| line.starts_with(NEVER_ALONE));
    differences.extend(never_alone.map(|(line, number)| {
        format!("{place}:{number}: {line}; add a wrong server that does, or remove the criterion")
    }));
    Ok(differences)
}

/// The differences in a text that is not a lesson, e.g. the course's README.md.
fn readme(path: &Path, write: bool) -> Result<Vec<String>> {
    let text = read(&paths::root().join(path))?;
    let mut differences = unmarked(path)?;
    match Output::all(path, text.as_bytes()) {
        Ok(blocks) => differences.extend(outputs(path, &blocks, write)?),
        Err(problems) => differences.extend(lines(&problems.0)),
    }
    Ok(differences)
}

/// The blocks of the text at `path` that show what a command prints, but do not name the command.
fn unmarked(path: &Path) -> Result<Vec<String>> {
    let text = read(&paths::root().join(path))?;
    let found = shown_outputs::check_text(path, text.as_bytes());
    let (Ok(problems) | Err(Problems(problems))) = found;
    Ok(lines(&problems))
}

fn lines(problems: &[Problem]) -> Vec<String> {
    problems.iter().map(ToString::to_string).collect()
}

/// The differences between the blocks in the text at `path` and the commands' output. With `write`,
/// the blocks are rewritten instead.
fn outputs(path: &Path, blocks: &[Output], write: bool) -> Result<Vec<String>> {
    let stale = match shown_output::stale(path, blocks) {
        Ok(stale) => stale,
        Err(error) => return Ok(vec![format!("{error:#}")]),
    };
    if write && !stale.is_empty() {
        let file = paths::root().join(path);
        replace(&file, shown_output::rewritten(&read(&file)?, &stale).as_bytes())?;
        return Ok(Vec::new());
    }
    let difference = |stale: &Stale<'_>| {
        let Output { line, command, .. } = stale.block;
        format!(
            "{}:{line}: `{command}` prints something else now; `cargo xtask check --write` puts it \
             here: {}",
            path.display(),
            stale.first_line()
        )
    };
    Ok(stale.iter().map(difference).collect())
}
