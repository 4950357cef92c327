//! Recognizes a thread that makes calls without bytes, always in the same state.
//!
//! A loop such as `while (1) write(fd, p, 0);` never ends. A program that goes through thousands of
//! empty lines, and sends an empty answer to each, makes the same calls. But this program has other
//! values in its registers and on its stack each time, for example the address of the line.

use crate::syscall_sample::{Traced, state_at_stop};
use sandbox::Process;

/// The number of calls in a row that the thread must have made in the same state. An interpreter may
/// keep all that changes outside of its stack.
const SAME_STATE: usize = 500;

/// The calls without bytes that a thread has made one after the other.
#[derive(Debug, Default)]
pub(super) struct EmptyCalls {
    state: Option<u64>,
    /// The number of calls in this state, one after the other.
    count: usize,
}

impl EmptyCalls {
    /// Records that a call without bytes has just returned.
    pub(super) fn add(&mut self, traced: &Traced, process: Process) {
        let state = state_at_stop(traced, process);
        let is_same = state.is_some() && state == self.state;
        self.count = if is_same { self.count + 1 } else { 1 };
        self.state = state;
    }

    /// Forgets the calls, because the thread has made another call.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Whether the calls are a loop that never ends.
    pub(super) fn are_loop(&self) -> bool {
        self.count >= SAME_STATE
    }
}
