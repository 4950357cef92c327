//! The criteria of each lesson. Each lesson has a module, which can be read beside the lesson's
//! text.
//!
//! A proof is a list of criteria. A criterion is a function that starts a fresh server, connects
//! clients to it and compares what the server does with what the lesson asks. [`prove`] checks the
//! criteria in parallel and reports them in the lesson's order.

mod chat;
mod check_context;
mod check_error;
mod defaults;
mod end_rows;
mod evidence;
mod fork_server;
mod log_event;
mod named_client;
mod port_lock;
mod program;
mod proof;
mod record;
mod recording;
mod runner;
mod serve;
mod shared;
mod test_run;
mod tracker;
mod view;
mod w01_l01;
mod w01_l02;
mod w02_l01;
mod w02_l02;
mod w03_l02;
mod w03_l03;
mod w04_l01;
mod w04_l02;
mod w09_l01;

use course::report::Finding;

pub use check_error::HarnessError;
pub use program::{Budget, OUT_OF_TIME, OVER_BUDGET, ProgramUnderTest};
pub use proof::{Criterion, Proof, Role};
pub use record::{Recorded, Traced, record};
pub use recording::Recording;
pub use serve::serve;
pub use view::{ClientRow, FileRow, LogLine, Phase, ProcessRow, Snapshot, View, WaitsWith};
pub use witness::{Ability, Exit, IsolationLevel, LiveServer, Output, SandboxPolicy, abilities};

/// The proof of a lesson, if the lesson has a proof.
pub fn of(lesson: &str) -> Option<&'static Proof> {
    const PROOFS: &[&Proof] = &[
        &w01_l01::PROOF,
        &w01_l02::PROOF,
        &w02_l01::PROOF,
        &w02_l02::PROOF,
        &w03_l02::PROOF,
        &w03_l03::PROOF,
        &w04_l01::PROOF,
        &w04_l02::PROOF,
        &w09_l01::PROOF,
    ];
    PROOFS.iter().copied().find(|proof| proof.lesson == lesson)
}

/// Checks `program` by each criterion whose id is in `only`, or by all criteria if `only` is empty.
///
/// Calls `found` for each finding in the lesson's order, as soon as this finding and all findings
/// before it are known. The criteria whose ids are in `first` are checked and reported before the
/// others, in the order of `first`. Returns when all findings are reported.
///
/// # Errors
/// A [`HarnessError`] if nothing can be said about the server: for example, the program does not
/// exist, or another program listens on the port.
pub fn prove(
    proof: &'static Proof,
    program: &ProgramUnderTest,
    only: &[String],
    first: &[String],
    found: &mut dyn FnMut(Finding),
) -> Result<(), HarnessError> {
    runner::run(proof, program, only, first, found)
}
