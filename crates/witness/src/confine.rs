//! What a program that nobody vouches for gets to see and to use.

use std::path::PathBuf;
use std::time::Duration;

/// What a program that nobody vouches for gets to see and to use.
#[derive(Clone, Debug, Default)]
pub struct Confinement {
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
pub enum Limit {
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
