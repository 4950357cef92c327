//! `cargo xtask mutants`: builds and starts the mutation tester, which is a workspace of its own.

use crate::own_workspace::{self, Args};
use anyhow::Result;
use terminal::outcome::Outcome;

/// Starts the mutation tester.
///
/// # Errors
/// The mutation tester does not compile, or cannot be started.
pub(crate) fn run(args: &Args) -> Result<Outcome> {
    own_workspace::start(("mutants", "mutation tester"), "mutants", args)
}
