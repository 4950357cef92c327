//! Make a class of submissions whose verdicts are known.

use anyhow::Result;
use xtask::outcome::Outcome;

/// What it is told.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Make a class of submissions whose verdicts are known.
///
/// # Errors
/// Misuse, and faults of the machine.
pub fn run(args: &Args) -> Result<Outcome> {
    todo!("{args:?}")
}
