//! Reads a folder, without following symbolic links (openat(2), O_NOFOLLOW).

use super::name::{NamePart, classify, shown};
use super::rejection::{Rejection, not_a_file};
use super::tree::Tree;
use nix::dir::Dir;
use nix::fcntl::{AtFlags, OFlag, openat};
use nix::sys::stat::{FileStat, Mode, SFlag, fstat, fstatat};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

/// Reads the files in `folder` and in its subfolders.
pub(crate) fn read(folder: OwnedFd) -> Result<Tree, Rejection> {
    let mut tree = Tree::default();
    descend(folder, &mut Vec::new(), &mut tree)?;
    Ok(tree)
}

/// Reads the files in `folder` and in its subfolders. `above` is the path of `folder` in the
/// submission.
fn descend(folder: OwnedFd, above: &mut Vec<Vec<u8>>, tree: &mut Tree) -> Result<(), Rejection> {
    let mut folder = Dir::from_fd(folder).map_err(|error| unreadable(above, error))?;
    for name in names(&mut folder, above, tree)? {
        above.push(name);
        add(&folder, above, tree)?;
        above.pop();
    }
    Ok(())
}

/// The names in a folder, in the order of their bytes.
fn names(folder: &mut Dir, above: &[Vec<u8>], tree: &mut Tree) -> Result<Vec<Vec<u8>>, Rejection> {
    let mut names = Vec::new();
    for entry in folder.iter() {
        let entry = entry.map_err(|error| unreadable(above, error))?;
        let name = entry.file_name().to_bytes();
        // Ignored names (also `.` and `..`) do not count towards the limits.
        if classify(name) != NamePart::Ignored {
            tree.count()?;
            names.push(name.to_owned());
        } else if name != b"." && name != b".." {
            let parts: Vec<_> = above.iter().map(Vec::as_slice).chain([name]).collect();
            tree.ignored.add(&parts.join(&b'/'));
        }
    }
    names.sort();
    Ok(names)
}

/// Adds one entry of `folder`: a file, or all files of a folder.
fn add(folder: &Dir, path: &mut Vec<Vec<u8>>, tree: &mut Tree) -> Result<(), Rejection> {
    let name = path.last().cloned().unwrap_or_default();
    let found = fstatat(folder, &name[..], AtFlags::AT_SYMLINK_NOFOLLOW)
        .map_err(|error| unreadable(path, error))?;
    let kind = kind(&found);
    if kind != SFlag::S_IFDIR && kind != SFlag::S_IFREG {
        return Err(not_a_file(&path.join(&b'/'), kind_name(kind)));
    }
    // A program on Linux that unpacks an archive from Windows may write names such as `src\\a.rs`.
    let inside = match path.iter().any(|name| name.contains(&b'\\')) {
        true => tree.archive_path(&path.join(&b'/'))?,
        false => tree.path(path.iter().map(Vec::as_slice))?,
    };
    let Some(inside) = inside else { return Ok(()) };
    // Meanwhile, a FIFO may have replaced the file. With O_NONBLOCK, opening a FIFO does not block
    // (open(2)).
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
    if kind == SFlag::S_IFDIR {
        let opened = openat(folder, &name[..], flags | OFlag::O_DIRECTORY, Mode::empty())
            .map_err(|error| unreadable(path, error))?;
        return descend(opened, path, tree);
    }
    let opened =
        openat(folder, &name[..], flags, Mode::empty()).map_err(|error| unreadable(path, error))?;
    let found = fstat(opened.as_fd()).map_err(|error| unreadable(path, error))?;
    if self::kind(&found) != SFlag::S_IFREG {
        return Err(not_a_file(&path.join(&b'/'), kind_name(self::kind(&found))));
    }
    let is_executable = found.st_mode & 0o111 != 0;
    let failed = |error: io::Error| unreadable(path, error);
    tree.add(inside, is_executable, File::from(opened), failed)
}

/// The file type in a file's mode (inode(7)).
pub(crate) fn kind(found: &FileStat) -> SFlag {
    SFlag::from_bits_truncate(found.st_mode & libc::S_IFMT)
}

/// The name of a file type, for messages.
pub(crate) fn kind_name(kind: SFlag) -> &'static str {
    match kind {
        SFlag::S_IFLNK => "a symbolic link",
        SFlag::S_IFIFO => "a FIFO",
        SFlag::S_IFSOCK => "a socket",
        SFlag::S_IFDIR => "a folder",
        SFlag::S_IFREG => "a plain file",
        _ => "a device",
    }
}

fn unreadable(path: &[Vec<u8>], error: impl Into<io::Error>) -> Rejection {
    let path = if path.is_empty() { "the folder".into() } else { shown(&path.join(&b'/')) };
    let error = error.into();
    Rejection::Unreadable(format!("{path} cannot be read: {error}; check its permissions"))
}
