//! Fault injection into system calls: the observer decides what a system call returns.
//!
//! The selected calls of the program stop in the kernel until the observer has answered them with
//! an errno or with "continue" (seccomp_unotify(2)). Therefore it can be tested what any program
//! does after a failed call, for example after an accept that failed with EMFILE.

use crate::ready;
use nix::errno::Errno;
use sandbox::{Call, NotifiedCalls, Process, Unobservable};
use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use syscalls::Sysno;

/// The system calls of a program that the observer can make fail; none by default.
#[derive(Clone, Debug, Default)]
pub struct FaultInjector {
    calls: NotifiedCalls,
}

impl FaultInjector {
    /// All calls that accept a connection: accept(2) and accept4(2).
    pub fn accept() -> Self {
        Self::on(&["accept", "accept4"])
    }

    /// All calls that start a process: fork(2), vfork(2), clone(2) and clone3(2). A call that
    /// starts a thread always continues without a fault.
    pub fn fork() -> Self {
        Self::on(&["fork", "vfork", "clone", "clone3"])
    }

    /// The system calls with these names, e.g. `accept4`. A name that this machine does not know is
    /// skipped.
    pub fn on(names: &[&str]) -> Self {
        Self { calls: NotifiedCalls::new(names) }
    }

    /// The calls that the kernel reports to the observer.
    pub(crate) fn calls(self) -> NotifiedCalls {
        self.calls
    }
}

/// A system call that stopped until the observer had answered it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoppedCall {
    /// The thread that made the call: its thread id in the observer's pid namespace.
    pub thread: i32,
    /// The call with its arguments.
    pub call: Call,
}

/// The maximum number of answered calls that are kept. A server in a busy loop makes calls without
/// end.
const MAX_KEPT: usize = 1 << 16;

/// A fault that was requested.
#[derive(Clone, Copy, Debug)]
struct Fault {
    errno: Errno,
    target: FaultTarget,
}

/// The calls that a fault is for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum FaultTarget {
    /// Each stopped call.
    Any,
    /// The calls with this name.
    Named(&'static str),
    /// The calls whose first argument is this descriptor.
    Descriptor(i32),
}

impl Fault {
    fn is_for(&self, call: &libc::seccomp_notif) -> bool {
        let [first, ..] = call.data.args;
        !starts_thread(call)
            && match self.target {
                FaultTarget::Any => true,
                FaultTarget::Named(name) => stopped_call(call).call.name() == name,
                FaultTarget::Descriptor(fd) => first == fd as u64,
            }
    }
}

/// Answers the stopped calls. If a fault was requested, the next call that it is for fails. All other
/// calls continue.
#[derive(Debug)]
pub(crate) struct FaultSupervisor {
    listener: OwnedFd,
    faults: VecDeque<Fault>,
    answered: Vec<StoppedCall>,
}

impl FaultSupervisor {
    pub(crate) fn new(listener: OwnedFd) -> Self {
        Self { listener, faults: VecDeque::new(), answered: Vec::new() }
    }

    /// Makes the next stopped call that `target` selects fail with `errno`. All other calls continue.
    pub(crate) fn fail_next(&mut self, errno: Errno, target: FaultTarget) {
        self.faults.push_back(Fault { errno, target });
    }

    /// The number of requested faults that have not been used: no call has failed with them yet.
    pub(crate) fn faults_left(&self) -> usize {
        self.faults.len()
    }

    /// The first calls that were answered, at most [`MAX_KEPT`].
    pub(crate) fn answered(&self) -> &[StoppedCall] {
        &self.answered
    }

    /// Whether a stopped call waits for the observer's answer.
    pub(crate) fn has_waiting_call(&self) -> bool {
        ready::is_readable(self.listener.as_fd())
    }

    /// Answers the stopped call that has waited longest. The listener must be readable.
    pub(crate) fn answer(&mut self) -> Result<(), Unobservable> {
        // SAFETY: plain data, which the kernel requires to be zeroed, and fills.
        let mut call: libc::seccomp_notif = unsafe { std::mem::zeroed() };
        match ioctl(self.listener.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_RECV, &mut call) {
            Ok(()) => {}
            // The thread that made the call was killed after the kernel had reported the call.
            Err(Errno::ENOENT | Errno::EINTR) => return Ok(()),
            Err(errno) => return Err(unobservable(errno)),
        }
        // SAFETY: plain data.
        let mut reply: libc::seccomp_notif_resp = unsafe { std::mem::zeroed() };
        reply.id = call.id;

        // Use the next requested fault for this call, unless the call starts a thread.
        match self.faults.front().filter(|fault| fault.is_for(&call)) {
            Some(fault) => reply.error = -(fault.errno as i32),
            None => reply.flags = libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE as u32,
        }
        match ioctl(self.listener.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_SEND, &mut reply) {
            Ok(()) => {
                self.faults.drain(..usize::from(reply.error != 0));
                if self.answered.len() < MAX_KEPT {
                    self.answered.push(stopped_call(&call));
                }
                Ok(())
            }
            // A signal interrupted the call before the answer. Keep the fault for the next call.
            Err(Errno::ENOENT) => Ok(()),
            Err(errno) => Err(unobservable(errno)),
        }
    }
}

impl AsRawFd for FaultSupervisor {
    fn as_raw_fd(&self) -> RawFd {
        self.listener.as_raw_fd()
    }
}

fn stopped_call(call: &libc::seccomp_notif) -> StoppedCall {
    let number = call.data.nr.into();
    StoppedCall { thread: call.pid as i32, call: Call { number, arguments: call.data.args } }
}

/// Whether a call starts a thread and not a process (clone(2), CLONE_THREAD).
fn starts_thread(call: &libc::seccomp_notif) -> bool {
    let [first, ..] = call.data.args;
    let flags = match Sysno::new(call.data.nr as usize) {
        Some(Sysno::clone) => first,
        Some(Sysno::clone3) => first_field(call.pid as i32, first).unwrap_or(0),
        _ => 0,
    };
    flags & libc::CLONE_THREAD as u64 != 0
}

/// Reads the flags, which are the first field of a struct clone_args.
fn first_field(pid: i32, address: u64) -> Result<u64, Unobservable> {
    let mut bytes = [0; 8];
    Process { pid }.read_memory(address, &mut bytes)?;
    Ok(u64::from_ne_bytes(bytes))
}

fn ioctl<T>(fd: RawFd, request: libc::Ioctl, argument: &mut T) -> Result<(), Errno> {
    // SAFETY: each request in this file is used with the argument type that it requires.
    Errno::result(unsafe { libc::ioctl(fd, request, argument) }).map(drop)
}

fn unobservable(errno: Errno) -> Unobservable {
    Unobservable::new(
        "the program's system calls (seccomp_unotify(2))".to_owned(),
        io::Error::from(errno),
    )
}
