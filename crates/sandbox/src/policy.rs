//! What a program that nobody vouches for gets to see and to use.

use crate::descriptor_limit;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// What a program that nobody vouches for gets to see and to use.
#[derive(Clone, Debug, Default)]
pub struct SandboxPolicy {
    /// Files and folders of this machine that it sees, read-only and at their own paths, beside
    /// `/usr` and what programs of the system need.
    pub visible: Vec<PathBuf>,
    /// How much it may use.
    pub limits: Limits,
}

/// How much a program and all that it starts may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of memory, over all its processes.
    pub memory: u64,
    /// Processes and threads at a time.
    pub processes: u64,
    /// Descriptors that a process may have.
    pub descriptors: u64,
    /// Bytes in `/tmp` and in its own folder, each; a file cannot be larger either.
    pub disk: u64,
    /// Files in `/tmp` and in its own folder, each.
    pub files: u64,
    /// Processor time of a process.
    pub cpu: Duration,
    /// Wall time, until it is ended.
    pub wall: Duration,
    /// Bytes on standard output and standard error together.
    pub output: u64,
}

/// The limit that ended a program.
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
    /// [`Limits::disk`], in a file that would have grown too large.
    FileSize,
}

impl Default for Limits {
    /// Enough for every server of the course, with 10,000 clients.
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
    /// How many descriptors a process may have; no more than the observer itself.
    pub(crate) fn of_descriptors(&self) -> io::Result<libc::rlimit> {
        let most = descriptor_limit::raise()?.rlim_max;
        Ok(both(self.descriptors.min(most)))
    }

    /// The limits that the kernel keeps for each process (getrlimit(2)).
    ///
    /// None of address space: Go, Java and sanitizers reserve far more than they use.
    pub(crate) fn of_processes(&self, processes: u64) -> Vec<(u32, libc::rlimit)> {
        let seconds = self.cpu.as_secs().max(1);
        let mut limits = vec![(libc::RLIMIT_NPROC, both(processes))];
        limits.push((libc::RLIMIT_FSIZE, both(self.disk)));
        limits.push((
            libc::RLIMIT_CPU,
            libc::rlimit { rlim_cur: seconds, rlim_max: seconds.saturating_add(1) },
        ));
        // 1 and not 0, which would still start the program that core dumps are piped to (core(5)).
        limits.push((libc::RLIMIT_CORE, both(1)));
        limits
    }
}

impl LimitKind {
    /// What a program did that was ended for this limit, after "the server".
    pub(crate) fn describe(self, limits: &Limits, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mebibytes = |bytes: u64| bytes.div_ceil(1 << 20);
        match self {
            LimitKind::Memory => {
                write!(f, "went over its {} MiB of memory and was ended", mebibytes(limits.memory))
            }
            LimitKind::Cpu => {
                let seconds = limits.cpu.as_secs();
                write!(f, "used up its {seconds} s of processor time and was ended")
            }
            LimitKind::Wall => {
                write!(f, "was ended after {} s, which is all it has", limits.wall.as_secs())
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

fn both(limit: u64) -> libc::rlimit {
    libc::rlimit { rlim_cur: limit, rlim_max: limit }
}
