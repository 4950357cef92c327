//! The folder to which a kit is written, either completely or not at all.

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
    /// The folder at `path`. It must be empty or not exist.
    ///
    /// # Errors
    /// The error names a file that is already in the folder, or says why the folder cannot be used.
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
        let parent =
            path.parent().with_context(|| format!("{place}: name a folder below this folder"))?;
        outside(&path)?;
        Ok(Self { parent: parent.to_owned(), path })
    }

    /// Writes the files into a temporary folder, and calls `finish` on this folder. Then renames
    /// the folder to the output folder, atomically (rename(2)).
    ///
    /// # Errors
    /// A file cannot be written. The error names this file. The output folder is then as it was
    /// before.
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
        // Everyone who may read the file may also execute the file. Therefore each read bit is
        // copied to the execute bit.
        fs::set_permissions(path, Permissions::from_mode(mode | (mode & 0o444) >> 2))?;
    }
    Ok(())
}

/// `path` with symbolic links resolved. The last part of the path may not exist yet.
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

/// Rejects an output path inside the course's folder, because the kit would then be a part of the
/// course's Cargo workspace. A path below the target folder is allowed.
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
