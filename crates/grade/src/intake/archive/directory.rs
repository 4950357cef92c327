//! The central directory of a zip archive, without the entries that are ignored (PKWARE's
//! APPNOTE.TXT; the numbers in the comments below are sections of it).
//!
//! The zip crate allocates memory for every entry of an archive. Therefore the headers are read
//! here first, one after the other, and the zip crate gets an archive that has only the headers of
//! the entries that are not ignored. An archive with a million entries below `target/` needs no
//! more memory than an archive without them.

use super::damaged;
use crate::intake::name::{NamePart, classify, shown};
use crate::intake::rejection::{Rejection, refused};
use crate::intake::tree::{Ignored, MAX_ENTRIES, in_twice};
use std::collections::BTreeSet;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};

/// The signature of a central directory header (4.3.12).
const HEADER: &[u8] = b"PK\x01\x02";
/// The size of a central directory header without its variable fields, in bytes (4.3.12).
const HEADER_SIZE: usize = 46;
/// The place of the name's length in a central directory header (4.3.12).
const NAME_LENGTH: usize = 28;
/// The signature of the end of central directory record (4.3.16).
const END: &[u8] = b"PK\x05\x06";
/// The size of the end of central directory record without its comment, in bytes (4.3.16).
const END_SIZE: usize = 22;
/// The signature and the size of the zip64 end of central directory locator (4.3.15).
const LOCATOR: &[u8] = b"PK\x06\x07";
const LOCATOR_SIZE: usize = 20;
/// The signature and the size of the zip64 end of central directory record (4.3.14).
const END64: &[u8] = b"PK\x06\x06";
const END64_SIZE: usize = 56;
/// The maximum size of the headers that are kept, in bytes.
const MAX_HEADERS: usize = 16 << 20;

/// The headers of the entries that are not ignored.
pub(super) struct Directory {
    /// The headers as they are in the archive.
    pub(super) headers: Vec<u8>,
    /// The place in the file where the archive begins. It is more than 0 if something was put in
    /// front of the archive.
    pub(super) first: u64,
    /// The names of the entries.
    pub(super) names: BTreeSet<Vec<u8>>,
    /// The files and folders of the entries that are ignored.
    pub(super) ignored: Ignored,
}

/// What the end of the archive says about the central directory.
struct Claim {
    entries: u64,
    size: u64,
    offset: u64,
    /// The place in the file after the central directory.
    end: u64,
}

/// Reads the central directory.
///
/// # Errors
/// The archive is damaged or inconsistent, has two entries of one name, or has too many entries.
pub(super) fn read(from: &mut (impl Read + Seek)) -> Result<Directory, Rejection> {
    let claim = claim(from)?;
    let most = claim.size / HEADER_SIZE as u64;
    if claim.entries > most {
        return Err(refused(format!(
            "the archive claims {} entries and has room for {most}; pack the folder again",
            claim.entries
        )));
    }
    let Some(start) = claim.end.checked_sub(claim.size) else { return Err(no_directory()) };
    let Some(first) = start.checked_sub(claim.offset) else { return Err(no_directory()) };
    from.seek(SeekFrom::Start(start)).map_err(|error| damaged(&error))?;
    let mut from = BufReader::new(from.take(claim.size));
    let (names, ignored) = (BTreeSet::new(), Ignored::default());
    let mut directory = Directory { headers: Vec::new(), first, names, ignored };
    let mut found = 0;
    while let Some(header) = next_header(&mut from)? {
        found += 1;
        let name = header[HEADER_SIZE..][..number(&header, NAME_LENGTH, 2) as usize].to_vec();
        if let Some(path) = ignored_path(&name) {
            directory.ignored.add(&path);
            continue;
        }
        directory.headers.extend(header);
        if directory.names.len() >= MAX_ENTRIES || directory.headers.len() > MAX_HEADERS {
            return Err(refused(format!(
                "the archive holds more than {MAX_ENTRIES} entries; hand in only the sources"
            )));
        }
        // Programs that unpack two entries of one name differ in which of the two they keep.
        if let Some(twice) = directory.names.replace(name) {
            return Err(in_twice(&shown(&twice)));
        }
    }
    match found == claim.entries {
        true => Ok(directory),
        false => Err(refused(format!(
            "the archive claims {} entries and has {found}; pack the folder again",
            claim.entries
        ))),
    }
}

/// The archive with these headers as its central directory.
pub(super) fn spliced<R: Read + Seek>(
    from: R,
    first: u64,
    headers: Vec<u8>,
    entries: usize,
) -> Result<impl Read + Seek, Rejection> {
    let size = u32::try_from(headers.len()).map_err(|_| no_directory())?;
    let mut from = Spliced { from, first, start: 0, tail: Cursor::new(headers), at: 0 };
    let length = from.from.seek(SeekFrom::End(0)).map_err(|error| damaged(&error))?;
    from.start = length.saturating_sub(first);
    let Ok(start) = u32::try_from(from.start) else {
        return Err(refused("the archive has more than 4 GiB; hand in only the sources"));
    };
    // The end of central directory record (4.3.16). An archive has at most MAX_ENTRIES entries
    // here, so their number always fits.
    let count = u16::try_from(entries).unwrap_or(u16::MAX).to_le_bytes();
    let tail = from.tail.get_mut();
    tail.extend(END);
    tail.extend([0; 4]);
    tail.extend(count);
    tail.extend(count);
    tail.extend(size.to_le_bytes());
    tail.extend(start.to_le_bytes());
    tail.extend([0; 2]);
    from.rewind().map_err(|error| damaged(&error))?;
    Ok(from)
}

