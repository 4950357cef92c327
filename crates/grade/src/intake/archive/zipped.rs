//! Zip archives (PKWARE's APPNOTE.TXT; the numbers in the comments below are sections of it).

use super::directory::{self, Directory};
use super::{Bounded, damaged};
use crate::intake::folder::kind_name;
use crate::intake::name::{readable, shown};
use crate::intake::rejection::{Rejection, not_a_file, refused};
use crate::intake::tree::Tree;
use nix::sys::stat::SFlag;
use std::io::{Read, Seek};
use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

/// The size of a local file header without its variable fields, in bytes (4.3.7).
const LOCAL_HEADER_SIZE: u64 = 30;
/// The maximum size of the unpacked files, in bytes. Ignored files are not unpacked.
const MAX_UNPACKED_SIZE: u64 = 128 << 20;

/// Reads an archive by its central directory.
pub(super) fn read(mut from: impl Read + Seek) -> Result<Tree, Rejection> {
    // The number of entries, their names and their places are checked before anything is unpacked.
    let Directory { headers, first, names, ignored } = directory::read(&mut from)?;
    let reader = directory::spliced(from, first, headers, names.len())?;
    let mut archive = ZipArchive::new(reader).map_err(|error| broken(&error))?;
    if archive.len() != names.len() {
        return Err(refused("the archive's entries are inconsistent; pack the folder again"));
    }
    check_overlap(&mut archive)?;
    let mut tree = Tree::default();
    tree.ignored = ignored;
    let mut left = MAX_UNPACKED_SIZE;
    for index in 0..archive.len() {
        left = add(&mut archive, index, &mut tree, left)?;
    }
    Ok(tree)
}

/// Adds one entry of at most `left` bytes. Returns how many bytes are left for other entries.
fn add(
    archive: &mut ZipArchive<impl Read + Seek>,
    index: usize,
    tree: &mut Tree,
    left: u64,
) -> Result<u64, Rejection> {
    let entry = archive.by_index_raw(index).map_err(|error| broken(&error))?;
    let name = entry.name_raw().to_owned();
    let mode = entry.unix_mode().unwrap_or(0);
    let (is_encrypted, packing) = (entry.encrypted(), entry.compression());
    drop(entry);
    let Some(path) = tree.archive_path(&name)? else { return Ok(left) };
    tree.count()?;
    let kind = SFlag::from_bits_truncate(mode & libc::S_IFMT);
    if name.ends_with(b"/") || name.ends_with(b"\\") || kind == SFlag::S_IFDIR {
        return Ok(left);
    }
    if !kind.is_empty() && kind != SFlag::S_IFREG {
        return Err(not_a_file(&name, kind_name(kind)));
    }
    if is_encrypted {
        let name = shown(&name);
        return Err(refused(format!("{name} is encrypted; pack the folder without a password")));
    }
    if !matches!(packing, CompressionMethod::Stored | CompressionMethod::Deflated) {
        let name = shown(&name);
        return Err(refused(format!(
            "{name} is compressed with {packing:?}; pack the folder with deflate"
        )));
    }
    let entry = archive.by_index(index).map_err(|error| broken(&error))?;
    let mut from = Bounded::new(entry, left, MAX_UNPACKED_SIZE);
    tree.add(path, mode & 0o111 != 0, from.by_ref(), |error| damaged(&error))?;
    Ok(from.left)
}

/// Refuses entries that share their bytes. With such entries, a small archive can unpack to a very
/// large content (a zip bomb).
fn check_overlap(archive: &mut ZipArchive<impl Read + Seek>) -> Result<(), Rejection> {
    let mut ranges = Vec::new();
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).map_err(|error| broken(&error))?;
        let start = entry.header_start();
        let end = start.saturating_add(LOCAL_HEADER_SIZE).saturating_add(entry.compressed_size());
        ranges.push((start, end, entry.name_raw().to_owned()));
    }
    ranges.sort();
    match ranges.windows(2).find(|pair| pair[1].0 < pair[0].1) {
        Some(pair) => {
            let (one, other) = (shown(&pair[0].2), shown(&pair[1].2));
            Err(refused(format!("{one} and {other} share their bytes; pack the folder again")))
        }
        None => Ok(()),
    }
}

fn broken(error: &ZipError) -> Rejection {
    match error {
        ZipError::Io(error) => damaged(error),
        other => {
            let why = readable(other.to_string().as_bytes());
            refused(format!("the archive is damaged: {why}; pack the folder again"))
        }
    }
}
