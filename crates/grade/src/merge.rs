//! Join the results of several shards.

use anyhow::Result;
use xtask::outcome::Outcome;

/// What it is told.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Join the results of several shards.
///
/// # Errors
/// Misuse, and faults of the machine.
pub fn run(args: &Args) -> Result<Outcome> {
    todo!("{args:?}")
}