/// A file with other bytes behind its end.
struct Spliced<R> {
    from: R,
    /// The place in the file that is the reader's place 0.
    first: u64,
    /// The reader's place where `tail` begins.
    start: u64,
    tail: Cursor<Vec<u8>>,
    /// The reader's place.
    at: u64,
}

impl<R: Read + Seek> Read for Spliced<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = match self.start.checked_sub(self.at) {
            None | Some(0) => {
                self.tail.set_position(self.at - self.start);
                self.tail.read(buffer)?
            }
            Some(left) => {
                let most = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
                self.from.read(&mut buffer[..most])?
            }
        };
        self.at += read as u64;
        Ok(read)
    }
}

impl<R: Read + Seek> Seek for Spliced<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let end = self.start + self.tail.get_ref().len() as u64;
        let place = match to {
            SeekFrom::Start(place) => Some(place),
            SeekFrom::End(by) => end.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = place.ok_or(io::ErrorKind::InvalidInput)?;
        if self.at < self.start {
            self.from.seek(SeekFrom::Start(self.first + self.at))?;
        }
        Ok(self.at)
    }
}

/// What the archive's end says.
fn claim(from: &mut (impl Read + Seek)) -> Result<Claim, Rejection> {
    // The last bytes: the end record, its comment of at most 65535 bytes, and the zip64 locator.
    let length = from.seek(SeekFrom::End(0)).map_err(|error| damaged(&error))?;
    let window = length.min((END_SIZE + LOCATOR_SIZE + usize::from(u16::MAX)) as u64);
    let bytes = bytes_at(from, length - window, window as usize)?;
    let found = (0..=bytes.len().saturating_sub(END_SIZE)).rev().find(|at| is_end(&bytes, *at));
    let at = found.ok_or_else(no_directory)?;
    let end = length - window + at as u64;
    let locator = at.checked_sub(LOCATOR_SIZE).map(|start| &bytes[start..at]);
    if let Some(locator) = locator.filter(|locator| locator.starts_with(LOCATOR)) {
        return claim64(from, number(locator, 8, 8));
    }
    let record = &bytes[at..];
    let (entries, size, offset) =
        (number(record, 10, 2), number(record, 12, 4), number(record, 16, 4));
    Ok(Claim { entries, size, offset, end })
}

/// Whether an end record is here: its comment ends where the file ends.
fn is_end(bytes: &[u8], at: usize) -> bool {
    let record = &bytes[at..];
    record.starts_with(END) && number(record, 20, 2) == (record.len() - END_SIZE) as u64
}

/// What the zip64 end record at this place says.
fn claim64(from: &mut (impl Read + Seek), end: u64) -> Result<Claim, Rejection> {
    let record = bytes_at(from, end, END64_SIZE)?;
    if !record.starts_with(END64) {
        return Err(no_directory());
    }
    let (entries, size, offset) =
        (number(&record, 32, 8), number(&record, 40, 8), number(&record, 48, 8));
    Ok(Claim { entries, size, offset, end })
}

/// The next header with its variable fields; `None` at the end of the central directory.
fn next_header(from: &mut impl Read) -> Result<Option<Vec<u8>>, Rejection> {
    let mut header = Vec::with_capacity(HEADER_SIZE);
    let part = |from: &mut dyn Read, size: usize, header: &mut Vec<u8>| {
        from.take(size as u64).read_to_end(header).map_err(|error| damaged(&error))
    };
    part(from, HEADER_SIZE, &mut header)?;
    if header.len() < HEADER_SIZE || !header.starts_with(HEADER) {
        return Ok(None);
    }
    // The lengths of the name, the extra field and the comment (4.3.12).
    let [name, extra, comment] = [NAME_LENGTH, 30, 32].map(|at| number(&header, at, 2) as usize);
    let all = name + extra + comment;
    if part(from, all, &mut header)? < all {
        return Err(no_directory());
    }
    Ok(Some(header))
}

/// The path of the file or folder in this name that is ignored. A name that leads outside is not
/// ignored but refused.
fn ignored_path(name: &[u8]) -> Option<Vec<u8>> {
    let parts = || name.split(|byte| matches!(byte, b'/' | b'\\')).filter(|part| *part != b".");
    if name.contains(&0) || parts().any(|part| part == b"..") {
        return None;
    }
    let place = parts().position(|part| classify(part) == NamePart::Ignored)?;
    Some(parts().take(place + 1).collect::<Vec<_>>().join(&b'/'))
}

fn bytes_at(from: &mut (impl Read + Seek), at: u64, size: usize) -> Result<Vec<u8>, Rejection> {
    let mut bytes = vec![0; size];
    let read = from.seek(SeekFrom::Start(at)).and_then(|_| from.read_exact(&mut bytes));
    read.map_err(|error| damaged(&error))?;
    Ok(bytes)
}

/// The number of `size` bytes at this place, with the lowest byte first.
fn number(bytes: &[u8], at: usize, size: usize) -> u64 {
    bytes[at..at + size].iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

fn no_directory() -> Rejection {
    refused("the archive is damaged: its list of files is missing; pack the folder again")
}
