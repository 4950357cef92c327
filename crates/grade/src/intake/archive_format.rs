//! The formats of archives, by the names and the contents of files.

/// An archive's format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Zip,
    Tar,
    TarGz,
}

impl Format {
    /// The supported formats, with the suffixes of their names.
    pub(crate) const SUFFIXES: [(&'static str, Format); 4] = [
        (".zip", Format::Zip),
        (".tar.gz", Format::TarGz),
        (".tgz", Format::TarGz),
        (".tar", Format::Tar),
    ];

    /// The format in words, for messages.
    pub(super) fn description(self) -> &'static str {
        match self {
            Format::Zip => "a zip archive",
            Format::Tar => "a tar archive",
            Format::TarGz => "gzip",
        }
    }

    /// The format for the first bytes of a file (magic(5), as in file(1)).
    pub(super) fn of_content(bytes: &[u8]) -> Option<Self> {
        if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
            Some(Format::Zip)
        } else if bytes.starts_with(b"\x1f\x8b") {
            Some(Format::TarGz)
        } else {
            (bytes.get(257..262) == Some(b"ustar")).then_some(Format::Tar)
        }
    }
}

/// The format for a file name's suffix, and the name without the suffix.
pub(crate) fn by_name(name: &[u8]) -> Option<(Format, &[u8])> {
    Format::SUFFIXES.into_iter().find_map(|(suffix, format)| {
        let stem = name.len().checked_sub(suffix.len()).filter(|length| *length > 0)?;
        let matches = name[stem..].eq_ignore_ascii_case(suffix.as_bytes());
        matches.then_some((format, &name[..stem]))
    })
}
