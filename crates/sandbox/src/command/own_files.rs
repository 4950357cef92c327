//! The files that have other contents for a program than on this machine.

use super::Command;
use crate::error::{LaunchError, c_string};
use crate::init::OwnFile;
use crate::isolation::IsolationLevel;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

impl Command {
    /// Checks that this level, and this machine, can give the program files of its own.
    pub(super) fn check_files(&self, level: IsolationLevel) -> Result<(), LaunchError> {
        let refused = |path: &Path, error| LaunchError::NoOwnFile {
            path: path.display().to_string(),
            error: io::Error::other(error),
        };
        for (path, _) in &self.files {
            if level != IsolationLevel::Namespaces {
                return Err(refused(path, format!("the isolation level {level} has no mounts")));
            }
            if self.policy.is_none() && !path.is_file() {
                return Err(refused(path, "this machine has no such file".to_owned()));
            }
        }
        Ok(())
    }
}

/// The files that have contents of their own, as the first process needs them.
pub(super) fn own_files(files: &[(PathBuf, Vec<u8>)]) -> Result<Vec<OwnFile>, LaunchError> {
    let file = |(path, contents): &(PathBuf, Vec<u8>)| {
        Ok(OwnFile { path: c_string(path.as_os_str().as_bytes())?, contents: c_string(contents)? })
    };
    files.iter().map(file).collect()
}
