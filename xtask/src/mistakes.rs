//! `cargo xtask mistakes`: proves that the right criterion catches each wrong server of a lesson.

use crate::isolation;
use crate::program_args::Server;
use crate::prove;
use anyhow::{Result, bail};
use course::catalogue::Course;
use course::lesson::Lesson;
use course::mistake::MistakePatch;
use course::report::{CriterionReport, Status};
use programs::lesson_check::LessonCheck;
use programs::wrong_server::{self, WrongServer};
use proofs::IsolationLevel;
use proofs::ProgramUnderTest;
use std::path::PathBuf;
use std::slice;
use std::time::Duration;
use terminal::outcome::Outcome;
use terminal::show::{
    Heading, Line, MistakeResult, MistakeTable, Screen, amount, markdown, wrapped,
};
use terminal::{lessons, paths};

/// The arguments of `mistakes`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Lessons whose wrong servers are checked, e.g. w03-l02
    #[arg(value_name = "LESSON", required = true)]
    pub(crate) lessons: Vec<String>,
    /// Only these wrong servers
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub(crate) only: Vec<String>,
    /// Check this wrong server, and show what its author would see
    #[arg(long, value_name = "ID", conflicts_with_all = ["only", "format"])]
    pub(crate) show: Option<String>,
    /// The format of the table
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(crate) format: Format,
}

/// The format of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// Text for a terminal
    Human,
    /// A Markdown table
    Markdown,
}

/// The begin of the line about the criteria that no wrong server fails alone.
pub(crate) const NEVER_ALONE: &str = "no wrong server fails ";

const EXAMPLES: &str = "\
Each row is a wrong server, each column a criterion: ✗ failed, ✓ proved, – not run,
? inconclusive (checked three times). The criterion in brackets must catch the
wrong server. The server is caught if that criterion fails and names the
mistake's row as the cause.
Below a whole lesson's table are the criteria that no wrong server fails alone.

Examples:
  cargo xtask mistakes w03-l02
  cargo xtask mistakes w03-l02 --only forgot-close
  cargo xtask mistakes w03-l02 --show forgot-close
  cargo xtask mistakes w03-l02 --format markdown

Exit status: 0 all are caught, and each criterion has a wrong server that fails it
alone; 1 otherwise; 2 misuse, or a fault of the machine.";

/// Proves the wrong servers, and shows the table.
///
/// # Errors
/// The command was misused, a patch does not apply, a wrong server does not compile, or the machine
/// has a fault.
pub(crate) fn run(args: &Args) -> Result<Outcome> {
    let course = Course::open(paths::root())?;
    let lessons = lessons::named(&course, &args.lessons)?;
    let mut screen = Screen::stdout();
    let mut any_missed = false;
    for (index, lesson) in lessons.into_iter().enumerate() {
        if index > 0 {
            screen.show(&Line::new())?;
        }
        let only = args.show.as_ref().map_or(args.only.as_slice(), slice::from_ref);
        let patches = patches(&course, lesson, only)?;
        if args.show.is_some() {
            any_missed |= show(lesson, &patches, &mut screen)?;
            continue;
        }
        let is_whole = args.only.is_empty();
        any_missed |= table(lesson, &patches, (args.format, is_whole), &mut screen)?;
    }
    Ok(Outcome::of_differences(any_missed))
}

/// The lesson's patches with the ids in `only`. If `only` is empty, all patches of the lesson.
fn patches(course: &Course, lesson: &Lesson, only: &[String]) -> Result<Vec<MistakePatch>> {
    let mut patches = course.mistakes(lesson)?;
    if let Some(id) = only.iter().find(|id| !patches.iter().any(|patch| patch.id == **id)) {
        let ids: Vec<_> = patches.iter().map(|patch| patch.id.as_str()).collect();
        bail!("mistake {id:?} is not in {}; it has {}", lesson.id, ids.join(", "));
    }
    if patches.is_empty() {
        bail!(
            "{} has no wrong servers; add {}/mistakes/*.patch",
            lesson.id,
            lesson.folder().display()
        );
    }
    patches.retain(|patch| only.is_empty() || only.contains(&patch.id));
    Ok(patches)
}

