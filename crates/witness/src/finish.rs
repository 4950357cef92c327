//! A program that runs to its end: a build, say.

use crate::confine::Limit;
use crate::launch::{Launch, LaunchError};
use crate::stuck::Exit;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A program that has run to its end, and what it left behind.
#[derive(Debug)]
pub struct Finished {
    /// How it ended.
    pub exit: Exit,
    /// The limit that ended it, if one did.
    pub over: Option<Limit>,
    /// What it wrote on standard output and standard error, as far as the limit goes.
    pub output: Vec<u8>,
    /// Its wall time.
    pub elapsed: Duration,
    /// Processor time of all its processes.
    pub cpu: Duration,
}

impl Finished {
    /// Opens a regular file that it left in its folder, never through a link.
    ///
    /// # Errors
    /// What openat2(2) says; InvalidInput for anything but a regular file.
    pub fn open(&self, path: &Path) -> io::Result<File> {
        todo!("{}", path.display())
    }

    /// The regular files that it left in its folder and below, by their path in it, with their mode.
    ///
    /// # Errors
    /// A folder that cannot be read, or that holds more files than the limit.
    pub fn files(&self) -> io::Result<Vec<(PathBuf, u32)>> {
        todo!()
    }
}

impl Launch {
    /// Runs it to its end, in a folder of its own that it may write.
    ///
    /// # Errors
    /// [`LaunchError`]; the program has then not run.
    pub fn finish(self) -> Result<Finished, LaunchError> {
        todo!()
    }
}
