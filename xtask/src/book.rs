//! `cargo xtask book`: builds and starts the program that renders the lessons, which is a workspace of
//! its own.

use crate::own_workspace::{self, Args};
use anyhow::Result;
use std::ffi::OsString;
use std::path::Path;
use terminal::outcome::Outcome;

/// Starts the renderer.
///
/// # Errors
/// The renderer does not compile, or cannot be started.
pub(crate) fn run(args: &Args) -> Result<Outcome> {
    own_workspace::start(("book", "book's renderer"), "book", args)
}

/// Writes a book of these lessons into the folder `out`, and does not return.
///
/// # Errors
/// As [`run`].
pub(crate) fn write(out: &Path, lessons: &[&str]) -> Result<Outcome> {
    let selection = OsString::from(lessons.join(","));
    run(&Args { arguments: vec![out.into(), "--lesson".into(), selection] })
}
