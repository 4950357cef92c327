//! Where the run of a program is recorded, and where its check waits before each step.

use std::fmt;
use std::sync::mpsc::{Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
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

impl Recording {
    /// A recording whose check says on `reached` that it has come to a step, and waits for `go_on`.
    pub(crate) fn new(recorder: Recorder, reached: Sender<()>, go_on: Receiver<()>) -> Self {
        Self { recorder, pause: Arc::new(Mutex::new(Pause { reached, go_on })) }
    }

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
