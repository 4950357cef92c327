//! Make the archive of a Gradescope autograder.

use anyhow::Result;
use xtask::outcome::Outcome;

/// What it is told.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Make the archive of a Gradescope autograder.
///
/// # Errors
/// Misuse, and faults of the machine.
pub fn run(args: &Args) -> Result<Outcome> {
    todo!("{args:?}")
}
