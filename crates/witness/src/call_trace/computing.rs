//! What a traced thread executes while it makes no system calls.

use crate::syscall_sample::{Traced, repeats_state};
use sandbox::{Call, Process};
use std::collections::HashSet;
use std::time::Duration;

/// The maximum number of looks.
const MAX_LOOKS: usize = 1000;
/// The processor time between two looks at what a computing thread executes.
const LOOK_EACH: Duration = Duration::from_millis(2);
/// The number of instructions in one round of a loop, for the first look at the registers, and the
/// maximum.
const ROUND: usize = 256;
const LONGEST_ROUND: usize = 4096;
/// The time for the instructions of the first looks, and the maximum.
const TIME_OF_ROUND: Duration = Duration::from_millis(10);
const LONGEST_TIME: Duration = Duration::from_millis(80);
/// How often in a row the registers must have repeated.
const ENOUGH_REPEATED: usize = 2;
/// The number of looks after which the place of a computing thread is known.
const ENOUGH_LOOKS: usize = 12;
/// A loop without calls executes instructions in few pages of memory. An interpreter, a compiler or
/// a garbage collector does not.
const FEW_PAGES: usize = 4;

/// What a thread has executed since its last system call.
#[derive(Debug)]
pub(super) struct Computing {
    /// The thread's processor time at its last call.
    cpu_at_call: Duration,
    pub(super) cpu: Duration,
    /// The pages of memory whose instructions the thread was executing.
    pages: HashSet<u64>,
    looks: usize,
    /// How often in a row the contents of the thread's registers have repeated.
    repeated: usize,
    is_interrupted: bool,
}

impl Computing {
    /// Begins with a thread that has used this much processor time.
    pub(super) fn since(cpu: Duration) -> Self {
        let pages = HashSet::new();
        Self { cpu_at_call: cpu, cpu, pages, looks: 0, repeated: 0, is_interrupted: false }
    }

    /// Begins again if the thread makes a system call, unless the call only changes the thread's
    /// memory: a loop that never ends may store more and more.
    pub(super) fn begin_call(&mut self, call: &Call) {
        const MEMORY: [&str; 5] = ["brk", "mmap", "mremap", "munmap", "madvise"];
        if !MEMORY.contains(&call.name()) {
            self.restart();
        }
    }

    /// Begins again, because the thread has made a system call, or something visible has changed.
    pub(super) fn restart(&mut self) {
        *self = Self { is_interrupted: self.is_interrupted, ..Self::since(self.cpu) };
    }

    /// The processor time since the thread's last system call.
    pub(super) fn used(&self) -> Duration {
        self.cpu.saturating_sub(self.cpu_at_call)
    }

    /// Stops the thread, if it has computed for some time, to see which instructions it executes.
    pub(super) fn interrupt(&mut self, traced: &Traced) {
        let looks_wanted = (self.used().as_micros() / LOOK_EACH.as_micros()) as usize;
        if self.looks < looks_wanted && !self.is_interrupted && self.looks < MAX_LOOKS {
            self.is_interrupted = true;
            traced.interrupt();
        }
    }

    /// Looks at a thread that has stopped. A thread that has entered a system call in the meantime
    /// computes no more.
    pub(super) fn look(&mut self, traced: &mut Traced, process: Process, is_in_call: bool) {
        if !std::mem::take(&mut self.is_interrupted) || is_in_call {
            return;
        }
        self.looks += 1;
        self.pages.extend(traced.instruction().map(|address| address >> 12));
        // Executing instructions one by one takes a thousand times as long as without the observer.
        // Therefore this is done rarely: the longer the thread computes, the more instructions.
        if self.looks.is_power_of_two() {
            let most = (self.looks * ROUND).min(LONGEST_ROUND);
            let longest =
                (TIME_OF_ROUND * self.looks as u32 / 2).clamp(TIME_OF_ROUND, LONGEST_TIME);
            let repeats = repeats_state(traced, process, most, longest);
            self.repeated = if repeats { self.repeated + 1 } else { 0 };
        }
    }

    /// Whether the thread executes the same instructions with the same values.
    pub(super) fn repeats_state(&self) -> bool {
        self.repeated >= ENOUGH_REPEATED
    }

    /// Whether the thread executes the same few instructions again and again.
    pub(super) fn is_in_one_place(&self) -> bool {
        self.looks >= ENOUGH_LOOKS && self.pages.len() <= FEW_PAGES
    }
}
