//! The criteria of each lesson, written to be read beside it.

use course::report::Finding;
use std::{ffi::OsString, path::PathBuf, time::Duration};

/// The criteria of one lesson.
pub struct Proof {
    /// e.g. `w03-l02`.
    pub lesson: &'static str,
    /// The port that its servers use unless told otherwise.
    pub port: u16,
    /// The slots that its servers have unless told otherwise.
    pub capacity: usize,
    /// In the lesson's order.
    pub criteria: &'static [Criterion],
}

/// One criterion.
pub struct Criterion {
    /// As in `lesson.md`.
    pub id: &'static str,
}

/// The program to ask, and what is known of it beforehand.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The program and its arguments.
    pub command: Vec<OsString>,
    /// Where it runs.
    pub directory: PathBuf,
    /// The port that the program has built in, where it takes none from PORT.
    pub port: Option<u16>,
    /// The capacity that the program has built in, where it takes none from MAX_CLIENTS.
    pub capacity: Option<usize>,
    /// The longest that one criterion may take.
    pub timeout: Duration,
}

/// A fault of the machine or of the call: no finding about the server at all.
#[derive(Debug)]
pub struct Fault(pub String);

/// How servers are launched on this machine: `boxed` or `plain`.
pub fn launch_tier() -> &'static str {
    todo!()
}

/// The proof of a lesson, if it has one.
pub fn of(lesson: &str) -> Option<&'static Proof> {
    let _ = lesson;
    todo!()
}

/// Asks `subject` each criterion whose id is in `only` (all, if empty), calls `found` for each in the
/// lesson's order as soon as it is known, and returns when all are.
///
/// # Errors
/// A [`Fault`] where nothing can be said of the server: the program does not exist, the port is taken.
pub fn prove(
    proof: &Proof,
    subject: &Subject,
    only: &[String],
    found: &mut dyn FnMut(Finding),
) -> Result<(), Fault> {
    let _ = (proof, subject, only, found);
    todo!()
}
