//! `cargo xtask grade…`: builds and starts the grader, which is a workspace of its own.

use crate::own_workspace::{self, Args};
use anyhow::Result;
use terminal::outcome::Outcome;

/// Starts a command of the grader.
///
/// # Errors
/// The grader does not compile, or cannot be started.
pub(crate) fn run(command: &str, args: &Args) -> Result<Outcome> {
    own_workspace::start(("grade", "grader"), command, args)
}
