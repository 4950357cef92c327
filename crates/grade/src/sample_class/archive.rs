//! Reproducible archives: the same files always give the same bytes.

use super::Files;
use anyhow::{Context, Result};
use flate2::{Compression, GzBuilder};
use std::io::{Cursor, Write};
use std::path::Path;
use zip::write::SimpleFileOptions;

/// The time of all files: 15 January 2026, noon UTC, in seconds since 1970.
pub const FILE_TIME: u32 = 1_768_478_400;

/// A `.tar.gz` of these files.
///
/// # Errors
/// A path is too long for a tar archive.
pub fn tar_gz(files: &Files) -> Result<Vec<u8>> {
    let packed = GzBuilder::new().mtime(FILE_TIME).write(Vec::new(), Compression::default());
    let mut archive = tar::Builder::new(packed);
    for (path, file) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(file.bytes.len() as u64);
        header.set_mode(mode(file.is_executable));
        header.set_mtime(u64::from(FILE_TIME));
        archive.append_data(&mut header, path, file.bytes.as_slice())?;
    }
    Ok(archive.into_inner()?.finish()?)
}

/// A `.zip` of these files.
///
/// # Errors
/// A path is not UTF-8.
pub fn zip(files: &Files) -> Result<Vec<u8>> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let noon = zip::DateTime::from_date_and_time(2026, 1, 15, 12, 0, 0)?;
    for (path, file) in files {
        let options = SimpleFileOptions::default()
            .last_modified_time(noon)
            .unix_permissions(mode(file.is_executable));
        archive.start_file(name(path)?, options)?;
        archive.write_all(&file.bytes)?;
    }
    Ok(archive.finish()?.into_inner())
}

fn mode(is_executable: bool) -> u32 {
    if is_executable { 0o755 } else { 0o644 }
}

fn name(path: &Path) -> Result<&str> {
    path.to_str().with_context(|| format!("{} is not UTF-8", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample_class::crates::plain;

    #[test]
    fn the_same_files_give_the_same_bytes() {
        let files = Files::from([("src/main.rs".into(), plain("fn main() {}\n"))]);
        assert_eq!(zip(&files).unwrap(), zip(&files).unwrap());
        assert_eq!(tar_gz(&files).unwrap(), tar_gz(&files).unwrap());
    }
}
