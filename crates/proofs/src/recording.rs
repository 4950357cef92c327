//! Checks one criterion while everything that happens is recorded.

mod calls;
mod converter;

use crate::check_error::HarnessError;
use crate::program::ProgramUnderTest;
use crate::proof::Proof;
use crate::runner;
use converter::Converter;
use course::report::Finding;
use course::timeline::Timeline;
use std::fmt;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use witness::Recorder;

/// Where the run of a program is recorded.
#[derive(Clone)]
pub struct Recording {
    recorder: Recorder,
    pause: Arc<Mutex<Pause>>,
}

/// How a check waits before a step until it may go on.
struct Pause {
    reached: Sender<()>,
    go_on: Receiver<()>,
}

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

impl Recording {
    pub(crate) fn recorder(&self) -> Recorder {
        self.recorder.clone()
    }

    /// Records a step, and waits until the check may go on.
    pub(crate) fn before_step(&self, text: &str) {
        self.recorder.note(text);
        let pause = self.pause.lock().unwrap_or_else(PoisonError::into_inner);
        // Both calls fail only after the caller has stopped to listen. Then nothing is waited for.
        if pause.reached.send(()).is_ok() {
            let _ = pause.go_on.recv();
        }
    }
}

impl fmt::Debug for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recording").field("events", &self.recorder.len()).finish_non_exhaustive()
    }
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
    let pause = Arc::new(Mutex::new(Pause { reached, go_on }));
    let recording = Recording { recorder: recorder.clone(), pause };
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
