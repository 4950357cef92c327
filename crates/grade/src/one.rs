//! Grade one submission for a platform.

use anyhow::Result;
use xtask::outcome::Outcome;

/// What it is told.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Grade one submission for a platform.
///
/// # Errors
/// Misuse, and faults of the machine.
pub fn run(args: &Args) -> Result<Outcome> {
    todo!("{args:?}")
}
