//! Tar archives (tar(5)).

use super::{Bounded, MAX_TAR_SIZE, damaged};
use crate::intake::rejection::{Rejection, not_a_file};
use crate::intake::tree::Tree;
use std::io::{self, Read};
use tar::{Archive, Entry, EntryType};

/// Reads an archive to its end.
pub(super) fn read(from: impl Read) -> Result<Tree, Rejection> {
    let mut tree = Tree::default();
    let mut archive = Archive::new(Bounded::new(from, MAX_TAR_SIZE, MAX_TAR_SIZE));
    for entry in archive.entries().map_err(|error| damaged(&error))? {
        add(entry.map_err(|error| damaged(&error))?, &mut tree)?;
    }
    // gzip's checksum follows the last entry. Reading to the end verifies the checksum (RFC 1952,
    // section 2.3.1).
    io::copy(&mut archive.into_inner(), &mut io::sink()).map_err(|error| damaged(&error))?;
    Ok(tree)
}

fn add(entry: Entry<'_, impl Read>, tree: &mut Tree) -> Result<(), Rejection> {
    let kind = entry.header().entry_type();
    if kind == EntryType::XGlobalHeader {
        return Ok(());
    }
    let name = entry.path_bytes().into_owned();
    let Some(path) = tree.archive_path(&name)? else { return Ok(()) };
    tree.count()?;
    match kind {
        EntryType::Directory => Ok(()),
        EntryType::Regular | EntryType::Continuous if name.ends_with(b"/") => Ok(()),
        EntryType::Regular | EntryType::Continuous => {
            let is_executable = entry.header().mode().is_ok_and(|mode| mode & 0o111 != 0);
            tree.add(path, is_executable, Complete::new(entry), |error| damaged(&error))
        }
        EntryType::Symlink => Err(not_a_file(&name, "a symbolic link")),
        EntryType::Link => Err(not_a_file(&name, "a hard link")),
        EntryType::Char | EntryType::Block => Err(not_a_file(&name, "a device")),
        EntryType::Fifo => Err(not_a_file(&name, "a FIFO")),
        EntryType::GNUSparse => Err(not_a_file(&name, "a sparse file")),
        _ => Err(not_a_file(&name, "of a kind that is not read")),
    }
}

/// A reader of an entry. It fails if the entry has fewer bytes than its header says, because a
/// truncated archive may end within an entry.
struct Complete<R> {
    from: R,
    left: u64,
}

impl<'a, R: Read> Complete<Entry<'a, R>> {
    fn new(from: Entry<'a, R>) -> Self {
        Self { left: from.size(), from }
    }
}

impl<R: Read> Read for Complete<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(buffer)?;
        if read == 0 && self.left > 0 && !buffer.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left = self.left.saturating_sub(read as u64);
        Ok(read)
    }
}
