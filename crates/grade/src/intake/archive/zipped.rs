//! Zip archives (PKWARE's APPNOTE.TXT, whose sections are named below).

use super::{Bounded, damaged};
use crate::intake::Rejection;
use crate::intake::folder::called;
use crate::intake::tree::{Tree, no_file, refused, shown};
use nix::sys::stat::SFlag;
use std::io::{Cursor, Read};
use zip::result::ZipError;
use zip::{CompressionMethod, ExtraField, ZipArchive};

/// The signature of an entry of the central directory (4.3.12), and its length without the names.
const ENTRY: (&[u8; 4], usize) = (b"PK\x01\x02", 46);
/// The end of the central directory in zip64 (4.3.14), and where it has the number of entries.
const END: (&[u8; 4], usize) = (b"PK\x06\x06", 32);
/// Bytes of a local header without the names (4.3.7).
const LOCAL: u64 = 30;

/// Reads an archive, of which central directory tells what is in it.
pub(super) fn read(bytes: &[u8]) -> Result<Tree, Rejection> {
    check_claims(bytes)?;
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| broken(&error))?;
    check_twice(bytes, archive.central_directory_start(), archive.len())?;
    check_overlap(&mut archive)?;
    let mut tree = Tree::default();
    let mut left = super::UNPACKED;
    for index in 0..archive.len() {
        tree.count()?;
        left = add(&mut archive, index, &mut tree, left)?;
    }
    Ok(tree)
}

/// Adds one entry, of at most `left` bytes; what is left then.
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
    let modified = entry.extra_data_fields().find_map(time).or_else(|| {
        let time = jiff::civil::DateTime::try_from(entry.last_modified()?).ok()?;
        Some(time.to_zoned(jiff::tz::TimeZone::system()).ok()?.timestamp().as_second())
    });
    drop(entry);
    let Some(path) = tree.archived(&name)? else { return Ok(left) };
    let kind = SFlag::from_bits_truncate(mode & libc::S_IFMT);
    if name.ends_with(b"/") || kind == SFlag::S_IFDIR {
        return Ok(left);
    }
    if !kind.is_empty() && kind != SFlag::S_IFREG {
        return Err(no_file(&name, called(kind)));
    }
    if is_encrypted {
        let words = format!("{} is encrypted; pack the folder without a password", shown(&name));
        return Err(refused(words));
    }
    if !matches!(packing, CompressionMethod::Stored | CompressionMethod::Deflated) {
        let words =
            format!("{} is packed as {packing:?}; pack the folder with deflate", shown(&name));
        return Err(refused(words));
    }
    let entry = archive.by_index(index).map_err(|error| broken(&error))?;
    let mut from = Bounded { from: entry, left };
    tree.add(path, mode & 0o111 != 0, modified, from.by_ref(), |error| damaged(&error))?;
    Ok(from.left)
}

/// The time in UTC that most programs add to the local time.
fn time(field: &ExtraField) -> Option<i64> {
    match field {
        ExtraField::ExtendedTimestamp(times) => times.mod_time().map(i64::from),
        _ => None,
    }
}

/// Refuses an archive that claims more entries than it can have: room is made for them at once.
fn check_claims(bytes: &[u8]) -> Result<(), Rejection> {
    let entries = bytes.windows(4).filter(|four| four == ENTRY.0).count() as u64;
    for end in bytes.windows(END.1 + 8).filter(|end| end.starts_with(END.0)) {
        let claimed = end[END.1..].try_into().map_or(u64::MAX, u64::from_le_bytes);
        let before = end[END.1 - 8..END.1].try_into().map_or(u64::MAX, u64::from_le_bytes);
        if claimed.max(before) > entries {
            let words = format!("the archive claims {claimed} entries and has {entries}");
            return Err(refused(format!("{words}; pack the folder again")));
        }
    }
    Ok(())
}

/// Refuses an archive with two entries of one name: which of them counts?
fn check_twice(bytes: &[u8], start: u64, distinct: usize) -> Result<(), Rejection> {
    let (mut at, mut entries) = (usize::try_from(start).unwrap_or(usize::MAX), 0);
    let mut names = std::collections::BTreeSet::new();
    while let Some(header) = bytes.get(at..).and_then(|rest| rest.get(..ENTRY.1)) {
        if !header.starts_with(ENTRY.0) {
            break;
        }
        let length = |at: usize| usize::from(u16::from_le_bytes([header[at], header[at + 1]]));
        let name = bytes.get(at + ENTRY.1..at + ENTRY.1 + length(28)).unwrap_or_default();
        if !names.insert(name) {
            return Err(refused(format!("{} is in it twice; hand in one of them", shown(name))));
        }
        at += ENTRY.1 + length(28) + length(30) + length(32);
        entries += 1;
    }
    if entries == distinct {
        return Ok(());
    }
    Err(refused(format!("the archive claims {distinct} entries and has {entries}; pack it again")))
}

/// Refuses entries that share their bytes, of which a small archive has a great content.
fn check_overlap(archive: &mut ZipArchive<Cursor<&[u8]>>) -> Result<(), Rejection> {
    let mut places = Vec::new();
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).map_err(|error| broken(&error))?;
        let end =
            entry.header_start().saturating_add(LOCAL).saturating_add(entry.compressed_size());
        places.push((entry.header_start(), end, entry.name_raw().to_owned()));
    }
    places.sort();
    match places.windows(2).find(|pair| pair[1].0 < pair[0].1) {
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
            let why = crate::intake::name::readable(other.to_string().as_bytes());
            refused(format!("the archive is damaged: {why}; pack the folder again"))
        }
    }
}
