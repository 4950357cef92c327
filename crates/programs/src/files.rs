//! Reads and writes files with errors that name the file.

use anyhow::{Context, Result};
use std::fs;
use std::path::Path;
use terminal::output::replace;

/// Reads a text file.
///
/// # Errors
/// Names the file, which cannot be read or is not UTF-8.
pub fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Writes `text` to a file, unless the file holds exactly this text already: its time of change stays
/// then, and cargo compiles nothing again.
pub(crate) fn write_changed(path: &Path, text: &str) -> Result<()> {
    if fs::read(path).is_ok_and(|old| old == text.as_bytes()) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    replace(path, text.as_bytes())
}

/// Copies the course's lock file to another workspace, unless the lock file there is newer. Cargo
/// then removes from the copy what the members of that workspace do not need.
pub(crate) fn copy_lock(course: &Path, workspace: &Path) -> Result<()> {
    let changed = |path: &Path| fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    if changed(workspace) <= changed(course) {
        fs::copy(course, workspace).with_context(|| format!("cannot copy {}", course.display()))?;
    }
    Ok(())
}
