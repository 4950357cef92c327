//! Files that are read and written with errors that name them.

use anyhow::{Context, Result};
use std::fs;
use std::path::Path;
use terminal::output::replace;

/// A file's text, or an error that names it.
pub fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Writes a file only where it does not hold this text already.
pub(crate) fn write_changed(path: &Path, text: &str) -> Result<()> {
    if fs::read(path).is_ok_and(|old| old == text.as_bytes()) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    replace(path, text.as_bytes())
}

/// Brings another workspace's lock file up to the course's, which cargo then fits to its members.
pub(crate) fn copy_lock(course: &Path, stage: &Path) -> Result<()> {
    let changed = |path: &Path| fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    if changed(stage) <= changed(course) {
        fs::copy(course, stage).with_context(|| format!("cannot copy {}", course.display()))?;
    }
    Ok(())
}
