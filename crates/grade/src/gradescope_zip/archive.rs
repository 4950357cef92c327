//! Writes a reproducible zip archive: the same content gives the same bytes.

use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;
use terminal::interrupt;
use terminal::output::Destination;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// The content of an archive that is not written yet.
pub(super) struct Archive {
    /// The archive's file.
    path: PathBuf,
    /// The mode and the source of each entry, by name.
    entries: BTreeMap<String, (u32, Source)>,
}

/// The source of an entry's content.
enum Source {
    Text(String),
    File(PathBuf),
    Folder,
}

impl Archive {
    /// An empty archive, to be written to `path`.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(super) fn new(path: &Path) -> Result<Self> {
        Destination::new("--out", Some(path))?;
        Ok(Self { path: path.to_owned(), entries: BTreeMap::new() })
    }

    /// Adds a text file.
    pub(super) fn text(&mut self, name: &str, text: &str, mode: u32) {
        self.entries.insert(name.to_owned(), (mode, Source::Text(text.to_owned())));
    }

    /// Adds a file of this machine, which is read when the archive is written.
    pub(super) fn file(&mut self, name: String, file: PathBuf, mode: u32) {
        self.entries.insert(name, (mode, Source::File(file)));
    }

    /// Adds an empty folder.
    pub(super) fn folder(&mut self, name: String) {
        self.entries.insert(name, (0o755, Source::Folder));
    }

    /// Adds each regular file below `folder` if `wanted` returns true for the file's path relative
    /// to `folder`.
    ///
    /// # Errors
    /// A folder cannot be read.
    pub(super) fn tree(
        &mut self,
        name: &str,
        folder: &Path,
        wanted: &dyn Fn(&Path) -> bool,
    ) -> Result<()> {
        let mut folders = vec![folder.to_owned()];
        while let Some(next) = folders.pop() {
            let entries =
                fs::read_dir(&next).with_context(|| format!("cannot read {}", next.display()))?;
            for entry in entries {
                let path = entry?.path();
                let kind = fs::symlink_metadata(&path)?;
                let inside = path.strip_prefix(folder).unwrap_or(&path).to_owned();
                if kind.is_dir() {
                    folders.push(path);
                } else if kind.is_file() && wanted(&inside) {
                    let mode = if kind.permissions().mode() & 0o111 != 0 { 0o755 } else { 0o644 };
                    self.file(format!("{name}/{}", inside.display()), path, mode);
                }
            }
        }
        Ok(())
    }

    /// The names of the entries.
    #[cfg(test)]
    pub(super) fn names(&self) -> Vec<&str> {
        self.entries.keys().map(String::as_str).collect()
    }

    /// Writes the archive, completely or not at all. Returns its size in bytes.
    ///
    /// # Errors
    /// A file cannot be read or written; or Ctrl-C was pressed.
    pub(super) fn write(self) -> Result<u64> {
        let written = || format!("cannot write {}", self.path.display());
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let file = NamedTempFile::new_in(folder.unwrap_or(Path::new("."))).with_context(written)?;
        let mut zip = ZipWriter::new(BufWriter::new(file));
        for (name, (mode, source)) in &self.entries {
            if interrupt::requested() {
                bail!("stopped");
            }
            add(&mut zip, name, *mode, source).with_context(|| format!("cannot add {name}"))?;
        }
        let file = zip.finish().with_context(written)?;
        let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
        let size = file.as_file().metadata()?.len();
        fs::set_permissions(file.path(), PermissionsExt::from_mode(0o644))?;
        file.persist(&self.path).with_context(written)?;
        Ok(size)
    }
}

fn add(
    zip: &mut ZipWriter<BufWriter<NamedTempFile>>,
    name: &str,
    mode: u32,
    source: &Source,
) -> Result<()> {
    // All entries have the same time: 1980, the earliest time that the zip format permits.
    let options = SimpleFileOptions::default()
        .last_modified_time(zip::DateTime::default())
        .unix_permissions(mode);
    match source {
        Source::Text(text) => {
            zip.start_file(name, options)?;
            zip.write_all(text.as_bytes())?;
        }
        Source::File(path) => {
            zip.start_file(name, options)?;
            io::copy(&mut File::open(path)?, zip)?;
        }
        Source::Folder => zip.add_directory(name, options)?,
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_content_gives_the_same_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("source");
        fs::create_dir_all(source.join("a/b")).unwrap();
        fs::write(source.join("a/b/c.rs"), "fn main() {}").unwrap();
        fs::write(source.join("a/left-out"), "").unwrap();
        let bytes = |name: &str| {
            let path = folder.path().join(name);
            let mut archive = Archive::new(&path).unwrap();
            archive.text("setup.sh", "true", 0o755);
            archive.folder("empty".into());
            let is_rust = |path: &Path| path.extension().is_some_and(|end| end == "rs");
            archive.tree("course", &source, &is_rust).unwrap();
            archive.write().unwrap();
            fs::read(path).unwrap()
        };
        assert_eq!(bytes("one.zip"), bytes("two.zip"));
        let mut zip = zip::ZipArchive::new(io::Cursor::new(bytes("three.zip"))).unwrap();
        let names: Vec<_> = zip.file_names().map(str::to_owned).collect();
        assert_eq!(names, ["course/a/b/c.rs", "empty/", "setup.sh"]);
        assert_eq!(
            zip.by_name("setup.sh").unwrap().unix_mode().map(|mode| mode & 0o777),
            Some(0o755)
        );
    }
}
