//! Checks one criterion while everything that happens is recorded.

mod calls;
mod converter;

use crate::check_error::HarnessError;
use crate::program::ProgramUnderTest;
use crate::proof::Proof;
use crate::recording::Recording;
use crate::runner;
use converter::Converter;
use course::report::Finding;
use course::timeline::Timeline;
use std::sync::mpsc;
use std::thread;
use witness::Recorder;

/// Whether the system calls of the program are recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Traced {
    /// The program is traced (ptrace(2)).
    Yes,
    /// Only the steps and what the clients do are recorded. A debugger can trace the program.
    No,
}

/// The finding of a check that was recorded, and what has happened.
#[derive(Debug)]
pub struct Recorded {
    /// The finding; `None` if the check has reported nothing.
    pub finding: Option<Finding>,
    /// Everything that has happened.
    pub timeline: Timeline,
}

/// Checks one criterion of `program`, and records what happens.
///
/// Before each step of the check, `on_step` is called with everything so far, and with the number of
/// the first event that is new. The check goes on when `on_step` returns. The time that `on_step`
/// takes counts as time of the check ([`ProgramUnderTest::timeout`]).
///
/// # Errors
/// As for [`prove`](crate::prove).
pub fn record(
    proof: &'static Proof,
    program: &ProgramUnderTest,
    criterion: &str,
    traced: Traced,
    on_step: &mut dyn FnMut(&Timeline, usize),
) -> Result<Recorded, HarnessError> {
    let ((reached, steps), (resume, go_on)) = (mpsc::channel(), mpsc::channel());
    let recorder = match traced {
        Traced::Yes => Recorder::new(),
        Traced::No => Recorder::without_calls(),
    };
    let recording = Recording::new(recorder.clone(), reached, go_on);
    let mut converter = Converter::new(recorder.clone());
    let only = [criterion.to_owned()];
    let program = ProgramUnderTest { recording: Some(recording), ..program.clone() };
    let finding = thread::scope(|scope| {
        let check = scope.spawn(move || {
            let mut finding = None;
            runner::run(proof, &program, &only, &[], &mut |found| finding = Some(found))?;
            Ok(finding)
        });
        // The channel closes when the check has ended and has dropped the program.
        for () in steps {
            let from = converter.timeline.events.len();
            converter.advance();
            on_step(&converter.timeline, from);
            let _ = resume.send(());
        }
        let panicked = |_| Err(HarnessError("the check has panicked".to_owned()));
        check.join().unwrap_or_else(panicked)
    })?;
    recorder.finish();
    converter.advance();
    Ok(Recorded { finding, timeline: converter.timeline })
}
