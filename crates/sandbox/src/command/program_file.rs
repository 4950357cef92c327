//! Finds the file of a program.

use super::Command;
use crate::error::LaunchError;
use crate::root_layout;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

impl Command {
    /// Finds the program's file. A name with a slash is a path. Any other name is searched on the
    /// PATH.
    pub(super) fn find(&self, folders: Option<&OsString>) -> Result<PathBuf, LaunchError> {
        let shown = self.program.to_string_lossy().into_owned();
        let candidates: Vec<PathBuf> = if self.program.as_bytes().contains(&b'/') {
            vec![self.directory().join(&self.program)]
        } else {
            let folders = folders.map_or(OsStr::new(""), OsString::as_os_str);
            std::env::split_paths(folders).map(|folder| folder.join(&self.program)).collect()
        };
        let mut found = candidates.into_iter().filter(|path| path.is_file()).peekable();
        if found.peek().is_none() {
            return Err(LaunchError::NotFound(shown));
        }
        let path =
            found.find(|path| is_executable(path)).ok_or(LaunchError::NotExecutable(shown))?;
        let Some(policy) = &self.policy else { return Ok(std::path::absolute(path)?) };
        let path = root_layout::absolute(&path)?;
        if !root_layout::can_see(policy, &path) {
            return Err(LaunchError::NotShown {
                path: path.display().to_string(),
                error: io::Error::other(
                    "this path is not among the paths that the program may see",
                ),
            });
        }
        Ok(path)
    }
}

fn is_executable(path: &Path) -> bool {
    path.metadata().is_ok_and(|file| file.permissions().mode() & 0o111 != 0)
}
