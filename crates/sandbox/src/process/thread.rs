//! Reads one thread of a process.

use super::Process;
use super::task::Task;
use crate::syscalls::Call;
use nix::unistd::Pid;
use procfs::process::{ProcState, Schedstat};
use procfs::{FromRead, ProcResult};
use std::fs;
use std::io::Read;
use std::time::Duration;

/// The state of one thread at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Thread {
    /// The thread id.
    pub tid: i32,
    /// Whether the thread has ended and has not been reaped.
    pub zombie: bool,
    /// Whether a signal has stopped the thread. SIGCONT resumes a stopped thread (signal(7),
    /// SIGSTOP).
    pub stopped: bool,
    /// The system call that the thread sleeps in; `None` if the thread does not sleep.
    pub call: Option<Call>,
    /// The number of times that the thread was scheduled. If the number of a sleeping thread does
    /// not change between two reads, the thread has not run between them.
    pub context_switches: u64,
    /// The processor time that the thread has used.
    pub cpu: Duration,
    /// The time that the thread has waited for a processor while it was ready to run. A wait that
    /// has not ended is not included.
    pub delay: Duration,
}

impl Thread {
    /// Whether the thread runs or is ready to run: the thread does not sleep, is not stopped, and
    /// has not ended.
    pub fn is_running(&self) -> bool {
        self.call.is_none() && !self.stopped && !self.zombie
    }

    /// A placeholder thread of a process that ended while it was being read.
    pub fn vanished(pid: i32) -> Self {
        let (cpu, delay) = (Duration::ZERO, Duration::ZERO);
        Self {
            tid: pid,
            zombie: false,
            stopped: false,
            call: None,
            context_switches: 0,
            cpu,
            delay,
        }
    }
}

/// Reads a thread from three of the thread's files in `/proc`.
pub(super) fn read(task: &Task) -> ProcResult<Thread> {
    // Read first: whoever finds the same number of context switches later knows that the thread has
    // not run since before its call was read.
    let schedule = task.schedstat()?;
    let stat = task.stat()?;
    let zombie = matches!(stat.state()?, ProcState::Zombie | ProcState::Dead);
    let stopped = matches!(stat.state()?, ProcState::Stopped);
    let sleeping = matches!(stat.state()?, ProcState::Sleeping);
    // A thread that waits for its vfork(2) child cannot be interrupted, and sleeps like any other.
    // Other uninterruptible sleeps are short, for example for a disk, or in fork(2) while a control
    // group is created.
    let uninterruptible = matches!(stat.state()?, ProcState::Waiting);
    let call = match sleeping || uninterruptible {
        true => task.read::<CurrentCall>("syscall")?.0,
        false => None,
    };
    let call = match call {
        Some(call) if uninterruptible && !waits_for_vfork_child(task, &call)? => None,
        call => call,
    };
    Ok(Thread {
        tid: task.tid,
        zombie,
        stopped,
        call,
        context_switches: schedule.pcount,
        cpu: Duration::from_nanos(schedule.sum_exec_runtime),
        delay: Duration::from_nanos(schedule.run_delay),
    })
}

/// Whether a thread in an uninterruptible sleep waits until its child executes a program or ends
/// (vfork(2); clone(2), CLONE_VFORK). Before such a call has made its child, it may sleep for other
/// reasons, as every other call that makes a process.
fn waits_for_vfork_child(task: &Task, call: &Call) -> ProcResult<bool> {
    let is_vfork = makes_vfork_child(Process { pid: task.pid }, call);
    Ok(is_vfork && !task.children()?.is_empty())
}

/// Whether the call makes a process and then waits for it.
fn makes_vfork_child(process: Process, call: &Call) -> bool {
    match call.number {
        libc::SYS_clone => has_vfork(call.arguments[0]),
        libc::SYS_clone3 => {
            let mut flags = [0; 8]; // the first field of struct clone_args
            let read = process.read_memory(call.arguments[0], &mut flags);
            read.is_ok() && has_vfork(u64::from_ne_bytes(flags))
        }
        #[cfg(target_arch = "x86_64")]
        libc::SYS_vfork => true,
        _ => false,
    }
}

fn has_vfork(flags: u64) -> bool {
    flags & libc::CLONE_VFORK as u64 != 0
}

/// The time that the calling thread has waited for a processor since its start; zero if the kernel
/// does not measure this time.
pub fn own_run_delay() -> Duration {
    delay_of(nix::unistd::gettid())
}

/// The time that a thread of this process has waited for a processor; zero if the kernel does not
/// measure this time.
pub(crate) fn delay_of(tid: Pid) -> Duration {
    let read = fs::File::open(format!("/proc/self/task/{tid}/schedstat")).map(Schedstat::from_read);
    read.map_or(Duration::ZERO, |read| {
        read.map_or(Duration::ZERO, |it| Duration::from_nanos(it.run_delay))
    })
}

/// The call in `/proc/PID/task/TID/syscall`. The function of the procfs crate cannot be used,
/// because that function reports the value `-1` as an error.
struct CurrentCall(Option<Call>);

impl FromRead for CurrentCall {
    fn from_read<R: Read>(mut file: R) -> ProcResult<Self> {
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        Ok(Self(parse_call(&text)))
    }
}

/// Parses `7 0x55… 0x2 …`. If the thread is in no system call, the file contains `running`, or `-1`
/// and two registers (proc(5)).
fn parse_call(text: &str) -> Option<Call> {
    let mut words = text.split_whitespace();
    let number = words.next()?.parse().ok()?;
    let mut arguments = [0; 6];
    for argument in &mut arguments {
        *argument = u64::from_str_radix(words.next()?.strip_prefix("0x")?, 16).ok()?;
    }
    Some(Call { number, arguments })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in ".*") {
            let _ = parse_call(&text);
        }

        #[test]
        fn every_call_is_parsed_as_the_kernel_writes_it(number: i64, arguments: [u64; 6]) {
            let words = arguments.map(|it| format!("{it:#x}")).join(" ");
            let text = format!("{number} {words} 0x7ffc0 0x7f1c0\n");
            prop_assert_eq!(parse_call(&text), Some(Call { number, arguments }));
        }
    }

    #[test]
    fn fork_does_not_wait_for_its_child_and_vfork_does() {
        let own = Process { pid: std::process::id() as i32 };
        let waits = |number, argument| {
            makes_vfork_child(own, &Call { number, arguments: [argument, 0, 0, 0, 0, 0] })
        };
        let fork = (libc::CLONE_CHILD_SETTID | libc::CLONE_CHILD_CLEARTID | libc::SIGCHLD) as u64;
        let vfork = (libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD) as u64;
        assert!(!waits(libc::SYS_clone, fork) && waits(libc::SYS_clone, vfork));
        for (flags, expected) in [(fork, false), (vfork, true)] {
            let arguments = [flags, 0];
            assert_eq!(waits(libc::SYS_clone3, arguments.as_ptr() as u64), expected);
        }
        assert!(!waits(libc::SYS_clone3, 8), "memory that cannot be read");
        assert!(!waits(libc::SYS_read, vfork));
    }

    #[test]
    fn a_running_thread_is_in_no_call() {
        assert_eq!(parse_call("running\n"), None);
        assert_eq!(parse_call("-1 0x7ffc0 0x7f1c0\n"), None);
        assert_eq!(parse_call(""), None);
    }
}
