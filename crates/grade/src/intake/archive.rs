//! Reads an archive, in memory and entry by entry: nothing is ever unpacked by its path.

mod tarred;
mod zipped;

use super::Rejection;
use super::tree::{Tree, refused};
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{self, Read};

/// Bytes of an archive.
const LARGEST: u64 = 64 << 20;
/// Bytes of an archive once it is unpacked, with all that nobody wants.
const UNPACKED: u64 = 128 << 20;

/// An archive's format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Zip,
    Tar,
    TarGz,
}

/// What the first bytes of a file say of other formats (file(1), its magic numbers).
const OTHERS: [(&[u8], &str); 6] = [
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"\xfd7zXZ", "xz"),
    (b"BZh", "bzip2"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"%PDF", "a PDF"),
];

impl Format {
    /// Those that are read, by the end of their names.
    pub(crate) const SUFFIXES: [(&'static str, Format); 4] = [
        (".zip", Format::Zip),
        (".tar.gz", Format::TarGz),
        (".tgz", Format::TarGz),
        (".tar", Format::Tar),
    ];

    fn words(self) -> &'static str {
        match self {
            Format::Zip => "a zip archive",
            Format::Tar => "a tar archive",
            Format::TarGz => "gzip",
        }
    }

    fn of_content(bytes: &[u8]) -> Option<Self> {
        if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
            Some(Format::Zip)
        } else if bytes.starts_with(b"\x1f\x8b") {
            Some(Format::TarGz)
        } else {
            (bytes.get(257..262) == Some(b"ustar")).then_some(Format::Tar)
        }
    }
}

/// The format that a file's name tells, and the name without it.
pub(crate) fn by_name(name: &[u8]) -> Option<(Format, &[u8])> {
    Format::SUFFIXES.into_iter().find_map(|(suffix, format)| {
        let stem = name.len().checked_sub(suffix.len()).filter(|length| *length > 0)?;
        let matches = name[stem..].eq_ignore_ascii_case(suffix.as_bytes());
        matches.then_some((format, &name[..stem]))
    })
}

/// Reads an archive of `format`.
pub(crate) fn read(file: File, format: Format) -> Result<Tree, Rejection> {
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| {
        Rejection::Unreadable(format!("the archive cannot be read: {error}; try again"))
    })?;
    if bytes.len() as u64 > LARGEST {
        let most = LARGEST >> 20;
        let words = format!("the archive has more than {most} MiB; hand in the sources alone");
        return Err(refused(words));
    }
    check_content(&bytes, format)?;
    match format {
        Format::Zip => zipped::read(&bytes),
        Format::Tar => tarred::read(&bytes[..]),
        Format::TarGz => tarred::read(MultiGzDecoder::new(&bytes[..])),
    }
}

/// Refuses a content that is of another format than the name says.
fn check_content(bytes: &[u8], format: Format) -> Result<(), Rejection> {
    if bytes.is_empty() {
        return Err(refused("the archive is empty; hand it in again"));
    }
    let by_content = Format::of_content(bytes);
    // Old tar headers have no magic number.
    if by_content == Some(format) || (format == Format::Tar && by_content.is_none()) {
        return Ok(());
    }
    let other = OTHERS.iter().find(|(magic, _)| bytes.starts_with(magic));
    let found = by_content.map(Format::words).or(other.map(|(_, words)| *words));
    let found = found.unwrap_or("nothing that is known");
    let named = format.words();
    Err(refused(format!(
        "by its name it is {named}, by its content {found}; pack the folder again"
    )))
}

/// Why an archive could not be read to its end.
fn damaged(error: &io::Error) -> Rejection {
    let why = match error.kind() {
        io::ErrorKind::UnexpectedEof => "it breaks off".to_owned(),
        io::ErrorKind::FileTooLarge => return refused(error.to_string()),
        _ => super::name::readable(error.to_string().as_bytes()),
    };
    refused(format!("the archive is damaged: {why}; pack the folder again"))
}

/// A reader that fails once it has given more than [`UNPACKED`] bytes.
struct Bounded<R> {
    from: R,
    left: u64,
}

impl<R> Bounded<R> {
    fn new(from: R) -> Self {
        Self { from, left: UNPACKED }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(buffer)?;
        self.left = self.left.checked_sub(read as u64).ok_or_else(|| {
            let most = UNPACKED >> 20;
            let words =
                format!("the archive unpacks to more than {most} MiB; hand in the sources alone");
            io::Error::new(io::ErrorKind::FileTooLarge, words)
        })?;
        Ok(read)
    }
}
