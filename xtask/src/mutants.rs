//! `cargo xtask mutants`: builds and starts the mutation tester, which is a workspace of its own.

use crate::own_workspace::{self, Args};
use anyhow::Result;
use std::path::Path;
use terminal::outcome::Outcome;

/// Starts the mutation tester. Its program is beside the results that it keeps.
///
/// # Errors
/// The mutation tester does not compile, or cannot be started.
pub(crate) fn run(args: &Args) -> Result<Outcome> {
    let target = Path::new("mutants/program");
    own_workspace::start(("mutants", "mutation tester"), target, "mutants", args)
}
