//! A system call as it is recorded: its descriptor, its result, and the first bytes that it has moved.

use crate::poll_entry::{self, PollEntry};
use sandbox::{Call, Process, Target};
use std::time::{Duration, Instant};

/// The maximum number of bytes of a call that are kept.
const MAX_BYTES: usize = 512;

/// A system call that a thread has made.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CallRecord {
    /// The process of the thread.
    pub process: Process,
    /// The thread.
    pub tid: i32,
    /// The call and its arguments.
    pub call: Call,
    /// The result, or a negated errno; `None` if the call did not return.
    pub result: Option<i64>,
    /// How long the call has lasted. The thread may have slept meanwhile.
    pub lasted: Duration,
    /// The file of the call's descriptor, if it has one.
    pub target: Option<Target>,
    /// The file of the descriptor that the call has returned, if it has returned one.
    pub new_target: Option<Target>,
    /// The first bytes that were read or written, at most 512.
    pub bytes: Vec<u8>,
    /// The `pollfd` array after the call; `None` if the call is not a poll.
    pub poll_entries: Option<Vec<PollEntry>>,
}

/// A call that a thread has begun.
#[derive(Debug)]
pub(super) struct BegunCall {
    call: Call,
    at: Instant,
    target: Option<Target>,
    /// What the thread writes.
    written: Vec<u8>,
}

impl BegunCall {
    /// The call that a stopped thread is about to make.
    pub(super) fn new(process: Process, call: Call) -> Self {
        let target = call.descriptor().and_then(|fd| process.target(fd).ok().flatten());
        let written = match writes(&call) {
            true => bytes_at(process, call.arguments[1], call.arguments[2]),
            false => Vec::new(),
        };
        Self { call, at: Instant::now(), target, written }
    }

    /// The record of this call, which has just returned `result`, or has not returned.
    pub(super) fn record(self, process: Process, tid: i32, result: Option<i64>) -> CallRecord {
        let call = self.call;
        let value = result.filter(|value| *value >= 0);
        let mut bytes = self.written;
        if let Some(length) = value.filter(|_| writes(&call)) {
            bytes.truncate(length as usize);
        } else if let Some(length) = value.filter(|_| reads(&call)) {
            bytes = bytes_at(process, call.arguments[1], length as u64);
        }
        let new_target = value.filter(|_| opens(&call));
        let poll_entries = value.filter(|_| call.is_poll());
        CallRecord {
            process,
            tid,
            call,
            result,
            lasted: self.at.elapsed(),
            target: self.target,
            new_target: new_target.and_then(|fd| process.target(fd as i32).ok().flatten()),
            bytes,
            poll_entries: poll_entries.and_then(|_| poll_entry::read(process, &call).ok()),
        }
    }
}

/// Whether the call reads into the buffer that is its second argument.
fn reads(call: &Call) -> bool {
    matches!(call.name(), "read" | "recvfrom")
}

/// Whether the call writes the buffer that is its second argument.
fn writes(call: &Call) -> bool {
    matches!(call.name(), "write" | "sendto")
}

/// Whether the call returns a new descriptor.
fn opens(call: &Call) -> bool {
    matches!(
        call.name(),
        "accept"
            | "accept4"
            | "socket"
            | "dup"
            | "dup2"
            | "dup3"
            | "epoll_create"
            | "epoll_create1"
    )
}

/// The first of `length` bytes at `address`; none if they cannot be read.
fn bytes_at(process: Process, address: u64, length: u64) -> Vec<u8> {
    let mut bytes = vec![0; (length as usize).min(MAX_BYTES)];
    match process.read_memory(address, &mut bytes) {
        Ok(()) => bytes,
        Err(_) => Vec::new(),
    }
}
