//! Reads and writes files. The errors name the file.

use anyhow::{Context, Result};
use std::fs;
use std::path::Path;
use terminal::output::replace;

/// Reads a text file.
///
/// # Errors
/// The file cannot be read or is not UTF-8. The error names the file.
pub fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Writes `text` to a file. If the file already has exactly this text, it is not written. Then its
/// modification time does not change, and cargo does not compile it again.
pub(crate) fn write_changed(path: &Path, text: &str) -> Result<()> {
    if fs::read(path).is_ok_and(|old| old == text.as_bytes()) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    replace(path, text.as_bytes())
}

/// Copies the course's lock file to another workspace, unless that workspace has a newer lock file.
/// Cargo then removes the packages that the members of that workspace do not need from the copy.
pub(crate) fn copy_lock(course: &Path, workspace: &Path) -> Result<()> {
    let changed = |path: &Path| fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    if changed(workspace) <= changed(course) {
        fs::copy(course, workspace).with_context(|| format!("cannot copy {}", course.display()))?;
    }
    Ok(())
}
