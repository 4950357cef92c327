//! `cargo xtask grade…`: the grader, a package apart, so that no learner's build looks at its database.

use anyhow::{Context, Result, anyhow};
use programs::build;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::Command;
use terminal::outcome::Outcome;
use terminal::paths;
use terminal::show::{self, Line};

/// What the grader is told: everything after its name.
#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Args {
    /// The grader reads these
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENTS")]
    pub(crate) arguments: Vec<OsString>,
}

/// Builds the grader and becomes it.
///
/// # Errors
/// A build that fails.
pub(crate) fn run(command: &str, args: &Args) -> Result<Outcome> {
    let target = paths::target().join("grade");
    let is_first = !target.join("debug/grade").exists();
    if is_first {
        show::note(&Line::new().plain("compiling the grader, this once"));
    }
    let built = build::grader(&target, show::errors_in_colour(), is_first)?;
    let programs =
        built.result.map_err(|words| anyhow!("the grader does not compile:\n{words}"))?;
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