/// Shows one lesson's table. Returns true if a wrong server is not caught. Also returns true if the
/// table is complete and there is a criterion that no wrong server fails alone.
fn table(
    lesson: &Lesson,
    patches: &[MistakePatch],
    (format, is_whole): (Format, bool),
    screen: &mut Screen,
) -> Result<bool> {
    let check = LessonCheck::new(lesson, &[])?;
    let ids: Vec<_> = check.ids().collect();
    let table = MistakeTable::new(&ids, patches.iter().map(|patch| patch.id.as_str()));
    let wrong_servers: Vec<_> = patches.iter().map(WrongServer::from).collect();
    let folder = paths::root().join(lesson.folder());
    let programs = wrong_server::build(&lesson.id, &folder, &wrong_servers)?;
    let width = screen.width();
    if format == Format::Human {
        let note = amount(patches.len(), "wrong server");
        let heading = Heading { id: &lesson.id, title: &lesson.title, note: &note };
        screen.show_all(&heading.lines(width))?;
        screen.show_all(&table.head(width))?;
    }
    // Show a row for each wrong server as soon as its result is known.
    let mut results = Vec::new();
    for (patch, program) in patches.iter().zip(programs) {
        let criteria = decided(lesson, &check, &subject(program, folder.clone()))?;
        let result = judge(patch, &criteria);
        if format == Format::Human {
            screen.show_all(&table.row(&result, width))?;
        }
        results.push(result);
    }
    let caught = results.iter().filter(|result| result.missed.is_none()).count();
    match format {
        Format::Human => screen.show(&end(caught, results.len()))?,
        Format::Markdown => markdown(&ids, &results)
            .lines()
            .try_for_each(|line| screen.show(&Line::new().plain(line)))?,
    }
    // Show the criteria that no wrong server fails alone.
    let never_alone = if is_whole { never_alone(&ids, &results) } else { Vec::new() };
    if !never_alone.is_empty() {
        let text = format!("{NEVER_ALONE}{} alone", never_alone.join(", "));
        for piece in wrapped(&text, width) {
            screen.show(&Line::new().bad(&piece))?;
        }
    }
    Ok(caught < results.len() || !never_alone.is_empty())
}

/// How often an inconclusive criterion is checked again.
const MORE_TRIES: usize = 2;

/// Checks a wrong server. The criteria that are inconclusive, for example because the machine was
/// busy, are checked again.
fn decided(
    lesson: &Lesson,
    check: &LessonCheck<'_>,
    program: &ProgramUnderTest,
) -> Result<Vec<CriterionReport>> {
    let mut reports = check.run(program, &mut |_| {})?;
    for _ in 0..MORE_TRIES {
        let open = reports.iter().filter(|report| report.status == Status::Inconclusive);
        let open: Vec<_> = open.map(|report| report.id.clone()).collect();
        if open.is_empty() {
            break;
        }
        for again in LessonCheck::new(lesson, &open)?.run(program, &mut |_| {})? {
            reports
                .iter_mut()
                .filter(|old| old.id == again.id)
                .for_each(|old| *old = again.clone());
        }
    }
    Ok(reports)
}

/// The criteria that no wrong server fails alone. A wrong server fails a criterion alone if all
/// other criteria are not failed.
fn never_alone<'a>(ids: &[&'a str], results: &[MistakeResult<'_>]) -> Vec<&'a str> {
    let is_failed = |status: &Status| *status == Status::Failed;
    let fails_one = |result: &&MistakeResult<'_>| {
        result.statuses.iter().filter(|status| is_failed(status)).count() == 1
    };
    let alone: Vec<_> = results.iter().filter(fails_one).collect();
    let criteria = ids.iter().enumerate();
    let never = criteria
        .filter(|(index, _)| !alone.iter().any(|result| is_failed(&result.statuses[*index])));
    never.map(|(_, id)| *id).collect()
}

/// Shows what the author of a wrong server would see. Returns true, because a wrong server is not
/// proved.
fn show(lesson: &Lesson, patches: &[MistakePatch], screen: &mut Screen) -> Result<bool> {
    let folder = paths::root().join(lesson.folder());
    let wrong_servers: Vec<_> = patches.iter().map(WrongServer::from).collect();
    let programs = wrong_server::build(&lesson.id, &folder, &wrong_servers)?;
    for (patch, program) in patches.iter().zip(programs) {
        let name = program.strip_prefix(paths::root()).unwrap_or(&program).display().to_string();
        let flags = format!(" --cmd {}", shell_words::quote(&name));
        let check = LessonCheck { flags, ..LessonCheck::new(lesson, &[])? };
        let server = Server::command(&name, subject(program, folder.clone()));
        let note = format!("{} · {}", patch.id, isolation::note(IsolationLevel::here()));
        let heading = Heading { id: &lesson.id, title: &lesson.title, note: &note };
        screen.show_all(&heading.lines(screen.width()))?;
        if let Ok(program) = &server.program {
            prove::once(&check, &server, program, false, screen)?;
        }
    }
    Ok(true)
}

