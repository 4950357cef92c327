//! `cargo xtask grade…`: builds and starts the grader.
//!
//! The grader is a workspace of its own. Therefore a learner's build does not compile the grader's
//! database library.

use anyhow::{Context, Result, anyhow};
use programs::build;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::Command;
use terminal::outcome::Outcome;
use terminal::paths;
use terminal::show::{self, Line};

/// The arguments of the grader: everything after the command's name.
#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Args {
    /// Arguments that the grader reads
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENTS")]
    pub(crate) arguments: Vec<OsString>,
}

/// Builds the grader, and replaces this process by it (execve(2)).
///
/// # Errors
/// The build fails, or the grader cannot be started.
pub(crate) fn run(command: &str, args: &Args) -> Result<Outcome> {
    let target = paths::target().join("grade");
    let is_first = !target.join("debug/grade").exists();
    if is_first {
        show::note(&Line::new().plain("compiling the grader; this happens only the first time"));
    }
    let built = build::grader(&target, show::errors_in_colour(), is_first)?;
    let programs =
        built.result.map_err(|errors| anyhow!("the grader does not compile:\n{errors}"))?;
    let program = programs.into_iter().find(|program| program.name == "grade");
    let program =
        program.context("crates/grade: no binary named grade; restore its src/main.rs")?;
    let error = Command::new(&program.path)
        .arg(command)
        .args(&args.arguments)
        .env("CARGO_MANIFEST_DIR", paths::root().join("xtask"))
        .exec();
    Err(error).with_context(|| format!("cannot start {}", program.path.display()))
}
