//! `cargo xtask grade…`: the grader, a package apart, so that no learner's build looks at its database.

use crate::outcome::Outcome;
use crate::{place, program};
use anyhow::{Context, Result, anyhow};
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// What the grader is told: everything after its name.
#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true)]
pub struct Args {
    /// The grader reads these
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENTS")]
    pub arguments: Vec<OsString>,
}

/// Builds the grader and becomes it.
///
/// # Errors
/// A build that fails.
pub fn run(command: &str, args: &Args) -> Result<Outcome> {
    let built = program::grader()?;
    let programs =
        built.result.map_err(|words| anyhow!("the grader does not compile:\n{words}"))?;
    let program = programs.into_iter().find(|program| program.name == "grade");
    let program =
        program.context("crates/grade: no binary named grade; restore its src/main.rs")?;
    let error = Command::new(&program.path)
        .arg(command)
        .args(&args.arguments)
        .env("CARGO_MANIFEST_DIR", place::root().join("xtask"))
        .exec();
    Err(error).with_context(|| format!("cannot start {}", program.path.display()))
}
