//! `cargo xtask book`: writes the book, and says how to open it.

use crate::chapters;
use crate::output_folder::OutputFolder;
use anyhow::{Result, anyhow};
use course::catalogue::Course;
use course::lesson::Lesson;
use mdbook_driver::MDBook;
use mdbook_driver::config::Config;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use terminal::outcome::Outcome;
use terminal::paths;
use terminal::show::{Line, Screen, amount};

/// The arguments of `book`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The folder of the book [default: book in the folder for build output]
    #[arg(value_name = "OUT")]
    pub(crate) out: Option<PathBuf>,
    /// Only these lessons, e.g. the lessons of the weeks so far
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub(crate) lesson: Vec<String>,
}

const EXAMPLES: &str = "\
Open index.html of the folder in a browser. The book has a search, a light and a dark
theme, and needs no network. It has the lessons' texts only: no solutions, and no list
of wrong servers.

Examples:
  cargo xtask book                              target/book/index.html
  cargo xtask book site --lesson w01-l01,w02-l01

Exit status: 0 written; 2 misuse, or a fault of the machine, and nothing was written.";

/// Writes the book.
///
/// # Errors
/// A lesson does not exist, or the folder is not empty and has no book, or a file cannot be read or
/// written.
pub(crate) fn run(args: &Args) -> Result<Outcome> {
    let course = Course::open(paths::root())?;
    let lessons = selected(&course, &args.lesson)?;
    let out = args.out.clone().unwrap_or_else(|| paths::target().join("book"));
    let out = OutputFolder::new(&out)?;
    out.write(|source, book| {
        chapters::write(course.root(), &lessons, source)?;
        render(source, book)
    })?;
    let index = out.path().join("index.html");
    let lines = [
        Line::new().good("written").faint(" · ").plain(&amount(lessons.len(), "lesson")),
        Line::new().plain("open it with: ").strong(&index.display().to_string()),
    ];
    Screen::stdout().show_all(&lines)?;
    Ok(Outcome::Success)
}

/// The named lessons, in the order of the course; all lessons if none is named.
fn selected<'a>(course: &'a Course, ids: &[String]) -> Result<Vec<&'a Lesson>> {
    let named: Vec<_> = ids.iter().map(|id| course.lesson(id)).collect::<Result<_, _>>()?;
    let is_selected =
        |lesson: &&Lesson| ids.is_empty() || named.iter().any(|named| named.id == lesson.id);
    Ok(course.lessons().iter().filter(is_selected).collect())
}

/// Renders the chapters in `source/src` into the folder `book`.
fn render(source: &Path, book: &Path) -> Result<()> {
    let mut config = Config::from_str(include_str!("book.toml")).map_err(|error| anyhow!(error))?;
    config.build.build_dir = book.to_owned();
    MDBook::load_with_config(source, config)?.build()
}
