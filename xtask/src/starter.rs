//! `cargo xtask starter`: writes the files that students start from, derived from the solution.

use anyhow::{Context, Result, bail};
use course::catalogue::Course;
use course::lesson::Lesson;
use programs::own_files;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use terminal::outcome::Outcome;
use terminal::output::replace;
use terminal::show::{Line, Screen};
use terminal::{lessons, paths};

/// The arguments of `starter`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Lessons whose starters are derived; without LESSON, the lesson of this folder, or all lessons
    #[arg(value_name = "LESSON")]
    pub(crate) lessons: Vec<String>,
    /// Write nothing; list the files that differ
    #[arg(long, conflicts_with = "force")]
    pub(crate) check: bool,
    /// Overwrite files that differ, even if the files hold a student's work
    #[arg(long)]
    pub(crate) force: bool,
}

const EXAMPLES: &str = "\
In solution/*.rs, students write the regions from `// <task 2: title>` to `// </task>`. In
src/*.rs each region is `todo!(\"Task 2: title\")`; all other lines are the same.

Examples:
  cargo xtask starter --check            compare src/ with solution/
  cargo xtask starter w03-l02            write the files that are missing
  cargo xtask starter w03-l02 --force    overwrite all files, and lose work in them

Exit status: 0 done, or all agree; 1 some differ; 2 misuse.";

/// Writes the starters, or compares the present files with them.
///
/// # Errors
/// A region is malformed, a file cannot be read or written, or a file may hold a student's work.
pub(crate) fn run(args: &Args) -> Result<Outcome> {
    let course = Course::open(paths::root())?;
    let lessons = lessons::named_or_here(&course, &args.lessons)?;
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
    Ok(Outcome::Success)
}

/// A file that students start from.
pub(crate) struct Starter {
    /// The file's path, relative to the course's root.
    pub(crate) path: PathBuf,
    /// The starter's text, derived from the solution.
    pub(crate) text: String,
    /// The file's present content. `None` if the file does not exist.
    pub(crate) present: Option<Vec<u8>>,
}

impl Starter {
    /// The first difference between the file and the starter, with file, line and advice. `None` if
    /// they are equal.
    pub(crate) fn difference(&self) -> Option<String> {
        let place = self.path.display();
        let next = "`cargo xtask starter --force` derives it again";
        let present = match &self.present {
            None => return Some(format!("{place}: is missing; {next}")),
            Some(present) if present == self.text.as_bytes() => return None,
            Some(present) => String::from_utf8_lossy(present),
        };
        let same = present.lines().zip(self.text.lines()).take_while(|(is, should)| is == should);
        let line = same.count() + 1;
        Some(format!("{place}:{line}: differs from the solution's starter; {next}"))
    }
}

/// The starters of a lesson. A lesson without `solution/` has no starters.
///
/// # Errors
/// A region is malformed (the error names file and line), or a file cannot be read.
pub(crate) fn starters(root: &Path, lesson: &Lesson) -> Result<Vec<Starter>> {
    let starter = |(name, text): (PathBuf, String)| {
        let path = lesson.folder().join("src").join(name);
        let present = match fs::read(root.join(&path)) {
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            present => Some(present.with_context(|| format!("cannot read {}", path.display()))?),
        };
        Ok(Starter { path, text, present })
    };
    own_files::derived(root, lesson)?.into_iter().map(starter).collect()
}

/// Writes the missing files. With `force`, also overwrites the files that differ. Without `force`,
/// nothing is written if a file differs.
fn write(starters: &[Starter], force: bool, screen: &mut Screen) -> Result<()> {
    let differing =
        |starter: &&Starter| starter.present.is_some() && starter.difference().is_some();
    let with_work: Vec<_> = starters.iter().filter(differing).collect();
    if !with_work.is_empty() && !force {
        let names: Vec<_> =
            with_work.iter().map(|starter| format!("  {}", starter.path.display())).collect();
        bail!(
            "these files differ from the starter, and may hold work:\n{}\n\
             nothing was written; copy them if needed, then add --force to overwrite them",
            names.join("\n")
        );
    }
    for starter in starters.iter().filter(|starter| starter.difference().is_some()) {
        replace(&paths::root().join(&starter.path), starter.text.as_bytes())?;
        screen.show(&Line::new().plain(&format!("wrote {}", starter.path.display())))?;
    }
    Ok(())
}
