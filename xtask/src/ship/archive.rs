//! The archive of a hand-in: `.tar.gz`.

use super::hand_in::HandInFile;
use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use tar::{Builder, Header};

/// The bytes of an archive with these files. The same files always give the same bytes: the archive
/// has neither times nor owners.
///
/// # Errors
/// A file cannot be read. The error names the file.
pub(super) fn write(files: &[HandInFile]) -> Result<Vec<u8>> {
    let mut archive = Builder::new(GzEncoder::new(Vec::new(), Compression::best()));
    for file in files {
        let place = || format!("cannot read {}", file.path.display());
        let bytes = fs::read(&file.path).with_context(place)?;
        let mode = fs::metadata(&file.path).with_context(place)?.permissions().mode();
        let mut header = Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(if mode & 0o100 == 0 { 0o644 } else { 0o755 });
        archive.append_data(&mut header, &file.name, bytes.as_slice())?;
    }
    Ok(archive.into_inner()?.finish()?)
}
