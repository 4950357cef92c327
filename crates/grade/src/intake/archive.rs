//! Reads an archive into memory, entry by entry. No entry is written to the path that the entry
//! names.

mod directory;
mod tarred;
mod zipped;

use super::archive_format::Format;
use super::rejection::{Rejection, refused};
use super::tree::Tree;
use flate2::read::MultiGzDecoder;
use std::io::{self, BufReader, Read, Seek};

/// The maximum size of a tar archive's unpacked content, in bytes. A tar archive is read from its
/// beginning to its end, so files that are not kept are unpacked, too. Therefore the limit is far above
/// what a submission needs: a `target/` folder fits. A small archive with a huge content takes a few
/// seconds at most.
const MAX_TAR_SIZE: u64 = 1 << 30;

/// Formats that are not supported, by the first bytes of a file (magic(5), as in file(1)).
const OTHERS: [(&[u8], &str); 6] = [
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"\xfd7zXZ", "xz"),
    (b"BZh", "bzip2"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"%PDF", "a PDF"),
];

/// Reads an archive of `format`. `from` is at its beginning.
pub(crate) fn read(mut from: impl Read + Seek, format: Format) -> Result<Tree, Rejection> {
    let unreadable = |error: io::Error| {
        Rejection::Unreadable(format!("the archive cannot be read: {error}; try again"))
    };
    let mut head = Vec::new();
    from.by_ref().take(HEAD_SIZE).read_to_end(&mut head).map_err(unreadable)?;
    from.rewind().map_err(unreadable)?;
    check_content(&head, format)?;
    match format {
        Format::Zip => zipped::read(from),
        Format::Tar => tarred::read(BufReader::new(from)),
        Format::TarGz => tarred::read(MultiGzDecoder::new(BufReader::new(from))),
    }
}

/// The number of bytes at an archive's beginning that show its format.
const HEAD_SIZE: u64 = 262;

/// Checks that the content has the format that the name says.
fn check_content(bytes: &[u8], format: Format) -> Result<(), Rejection> {
    if bytes.is_empty() {
        return Err(refused("the archive is empty; hand it in again"));
    }
    let by_content = Format::of_content(bytes);
    // An old tar header has no magic number (tar(5)).
    if by_content == Some(format) || (format == Format::Tar && by_content.is_none()) {
        return Ok(());
    }
    let other = OTHERS.iter().find(|(magic, _)| bytes.starts_with(magic));
    let found = by_content.map(Format::description).or(other.map(|(_, name)| *name));
    let found = found.unwrap_or("of an unknown format");
    let named = format.description();
    Err(refused(format!(
        "by its name the submission is {named}, but its content is {found}; pack the folder again"
    )))
}

/// The rejection of an archive that cannot be read to its end.
fn damaged(error: &io::Error) -> Rejection {
    let why = match error.kind() {
        io::ErrorKind::UnexpectedEof => "its end is missing".to_owned(),
        io::ErrorKind::FileTooLarge => return refused(error.to_string()),
        _ => super::name::readable(error.to_string().as_bytes()),
    };
    refused(format!("the archive is damaged: {why}; pack the folder again"))
}

/// A reader that fails if it has read more than a number of bytes.
struct Bounded<R> {
    from: R,
    /// How many bytes may be read.
    left: u64,
    /// The limit for messages, in bytes.
    most: u64,
}

impl<R> Bounded<R> {
    /// A reader that fails if it has read more than `left` bytes. `most` is the whole limit.
    fn new(from: R, left: u64, most: u64) -> Self {
        Self { from, left, most }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(buffer)?;
        self.left = self.left.checked_sub(read as u64).ok_or_else(|| {
            let most = self.most >> 20;
            let reason =
                format!("the archive unpacks to more than {most} MiB; hand in only the sources");
            io::Error::new(io::ErrorKind::FileTooLarge, reason)
        })?;
        Ok(read)
    }
}
