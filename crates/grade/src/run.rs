//! Grade a folder of submissions.

use anyhow::Result;
use xtask::outcome::Outcome;

/// What it is told.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Grade a folder of submissions.
///
/// # Errors
/// Misuse, and faults of the machine.
pub fn run(args: &Args) -> Result<Outcome> {
    todo!("{args:?}")
}
