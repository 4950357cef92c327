//! What an untrusted program may see and use.

use crate::descriptor_limit;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// What an untrusted program may see and use.
#[derive(Clone, Debug, Default)]
pub struct SandboxPolicy {
    /// Files and folders of this machine that the program can see. They are read-only and have the
    /// same paths in the sandbox. `/usr` and other system paths that programs need are always
    /// visible.
    pub visible: Vec<PathBuf>,
    /// Files and folders that the program cannot see, although they are inside a path that it can
    /// see, for example a program in `/usr/bin`. A path that does not exist is ignored. Where
    /// Landlock hides a folder, the program can still list the names in it. On the level
    /// [`None`](crate::IsolationLevel::None), and on
    /// [`OtherUser`](crate::IsolationLevel::OtherUser) without Landlock, nothing can be hidden.
    pub hidden: Vec<PathBuf>,
    /// The amounts of memory, time and other resources that the program may use.
    pub limits: Limits,
}

/// The amounts of resources that a program and all processes that it starts may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The memory of all processes of the program together, in bytes.
    pub memory: u64,
    /// The number of processes and threads that may exist at the same time.
    pub processes: u64,
    /// The number of open descriptors of each process.
    pub descriptors: u64,
    /// The size in bytes. This limit applies separately to `/tmp`, to the program's own folder, and
    /// to each file.
    pub disk: u64,
    /// The number of files. This limit applies separately to `/tmp` and to the program's own
    /// folder.
    pub files: u64,
    /// The processor time of each process.
    pub cpu: Duration,
    /// The wall time of the run. After this time, the program is killed.
    pub wall: Duration,
    /// The number of bytes that the program may write to standard output and standard error
    /// together.
    pub output: u64,
}

/// The limit that ended a program: one of the fields of [`Limits`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitKind {
    /// [`Limits::memory`].
    Memory,
    /// [`Limits::cpu`].
    Cpu,
    /// [`Limits::wall`].
    Wall,
    /// [`Limits::output`].
    Output,
    /// [`Limits::disk`] or [`Limits::files`].
    FileSize,
}

impl Default for Limits {
    /// The default limits. They are sufficient for a server with 10,000 clients.
    fn default() -> Self {
        const MIB: u64 = 1 << 20;
        Self {
            memory: 512 * MIB,
            processes: 64,
            descriptors: 20_000,
            disk: 64 * MIB,
            files: 4_096,
            cpu: Duration::from_secs(30),
            wall: Duration::from_secs(60),
            output: 16 * MIB,
        }
    }
}

impl Limits {
    /// The descriptor limit of a process. It is lower than the observer's own hard limit, which the
    /// sandbox's first process has.
    ///
    /// This limit is also the number of descriptors of one user that may be in messages which nobody
    /// has received (unix(7), ETOOMANYREFS). The kernel compares the number of all processes of the
    /// user with the limit of the process that sends. So a program that fills its limit cannot
    /// prevent the first process, whose limit is higher, from sending sockets to the observer.
    pub(crate) fn of_descriptors(&self) -> io::Result<libc::rlimit> {
        let most = descriptor_limit::raise()?.rlim_max;
        Ok(both(self.descriptors.min(most - RESERVED_DESCRIPTORS.min(most / 4))))
    }

    /// The limits that the kernel enforces for each process (getrlimit(2)).
    ///
    /// The size of the address space is not limited, because Go, Java and sanitizers reserve much
    /// more address space than they use.
    pub(crate) fn of_processes(&self, processes: u64) -> Vec<(u32, libc::rlimit)> {
        let seconds = self.cpu.as_secs().max(1);
        let mut limits = vec![(libc::RLIMIT_NPROC, both(processes))];
        limits.push((libc::RLIMIT_SIGPENDING, both(SIGNALS)));
        limits.push((libc::RLIMIT_FSIZE, both(self.disk)));
        limits.push((
            libc::RLIMIT_CPU,
            libc::rlimit { rlim_cur: seconds, rlim_max: seconds.saturating_add(1) },
        ));
        // The limit is 1 instead of 0. With a limit of 0, the kernel would still start the program
        // in /proc/sys/kernel/core_pattern for a core dump (core(5)).
        limits.push((libc::RLIMIT_CORE, both(1)));
        limits
    }
}

impl LimitKind {
    /// Writes how a program exceeded this limit. The text continues a sentence that begins with
    /// "the server".
    pub(crate) fn describe(self, limits: &Limits, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mebibytes = |bytes: u64| bytes.div_ceil(1 << 20);
        match self {
            LimitKind::Memory => {
                write!(f, "used more than {} MiB of memory and was ended", mebibytes(limits.memory))
            }
            LimitKind::Cpu => {
                let seconds = limits.cpu.as_secs();
                write!(f, "used up its {seconds} s of processor time and was ended")
            }
            LimitKind::Wall => {
                write!(f, "was ended after {} s, its limit of wall time", limits.wall.as_secs())
            }
            LimitKind::Output => {
                let most = mebibytes(limits.output);
                write!(f, "wrote more than {most} MiB to its log and was ended")
            }
            LimitKind::FileSize => {
                let most = mebibytes(limits.disk);
                write!(f, "wrote more than {most} MiB or {} files and was ended", limits.files)
            }
        }
    }
}

/// The number of signals and timers that wait for a user (getrlimit(2), RLIMIT_SIGPENDING). The
/// kernel compares the number of all processes of the user with the limit of the process that adds
/// one, so a higher limit of the observer cannot be used up.
const SIGNALS: u64 = 4_096;

/// The difference between the descriptor limits of the sandbox's first process and of a program. The
/// kernel checks the number of descriptors in messages before it adds those of a new message, of
/// which there are at most 253 (unix(7), SCM_RIGHTS). Several threads may pass the check at once.
const RESERVED_DESCRIPTORS: u64 = 1_024;

/// A limit whose soft value and hard value are equal.
fn both(limit: u64) -> libc::rlimit {
    libc::rlimit { rlim_cur: limit, rlim_max: limit }
}
