//! The program that a proof checks.

use std::{ffi::OsString, path::PathBuf, time::Duration};
use witness::{IsolationLevel, SandboxPolicy};

/// The program to check, and how to run it.
#[derive(Clone, Debug)]
pub struct ProgramUnderTest {
    /// The program and its arguments.
    pub command: Vec<OsString>,
    /// The working directory.
    pub directory: PathBuf,
    /// The port that is built into the program, if the program ignores PORT.
    pub port: Option<u16>,
    /// The capacity that is built into the program, if the program ignores MAX_CLIENTS.
    pub capacity: Option<usize>,
    /// The isolation level. `None` means the strongest level that this machine permits.
    pub isolation: Option<IsolationLevel>,
    /// The maximum time that the check of one criterion may take.
    pub timeout: Duration,
    /// What an untrusted program may see and use. `None` means no sandbox policy.
    pub sandbox: Option<SandboxPolicy>,
    /// The number of criteria that are checked at the same time. `None` means one for each
    /// processor.
    pub workers: Option<usize>,
    /// The number from which the criteria draw keys, texts and sizes that a server must not know in
    /// advance. `None` draws a new number for each proof.
    pub seed: Option<u64>,
}

impl ProgramUnderTest {
    /// The isolation level that the program runs at.
    pub(crate) fn isolation_level(&self) -> IsolationLevel {
        self.isolation.unwrap_or_else(IsolationLevel::here)
    }
}
