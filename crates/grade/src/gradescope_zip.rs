//! `gradescope-zip`: makes the archive of a Gradescope autograder.
//!
//! Gradescope unpacks the archive into `/autograder/source`. It runs `setup.sh` once, and then
//! `run_autograder` for each submission, as root in an Ubuntu container. The archive contains the
//! grader as a statically linked program, the lesson's sources and dependencies, and the Rust
//! toolchain.

mod archive;
mod contents;
mod grader;

use crate::intake::earlier;
use crate::report::gradescope::Visibility;
use crate::rubric::Rubric;
use anyhow::{Result, bail};
use archive::Archive;
use clap::ValueEnum;
use course::catalogue::Course;
use course::lesson::Lesson;
use std::path::PathBuf;
use terminal::outcome::Outcome;
use terminal::show::{Line, Screen};
use terminal::{interrupt, paths};

/// The arguments of `gradescope-zip`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The lesson to grade, e.g. w03-l02
    #[arg(long, value_name = "ID")]
    pub lesson: String,
    /// The file for the archive, written completely or not at all
    #[arg(long, value_name = "FILE", default_value = "autograder.zip")]
    pub out: PathBuf,
    /// The points of the criteria [default: the points in the lesson, or one point each]
    #[arg(long, value_name = "FILE")]
    pub rubric: Option<PathBuf>,
    /// Whether and when students see the tests
    #[arg(long, value_enum, default_value_t)]
    pub visibility: Visibility,
    /// Omit the Rust toolchain; setup.sh then downloads the toolchain, which needs a network
    #[arg(long)]
    pub no_toolchain: bool,
}

const EXAMPLES: &str = "\
Examples:
  cargo xtask gradescope-zip --lesson w03-l02
  cargo xtask gradescope-zip --lesson w03-l02 --no-toolchain --out small.zip

Upload the archive as the assignment's autograder, with Ubuntu 22.04 or later as the
base image. The first run of this command compiles the grader, which takes some
minutes.";

/// Builds the grader for a container, and writes the archive.
///
/// # Errors
/// Wrong usage; the build fails; or a file cannot be read or written.
pub fn run(args: &Args) -> Result<Outcome> {
    let course = Course::open(paths::root())?;
    let lesson = course.lesson(&args.lesson)?;
    if proofs::of(&lesson.id).is_none() {
        bail!(
            "lesson {} has no proof yet; `cargo xtask list` shows the lessons that have one",
            lesson.id
        );
    }
    // The rubric is read only to check it: an invalid rubric is reported now, and not later in the
    // run of every student.
    Rubric::open(args.rubric.as_deref(), &course)?;
    let mut archive = Archive::new(&args.out)?;
    archive.text("setup.sh", include_str!("../platforms/gradescope/setup.sh"), 0o755);
    archive.text("run_autograder", include_str!("../platforms/gradescope/run_autograder"), 0o755);
    archive.text("settings", &settings(args, lesson)?, 0o644);
    if let Some(rubric) = &args.rubric {
        archive.file("rubric.toml".into(), rubric.clone(), 0o644);
    }
    contents::course(&mut archive, &course, lesson)?;
    let vendored = contents::vendored(&mut archive, lesson)?;
    if !args.no_toolchain {
        contents::toolchain(&mut archive)?;
    }
    archive.file("bin/grade".into(), grader::build()?, 0o755);
    if interrupt::requested() {
        return Ok(Outcome::Interrupted);
    }
    let size = archive.write()?;
    drop(vendored);
    let line = format!("{}: {:.1} MB", args.out.display(), size as f64 / 1e6);
    let mut screen = Screen::stdout();
    screen.show(&Line::new().plain(&line))?;
    let solved: Vec<_> = earlier(&course, lesson)?.iter().map(|it| it.id.as_str()).collect();
    if !solved.is_empty() {
        let text = format!("it contains the solutions of {}: do not publish it", solved.join(", "));
        screen.show(&Line::new().unsure(&text))?;
    }
    Ok(Outcome::Success)
}

/// The content of the file `settings`: shell assignments, which both scripts read.
fn settings(args: &Args, lesson: &Lesson) -> Result<String> {
    let visibility = args.visibility.to_possible_value();
    let visibility = visibility.as_ref().map_or("visible", |value| value.get_name());
    let quoted = |text: &str| shell_words::quote(text).into_owned();
    Ok(format!(
        "LESSON={}\nFOLDER={}\nOPTIONS=(--visibility {visibility})\nRUST={}\n",
        quoted(&lesson.id),
        quoted(&lesson.folder().to_string_lossy()),
        quoted(&contents::rust_version()?),
    ))
}
