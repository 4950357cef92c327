//! The criteria of each lesson, written to be read beside it.
//!
//! A proof is a table of criteria; a criterion is a function that plays a scene with a fresh
//! server and says what it saw. [`prove`] runs them on all processors and reports them in order.

mod events;
mod fall;
mod runner;
mod scene;
mod shared;
mod tables;
mod tracker;
mod turn;
mod w01_l01;
mod w02_l01;
mod w03_l02;
mod w04_l01;
mod w09_l01;

use course::report::Finding;
use std::{ffi::OsString, path::PathBuf, time::Duration};

pub use witness::{Confinement, Tier};

/// The criteria of one lesson.
pub struct Proof {
    /// e.g. `w03-l02`.
    pub lesson: &'static str,
    /// The port that its servers use unless told otherwise.
    pub port: u16,
    /// The slots that its servers have unless told otherwise; 0 where they keep no table, and
    /// MAX_CLIENTS means nothing to them.
    pub capacity: usize,
    /// In the lesson's order.
    pub criteria: &'static [Criterion],
}

/// One criterion.
pub struct Criterion {
    /// As in `lesson.md`.
    pub id: &'static str,
    pub(crate) check: fn(&scene::Stage<'_>) -> Result<(), fall::Fall>,
    /// Asked before the others, so that none of them waits for it in the end.
    pub(crate) is_long: bool,
}

impl Criterion {
    const fn new(id: &'static str, check: fn(&scene::Stage<'_>) -> Result<(), fall::Fall>) -> Self {
        Self { id, check, is_long: false }
    }

    const fn long(self) -> Self {
        Self { is_long: true, ..self }
    }
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
    /// How far apart it is kept: the strongest tier that the machine permits, unless said.
    pub tier: Option<Tier>,
    /// The longest that one wait within a criterion may take.
    pub timeout: Duration,
    /// What it may see and use, where nobody vouches for it.
    pub confinement: Option<Confinement>,
    /// How many criteria are asked at a time; one for each processor, unless said.
    pub workers: Option<usize>,
}

/// A fault of the machine or of the call: no finding about the server at all.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Fault(pub String);

/// The proof of a lesson, if it has one.
pub fn of(lesson: &str) -> Option<&'static Proof> {
    const PROOFS: [&Proof; 5] =
        [&w01_l01::PROOF, &w02_l01::PROOF, &w03_l02::PROOF, &w04_l01::PROOF, &w09_l01::PROOF];
    PROOFS.into_iter().find(|proof| proof.lesson == lesson)
}

/// Asks `subject` each criterion whose id is in `only` (all, if empty), calls `found` for each in the
/// lesson's order as soon as it is known, and returns when all are.
///
/// # Errors
/// A [`Fault`] where nothing can be said of the server: the program does not exist, the port is taken.
pub fn prove(
    proof: &'static Proof,
    subject: &Subject,
    only: &[String],
    found: &mut dyn FnMut(Finding),
) -> Result<(), Fault> {
    runner::run(proof, subject, only, found)
}
