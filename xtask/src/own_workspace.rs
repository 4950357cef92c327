//! Builds and starts the commands that are workspaces of their own.
//!
//! Such a command has dependencies that a learner's build does not compile, for example the grader's
//! database library.

use anyhow::{Context, Result, anyhow};
use programs::build;
use std::env;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use terminal::outcome::Outcome;
use terminal::paths;
use terminal::show::{self, Line};

/// The arguments of a command in a workspace of its own: everything after the command's name.
#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Args {
    /// Arguments that the command reads
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENTS")]
    pub(crate) arguments: Vec<OsString>,
}

/// The folder in the course's target folder into which these workspaces are built. They share it, so
/// that a crate that several of them need is compiled once.
const TARGET: &str = "tools";

/// Builds the crate `name` in `crates/`, and replaces this process by the crate's program
/// (execve(2)). `what` names the program in messages.
///
/// # Errors
/// The build fails, or the program cannot be started.
pub(crate) fn start((name, what): (&str, &str), command: &str, args: &Args) -> Result<Outcome> {
    let target = paths::target().join(TARGET);
    let is_first = !target.join("debug").join(name).exists();
    if is_first {
        let note = format!("compiling the {what}; this happens only the first time");
        show::note(&Line::new().plain(&note));
    }
    let folder = Path::new("crates").join(name);
    let colour = show::errors_in_colour();
    let built = build::own_workspace(&paths::root().join(&folder), &target, colour, is_first)?;
    let programs =
        built.result.map_err(|errors| anyhow!("the {what} does not compile:\n{errors}"))?;
    let program = programs.into_iter().find(|program| program.name == name);
    let program = program.with_context(|| {
        format!("{}: no binary named {name}; restore its src/main.rs", folder.display())
    })?;
    let mut start = Command::new(&program.path);
    start.arg(command).args(&args.arguments);
    start.env("CARGO_MANIFEST_DIR", paths::root().join("xtask"));
    // The program may show what another command of this program prints.
    if let Ok(xtask) = env::current_exe() {
        start.env("XTASK", xtask);
    }
    Err(start.exec()).with_context(|| format!("cannot start {}", program.path.display()))
}
