//! A temporary folder on this machine, for a program in a sandbox without a file system of its own.

use crate::run_name;
use nix::unistd::{Gid, Uid, chown, geteuid};
use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Once;

/// A folder that one program may write. Dropping this value removes the folder.
#[derive(Debug)]
pub(crate) struct ScratchDir {
    path: PathBuf,
}

impl ScratchDir {
    /// Creates an empty folder. Its owner is `user`, or the observer's user if `user` is `None`.
    pub(crate) fn new(user: Option<u32>) -> io::Result<Self> {
        static SWEPT: Once = Once::new();
        let place = std::env::temp_dir();
        SWEPT.call_once(|| run_name::stale(&place).iter().for_each(|left| remove(left)));
        let path = std::path::absolute(place.join(run_name::name()))?;
        DirBuilder::new().mode(0o700).create(&path)?;
        let scratch_dir = Self { path };
        if let Some(id) = user {
            chown(&scratch_dir.path, Some(Uid::from_raw(id)), Some(Gid::from_raw(id)))?;
        }
        Ok(scratch_dir)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Creates a symbolic link to each entry of `folder`.
    pub(crate) fn link(&self, folder: &Path) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            symlink(std::path::absolute(entry.path())?, self.path.join(entry.file_name()))?;
        }
        Ok(())
    }
}

impl Drop for ScratchDir {
    fn drop(&mut self) {
        remove(&self.path);
    }
}

/// Removes a folder, even if the program has removed permissions of files and folders inside the
/// folder.
fn remove(path: &Path) {
    // Root needs no permissions to remove the folder, and must not change permissions in another
    // user's folder.
    if fs::remove_dir_all(path).is_err() && !geteuid().is_root() {
        make_removable(path);
        let _ = fs::remove_dir_all(path);
    }
}

/// Gives the owner the permission to remove the entries of a folder and of all folders below it.
fn make_removable(path: &Path) {
    let mut folders = vec![path.to_owned()];
    while let Some(folder) = folders.pop() {
        let _ = fs::set_permissions(&folder, Permissions::from_mode(0o700));
        let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
        // Symbolic links are not followed, because file_type() does not follow them.
        let below = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        folders.extend(below.map(|entry| entry.path()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_removed_even_if_folders_inside_cannot_be_read() {
        let scratch_dir = ScratchDir::new(None).unwrap();
        let path = scratch_dir.path().to_owned();
        fs::create_dir_all(path.join("a/b")).unwrap();
        fs::write(path.join("a/b/file"), "").unwrap();
        fs::set_permissions(path.join("a/b"), Permissions::from_mode(0o0)).unwrap();
        fs::set_permissions(path.join("a"), Permissions::from_mode(0o0)).unwrap();
        drop(scratch_dir);
        assert!(!path.exists());
    }

    #[test]
    fn the_targets_of_links_are_not_removed() {
        let files = tempfile::tempdir().unwrap();
        fs::create_dir(files.path().join("folder")).unwrap();
        fs::write(files.path().join("folder/file"), "text").unwrap();
        let scratch_dir = ScratchDir::new(None).unwrap();
        scratch_dir.link(files.path()).unwrap();
        let seen = fs::read_to_string(scratch_dir.path().join("folder/file")).unwrap();
        drop(scratch_dir);
        assert_eq!(fs::read_to_string(files.path().join("folder/file")).unwrap(), seen);
    }
}
