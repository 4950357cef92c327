//! The folder that a kit is written to, completely or not at all.

use super::Files;
use anyhow::{Context, Result, bail, ensure};
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::Builder;
use terminal::paths;

/// A folder that is new or empty.
pub(super) struct OutputFolder {
    path: PathBuf,
    parent: PathBuf,
}

impl OutputFolder {
    /// The folder at `path`, which must not hold anything.
    ///
    /// # Errors
    /// Names a file that is there already, or says why the folder cannot be used.
    pub(super) fn new(path: &Path) -> Result<Self> {
        let place = path.display();
        match fs::read_dir(path) {
            Ok(entries) => {
                let names: Vec<_> = entries.flatten().map(|entry| entry.file_name()).collect();
                let first = names.iter().min().map(|name| name.to_string_lossy());
                ensure!(
                    names.is_empty(),
                    "{place}: not empty, it holds {} ({} in all); name a folder that is new or empty",
                    first.unwrap_or_default(),
                    names.len()
                );
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => bail!("{place}: {error}; name a folder that is new or empty"),
        }
        let path = resolved(path)?;
        let parent = path.parent().with_context(|| format!("{place}: name a folder below this"))?;
        outside(&path)?;
        Ok(Self { parent: parent.to_owned(), path })
    }

    /// Writes the files into a temporary folder, calls `finish` on it, and renames it in one step
    /// (rename(2)).
    ///
    /// # Errors
    /// Names the file that cannot be written. The output folder is then as it was before.
    pub(super) fn write(
        &self,
        files: &Files,
        finish: impl FnOnce(&Path) -> Result<()>,
    ) -> Result<()> {
        let place = || format!("cannot write {}", self.path.display());
        let name = self.path.file_name().unwrap_or_default();
        let unfinished = Builder::new().prefix(name).suffix(".part").tempdir_in(&self.parent);
        let unfinished =
            unfinished.map_err(|error| io::Error::from(error.kind())).with_context(place)?;
        let kit = unfinished.path().join("kit");
        for (path, file) in files {
            let written = write(&kit.join(path), &file.bytes, file.is_executable);
            written.with_context(|| format!("cannot write {}", self.path.join(path).display()))?;
        }
        finish(&kit)?;
        fs::rename(kit, &self.path).with_context(place)
    }
}

fn write(path: &Path, bytes: &[u8], is_executable: bool) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, bytes)?;
    if is_executable {
        let mode = fs::metadata(path)?.permissions().mode();
        // Everyone who can read the file can run it: each read bit is copied to its execute bit.
        fs::set_permissions(path, Permissions::from_mode(mode | (mode & 0o444) >> 2))?;
    }
    Ok(())
}

/// `path` with symbolic links resolved. The last part need not exist.
fn resolved(path: &Path) -> Result<PathBuf> {
    if let Ok(path) = fs::canonicalize(path) {
        return Ok(path);
    }
    let path = std::path::absolute(path).with_context(|| path.display().to_string())?;
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        bail!("{}: name a folder that is new or empty", path.display());
    };
    let found = fs::canonicalize(folder).ok().filter(|folder| folder.is_dir());
    let found = found.with_context(|| {
        format!("{}: there is no folder {}; make it first", path.display(), folder.display())
    })?;
    Ok(found.join(name))
}

/// Refuses a path in the course, where the kit would be a part of its workspace. In the target folder a
/// kit is allowed.
fn outside(path: &Path) -> Result<()> {
    let [course, builds] =
        [paths::root(), paths::target()].map(|folder| fs::canonicalize(&folder).unwrap_or(folder));
    ensure!(
        !path.starts_with(&course) || path.starts_with(&builds) && path != builds,
        "{}: within the course itself; name a folder outside of {}",
        path.display(),
        course.display()
    );
    Ok(())
}
