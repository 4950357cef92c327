//! Zip archives (PKWARE's APPNOTE.TXT; the numbers in the comments below are sections of it).

use super::{Bounded, MAX_UNPACKED_SIZE, damaged};
use crate::intake::folder::kind_name;
use crate::intake::name::{readable, shown};
use crate::intake::rejection::{Rejection, not_a_file, refused};
use crate::intake::tree::{Tree, in_twice};
use nix::sys::stat::SFlag;
use std::collections::BTreeSet;
use std::io::{Cursor, Read};
use zip::result::ZipError;
use zip::{CompressionMethod, ExtraField, ZipArchive};

/// The signature of a central directory header (4.3.12).
const HEADER: &[u8; 4] = b"PK\x01\x02";
/// The size of a central directory header without its variable fields, in bytes (4.3.12).
const HEADER_SIZE: usize = 46;
/// The signature of the zip64 end of central directory record (4.3.14).
const END: &[u8; 4] = b"PK\x06\x06";
/// The offset of the total number of entries in the zip64 end of central directory record (4.3.14).
const END_ENTRIES: usize = 32;
/// The size of a local file header without its variable fields, in bytes (4.3.7).
const LOCAL_HEADER_SIZE: u64 = 30;

/// Reads an archive by its central directory.
pub(super) fn read(bytes: &[u8]) -> Result<Tree, Rejection> {
    // The archive is checked before anything is unpacked.
    check_entry_count(bytes)?;
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| broken(&error))?;
    check_names(bytes, archive.central_directory_start(), archive.len())?;
    check_overlap(&mut archive)?;
    let mut tree = Tree::default();
    let mut left = MAX_UNPACKED_SIZE;
    for index in 0..archive.len() {
        tree.count()?;
        left = add(&mut archive, index, &mut tree, left)?;
    }
    Ok(tree)
}

/// Adds one entry of at most `left` bytes. Returns how many bytes are left for other entries.
fn add(
    archive: &mut ZipArchive<Cursor<&[u8]>>,
    index: usize,
    tree: &mut Tree,
    left: u64,
) -> Result<u64, Rejection> {
    let entry = archive.by_index_raw(index).map_err(|error| broken(&error))?;
    let name = entry.name_raw().to_owned();
    let mode = entry.unix_mode().unwrap_or(0);
    let (is_encrypted, packing) = (entry.encrypted(), entry.compression());
    let modified = entry.extra_data_fields().find_map(utc_time).or_else(|| {
        let time = jiff::civil::DateTime::try_from(entry.last_modified()?).ok()?;
        Some(time.to_zoned(jiff::tz::TimeZone::system()).ok()?.timestamp().as_second())
    });
    drop(entry);
    let Some(path) = tree.archive_path(&name)? else { return Ok(left) };
    let kind = SFlag::from_bits_truncate(mode & libc::S_IFMT);
    if name.ends_with(b"/") || kind == SFlag::S_IFDIR {
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
    let mut from = Bounded { from: entry, left };
    tree.add(path, mode & 0o111 != 0, modified, from.by_ref(), |error| damaged(&error))?;
    Ok(from.left)
}

/// The modification time in UTC. Most programs store it in addition to the local time (Info-ZIP's
/// extended timestamp field).
fn utc_time(field: &ExtraField) -> Option<i64> {
    match field {
        ExtraField::ExtendedTimestamp(times) => times.mod_time().map(i64::from),
        _ => None,
    }
}

/// Refuses an archive that claims more entries than it has headers, because the zip crate allocates
/// memory for the claimed number of entries.
fn check_entry_count(bytes: &[u8]) -> Result<(), Rejection> {
    let entries = bytes.windows(4).filter(|four| four == HEADER).count() as u64;
    for end in bytes.windows(END_ENTRIES + 8).filter(|end| end.starts_with(END)) {
        let claimed = end[END_ENTRIES..].try_into().map_or(u64::MAX, u64::from_le_bytes);
        let on_disk = end[END_ENTRIES - 8..END_ENTRIES].try_into();
        let on_disk = on_disk.map_or(u64::MAX, u64::from_le_bytes);
        if claimed.max(on_disk) > entries {
            return Err(refused(format!(
                "the archive claims {claimed} entries and has {entries}; pack the folder again"
            )));
        }
    }
    Ok(())
}

/// Refuses an archive that has two entries with the same name. Programs that unpack such an archive
/// differ in which of the two entries they keep.
fn check_names(bytes: &[u8], start: u64, distinct: usize) -> Result<(), Rejection> {
    let (mut at, mut entries) = (usize::try_from(start).unwrap_or(usize::MAX), 0);
    let mut names = BTreeSet::new();
    while let Some(header) = bytes.get(at..).and_then(|rest| rest.get(..HEADER_SIZE)) {
        if !header.starts_with(HEADER) {
            break;
        }
        // The lengths of the name, the extra field and the comment (4.3.12).
        let length = |at: usize| usize::from(u16::from_le_bytes([header[at], header[at + 1]]));
        let name = bytes.get(at + HEADER_SIZE..at + HEADER_SIZE + length(28)).unwrap_or_default();
        if !names.insert(name) {
            return Err(in_twice(&shown(name)));
        }
        at += HEADER_SIZE + length(28) + length(30) + length(32);
        entries += 1;
    }
    if entries == distinct {
        return Ok(());
    }
    Err(refused(format!("the archive claims {distinct} entries and has {entries}; pack it again")))
}

/// Refuses entries that share their bytes. With such entries, a small archive can unpack to a very
/// large content (a zip bomb).
fn check_overlap(archive: &mut ZipArchive<Cursor<&[u8]>>) -> Result<(), Rejection> {
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
