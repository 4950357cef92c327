//! `cargo xtask starter`: writes what students start from, derived from the solution.

use crate::starter_regions;
use anyhow::{Context, Result, bail};
use course::catalogue::Course;
use course::lesson::Lesson;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use terminal::outcome::Outcome;
use terminal::output::replace;
use terminal::show::{Line, Screen};
use terminal::{lessons, paths};

/// What `starter` is told.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Lessons to derive; none means all
    #[arg(value_name = "LESSON")]
    pub(crate) lessons: Vec<String>,
    /// Write nothing; list the files that differ
    #[arg(long, conflicts_with = "force")]
    pub(crate) check: bool,
    /// Overwrite files that differ, and whatever work is in them
    #[arg(long)]
    pub(crate) force: bool,
}

const EXAMPLES: &str = "\
In solution/*.rs, a region from `// <task 2: title>` to `// </task>` is what the student
writes. In src/*.rs it is `todo!(\"Task 2: title\")`; all the rest is the same.

Examples:
  cargo xtask starter --check            do src/ and solution/ agree?
  cargo xtask starter w03-l02            write the files that are missing
  cargo xtask starter w03-l02 --force    begin again, and lose what is in them

Exit status: 0 done, or all agree; 1 some differ; 2 misuse.";

/// Writes the starters, or compares them.
///
/// # Errors
/// A malformed region, a file that cannot be read or written, one that holds other work.
pub(crate) fn run(args: &Args) -> Result<Outcome> {
    let course = Course::open(paths::root())?;
    let lessons = lessons::named(&course, &args.lessons)?;
    let mut starters = Vec::new();
    for lesson in lessons {
        starters.extend(self::starters(course.root(), lesson)?);
    }
    let mut screen = Screen::stdout();
    if args.check {
        let differing: Vec<_> = starters.iter().filter_map(Starter::difference).collect();
        screen
            .show_all(&differing.iter().map(|text| Line::new().plain(text)).collect::<Vec<_>>())?;
        return Ok(Outcome::of_differences(!differing.is_empty()));
    }
    write(&starters, args.force, &mut screen)?;
    Ok(Outcome::Right)
}

/// One file that students start from.
pub(crate) struct Starter {
    /// Its path from the course's root.
    pub(crate) path: PathBuf,
    /// What it should hold.
    pub(crate) text: String,
    /// What it holds; `None` where there is no such file.
    pub(crate) present: Option<Vec<u8>>,
}

impl Starter {
    /// Where it differs from the solution's derivation, with file, line and the next step.
    pub(crate) fn difference(&self) -> Option<String> {
        let place = self.path.display();
        let next = "`cargo xtask starter --force` derives it anew";
        let present = match &self.present {
            None => return Some(format!("{place}: is missing; {next}")),
            Some(present) if present == self.text.as_bytes() => return None,
            Some(present) => String::from_utf8_lossy(present),
        };
        let same = present.lines().zip(self.text.lines()).take_while(|(is, should)| is == should);
        let line = same.count() + 1;
        Some(format!("{place}:{line}: is not what the solution derives; {next}"))
    }
}

/// The starters of a lesson, each as it should be and as it is.
///
/// # Errors
/// A malformed region, with file and line; a file that cannot be read.
pub(crate) fn starters(root: &Path, lesson: &Lesson) -> Result<Vec<Starter>> {
    let solution = lesson.folder().join("solution");
    let entries = match fs::read_dir(root.join(&solution)) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.with_context(|| format!("cannot read {}", solution.display()))?,
    };
    let mut names: Vec<_> =
        entries.map(|entry| Ok(entry?.file_name())).collect::<std::io::Result<_>>()?;
    names.retain(|name| Path::new(name).extension().is_some_and(|extension| extension == "rs"));
    names.sort();
    let starter =
        |name| starter(root, &solution.join(&name), lesson.folder().join("src").join(&name));
    names.into_iter().map(starter).collect()
}

fn starter(root: &Path, solution: &Path, path: PathBuf) -> Result<Starter> {
    let text = fs::read_to_string(root.join(solution))
        .with_context(|| format!("cannot read {}", solution.display()))?;
    let text = starter_regions::starter(&text)
        .map_err(|found| anyhow::anyhow!("{}:{}: {found}", solution.display(), found.line))?;
    let present = match fs::read(root.join(&path)) {
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        present => Some(present.with_context(|| format!("cannot read {}", path.display()))?),
    };
    Ok(Starter { path, text, present })
}

/// Writes the missing files, and with `force` those that differ; without it, those stop all.
fn write(starters: &[Starter], force: bool, screen: &mut Screen) -> Result<()> {
    let differing =
        |starter: &&Starter| starter.present.is_some() && starter.difference().is_some();
    let work: Vec<_> = starters.iter().filter(differing).collect();
    if !work.is_empty() && !force {
        let names: Vec<_> =
            work.iter().map(|starter| format!("  {}", starter.path.display())).collect();
        bail!(
            "these files differ from the starter, and may hold somebody's work:\n{}\n\
             nothing was written; keep a copy of them, then add --force to begin again",
            names.join("\n")
        );
    }
    for starter in starters.iter().filter(|starter| starter.difference().is_some()) {
        replace(&paths::root().join(&starter.path), starter.text.as_bytes())?;
        screen.show(&Line::new().plain(&format!("wrote {}", starter.path.display())))?;
    }
    Ok(())
}