fn subject(program: PathBuf, directory: PathBuf) -> ProgramUnderTest {
    let command = vec![program.into()];
    ProgramUnderTest {
        command,
        directory,
        port: None,
        capacity: None,
        isolation: None,
        timeout: Duration::from_secs(10),
        sandbox: None,
        workers: None,
        seed: None,
        budget: None,
        recording: None,
    }
}

/// Decides whether a wrong server is caught. A wrong server is caught if the criterion that its
/// patch names has failed, and if the cause is the Common Mistakes row that the patch names.
fn judge<'a>(patch: &'a MistakePatch, criteria: &[CriterionReport]) -> MistakeResult<'a> {
    let named = criteria.iter().find(|criterion| criterion.id == patch.criterion);
    let cause = named.and_then(|criterion| criterion.cause.as_ref());
    let row = cause.and_then(|cause| cause.mistake.as_deref());
    let criterion = &patch.criterion;
    let missed = match (named.map(|criterion| criterion.status), row) {
        (Some(Status::Failed), Some(row)) if row == patch.row => None,
        (Some(Status::Failed), row) => {
            let summary = cause.map_or("", |cause| &cause.summary);
            let named = row.map_or("no row".to_owned(), |row| format!("the row {row}"));
            Some(format!("{criterion} names {named}, not {}: {summary}", patch.row))
        }
        (Some(Status::Proved), _) => Some(format!("{criterion} does not catch it")),
        (Some(_), _) => {
            let summary = cause.map_or("", |cause| &cause.summary);
            Some(format!("{criterion} could not be checked: {summary}"))
        }
        (None, _) => Some(format!("no criterion is called {criterion}")),
    };
    let statuses = criteria.iter().map(|criterion| criterion.status).collect();
    MistakeResult { id: &patch.id, criterion, statuses, missed }
}

fn end(caught: usize, all: usize) -> Line {
    let line = match caught == all {
        true => Line::new().good("all caught"),
        false => Line::new().bad("not all caught"),
    };
    line.faint(" · ").plain(&format!("{caught} of {all}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use course::lesson::Kind;
    use course::report::Cause;
    use std::path::Path;

    fn missed(status: Status, row: Option<&str>) -> Option<String> {
        let text = "\
            mistake: m\n\
            criterion: slots\n\
            row: wrong-fd\n\
            \n\
            It is wrong.\n\
            \n\
            --- a/x\n\
            +++ b/x\n\
            @@ -1 +1 @@\n\
            -a\n\
            +b\n\
            ";
        let patch = MistakePatch::parse(Path::new("m.patch"), text.as_bytes()).unwrap();
        let cause = Cause { mistake: row.map(str::to_owned), ..Cause::default() };
        let criterion = CriterionReport {
            id: "slots".into(),
            kind: Kind::Prove,
            task: 2,
            text: String::new(),
            status,
            millis: 0.0,
            cause: Some(cause),
        };
        judge(&patch, &[criterion]).missed
    }

    #[test]
    fn a_criterion_that_only_fails_beside_another_is_never_alone() {
        use Status::{Failed, Proved, Skipped};
        let result = |statuses: [Status; 3]| MistakeResult {
            id: "m",
            criterion: "a",
            statuses: statuses.to_vec(),
            missed: None,
        };
        let all = [[Failed, Failed, Proved], [Failed, Skipped, Proved]].map(result);
        assert_eq!(never_alone(&["a", "b", "c"], &all), ["b", "c"]);
    }

    #[test]
    fn only_its_own_criterion_and_row_catch_a_mistake() {
        assert_eq!(missed(Status::Failed, Some("wrong-fd")), None);
        assert!(missed(Status::Failed, Some("idle")).unwrap().contains("names the row idle"));
        assert!(missed(Status::Failed, None).unwrap().contains("names no row"));
        assert!(missed(Status::Proved, None).unwrap().contains("does not catch it"));
        assert!(missed(Status::Skipped, None).unwrap().contains("could not be checked"));
    }
}
