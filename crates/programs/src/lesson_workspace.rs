//! Makes a small workspace in `target/lessons/` for one lesson's crate.
//!
//! At every build, cargo looks up each package of the lock file, also packages that the crate does
//! not need. The course's lock file lists a hundred packages, and a lesson needs ten of them.
//! Therefore a build in a workspace of its own is faster.
//!
//! The workspace has a symbolic link to the course's folder `lessons`. Therefore the compiler's
//! messages name a lesson's files as `lessons/…`.

use crate::files::{copy_lock, read, write_changed};
use crate::manifest::workspace;
use anyhow::{Context, Result};
use std::io::{self, ErrorKind};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::{fs, process};
use terminal::paths;

/// Updates the workspace of the lesson crate `name`. Returns the path of the crate's manifest in
/// this workspace.
///
/// # Errors
/// A file cannot be read or written. The error names this file.
pub fn manifest(name: &str) -> Result<PathBuf> {
    let (root, folder) = (paths::root(), paths::target().join("lessons").join(name));
    // Only this lesson is listed as a member. Cargo adds the lesson's path dependencies as members:
    // the lessons that this lesson builds on.
    let member = format!("lessons/{name}");
    let manifest =
        workspace(&read(&root.join("Cargo.toml"))?, &root, std::slice::from_ref(&member))?;
    write_changed(&folder.join("Cargo.toml"), &manifest)?;
    copy_lock(&root.join("Cargo.lock"), &folder.join("Cargo.lock"))?;
    let link = folder.join("lessons");
    point(&link, &root.join("lessons"))
        .with_context(|| format!("cannot make the link {}", link.display()))?;
    Ok(folder.join(member).join("Cargo.toml"))
}

/// Makes `link` a symbolic link to `folder`. An existing link is replaced atomically (rename(2)):
/// another process that builds at the same time finds the old link or the new link.
fn point(link: &Path, folder: &Path) -> io::Result<()> {
    if fs::read_link(link).is_ok_and(|old| old == folder) {
        return Ok(());
    }
    let unfinished = link.with_extension(process::id().to_string());
    symlink(folder, &unfinished).or_else(|error| match error.kind() {
        ErrorKind::AlreadyExists => Ok(()),
        _ => Err(error),
    })?;
    fs::rename(unfinished, link)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_to_another_clone_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("lessons");
        point(&link, Path::new("/another/lessons")).unwrap();
        point(&link, folder.path()).unwrap();
        assert_eq!(fs::read_link(&link).unwrap(), folder.path());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
