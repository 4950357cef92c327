//! Faults at the system-call boundary: the kernel asks the observer what a call shall return.
//!
//! The program's chosen calls stop in the kernel until the observer has answered, with an errno or
//! with "go on" (seccomp_unotify(2)). Any binary can be asked how it takes an EMFILE this way.

use crate::filter::{Answer, Filter};
use crate::process::Process;
use crate::ready;
use crate::unseen::Unseen;
use nix::errno::Errno;
use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use syscalls::Sysno;

/// The calls that stop at the gate.
#[derive(Clone, Debug, Default)]
pub struct Gate {
    names: Vec<String>,
}

impl Gate {
    /// Holds back every call that takes a connection: accept(2) and accept4(2).
    pub fn accept() -> Self {
        Self::on(&["accept", "accept4"])
    }

    /// Holds back every call that starts a process: fork(2), vfork(2), clone(2) and clone3.
    /// Threads are started with the same calls; those never fail.
    pub fn fork() -> Self {
        Self::on(&["fork", "vfork", "clone", "clone3"])
    }

    /// Holds back the calls of these names; those that this machine does not have are left out.
    pub fn on(names: &[&str]) -> Self {
        let known = names.iter().filter(|name| name.parse::<Sysno>().is_ok());
        Self { names: known.map(|name| name.to_string()).collect() }
    }

    /// The program that the kernel runs on each call: ask for these, allow all else.
    pub(crate) fn filter(&self) -> Vec<libc::sock_filter> {
        if self.names.is_empty() {
            return Vec::new();
        }
        let names: Vec<_> = self.names.iter().map(String::as_str).collect();
        Filter::default().on(&names, None, Answer::Ask).program(Answer::Allow)
    }
}

/// The observer's side of a gate.
#[derive(Debug)]
pub(crate) struct Gatekeeper {
    listener: OwnedFd,
    faults: VecDeque<Errno>,
}

impl Gatekeeper {
    pub(crate) fn new(listener: OwnedFd) -> Self {
        Self { listener, faults: VecDeque::new() }
    }

    /// The next call at the gate fails with `errno`; those after it go on.
    pub(crate) fn fail_next(&mut self, errno: Errno) {
        self.faults.push_back(errno);
    }

    /// Faults that no call has met yet.
    pub(crate) fn faults_left(&self) -> usize {
        self.faults.len()
    }

    /// Whether a call waits at the gate.
    pub(crate) fn is_asked(&self) -> bool {
        ready::to_read(self.listener.as_fd())
    }

    /// Answers the call that waits at the gate. The listener must be readable.
    pub(crate) fn answer(&mut self) -> Result<(), Unseen> {
        // SAFETY: plain data, which the kernel wants zeroed and fills.
        let mut call: libc::seccomp_notif = unsafe { std::mem::zeroed() };
        match ioctl(self.listener.as_raw_fd(), NOTIF_RECV, &mut call) {
            Ok(()) => {}
            // The caller was killed between the announcement and this look.
            Err(Errno::ENOENT | Errno::EINTR) => return Ok(()),
            Err(errno) => return Err(unseen(errno)),
        }
        // SAFETY: plain data.
        let mut reply: libc::seccomp_notif_resp = unsafe { std::mem::zeroed() };
        reply.id = call.id;
        match self.faults.front().filter(|_| !starts_thread(&call)) {
            Some(errno) => reply.error = -(*errno as i32),
            None => reply.flags = libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE as u32,
        }
        match ioctl(self.listener.as_raw_fd(), NOTIF_SEND, &mut reply) {
            Ok(()) => {
                self.faults.drain(..usize::from(reply.error != 0));
                Ok(())
            }
            // A signal took the call away before the answer: it comes back, or the next one does.
            Err(Errno::ENOENT) => Ok(()),
            Err(errno) => Err(unseen(errno)),
        }
    }
}

impl AsRawFd for Gatekeeper {
    fn as_raw_fd(&self) -> RawFd {
        self.listener.as_raw_fd()
    }
}

/// Whether a call starts a thread of the caller's own process (clone(2), CLONE_THREAD).
fn starts_thread(call: &libc::seccomp_notif) -> bool {
    let [first, ..] = call.data.args;
    let flags = match Sysno::new(call.data.nr as usize) {
        Some(Sysno::clone) => first,
        Some(Sysno::clone3) => first_field(call.pid as i32, first).unwrap_or(0),
        _ => 0,
    };
    flags & libc::CLONE_THREAD as u64 != 0
}

/// The flags in a struct clone_args.
fn first_field(pid: i32, address: u64) -> Result<u64, Unseen> {
    let mut bytes = [0; 8];
    Process { pid }.read_memory(address, &mut bytes)?;
    Ok(u64::from_ne_bytes(bytes))
}

// SECCOMP_IOCTL_NOTIF_RECV and _SEND (linux/seccomp.h): read and write, the size, '!', a number.
const NOTIF_RECV: u64 = request::<libc::seccomp_notif>(0);
const NOTIF_SEND: u64 = request::<libc::seccomp_notif_resp>(1);

const fn request<T>(number: u64) -> u64 {
    3 << 30 | (size_of::<T>() as u64) << 16 | (b'!' as u64) << 8 | number
}

fn ioctl<T>(fd: RawFd, request: u64, argument: &mut T) -> Result<(), Errno> {
    // SAFETY: each request above is made for the type of its argument.
    Errno::result(unsafe { libc::ioctl(fd, request as _, argument) }).map(drop)
}

fn unseen(errno: Errno) -> Unseen {
    Unseen::new(
        "the program's system calls (seccomp_unotify(2))".to_owned(),
        io::Error::from(errno),
    )
}
