//! Writes the files of a build.

use crate::intake::File;
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Writes files below `folder`.
pub(super) fn write_all(folder: &Path, files: &BTreeMap<PathBuf, File>) -> Result<()> {
    files.iter().try_for_each(|(path, file)| write(&folder.join(path), file))?;
    make_readable(folder)
}

/// Writes one file, and creates the folders that contain the file.
pub(super) fn write(path: &Path, file: &File) -> Result<()> {
    let written = || -> io::Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, &file.bytes)?;
        let mode = if file.is_executable { 0o755 } else { 0o644 };
        fs::set_permissions(path, PermissionsExt::from_mode(mode))
    };
    written().with_context(|| format!("cannot write {}", path.display()))
}

/// Makes `folder` and its subfolders readable for every user, independently of the umask. This is
/// necessary because the sandbox may run as another user.
pub(super) fn make_readable(folder: &Path) -> Result<()> {
    let opened = || -> io::Result<Vec<PathBuf>> {
        fs::create_dir_all(folder)?;
        fs::set_permissions(folder, PermissionsExt::from_mode(0o755))?;
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect()
    };
    let inside = opened().with_context(|| format!("cannot open {}", folder.display()))?;
    inside.iter().filter(|path| path.is_dir()).try_for_each(|path| make_readable(path))
}
