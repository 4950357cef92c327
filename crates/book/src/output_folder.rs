//! The folder of the book. It is written completely or not at all.

use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::Builder;

/// A file that every book has. A folder with this file may be replaced.
const MARK: &str = ".sockproof-book";

/// The folder of the book.
pub(crate) struct OutputFolder(PathBuf);

impl OutputFolder {
    /// Checks that the folder is new or empty, or that it has a book, which will be replaced.
    ///
    /// # Errors
    /// The folder has other files, or it is a file.
    pub(crate) fn new(path: &Path) -> Result<Self> {
        if path.exists() && !path.is_dir() {
            bail!("{}: not a folder; name a folder for the book", path.display());
        }
        let is_empty = match fs::read_dir(path) {
            Ok(mut entries) => entries.next().is_none(),
            Err(_) => true,
        };
        if !is_empty && !path.join(MARK).is_file() {
            bail!(
                "{}: the folder has files that are no book; name a new or empty folder",
                path.display()
            );
        }
        let path = std::path::absolute(path)
            .with_context(|| format!("{}: cannot find the current folder", path.display()))?;
        Ok(Self(path))
    }

    /// The folder's absolute path.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Calls `render` with a temporary folder for the sources and a folder for the book, both beside
    /// this folder, and then puts the book in this folder's place.
    ///
    /// # Errors
    /// The errors of `render`, or a folder cannot be written. The last book is still there then.
    pub(crate) fn write(&self, render: impl FnOnce(&Path, &Path) -> Result<()>) -> Result<()> {
        let parent = self.0.parent().unwrap_or(Path::new("/"));
        let cannot_write = || format!("{}: cannot write there", self.0.display());
        fs::create_dir_all(parent).with_context(cannot_write)?;
        let unfinished =
            Builder::new().prefix(".book").tempdir_in(parent).with_context(cannot_write)?;
        let [source, book] = ["source", "book"].map(|name| unfinished.path().join(name));
        render(&source, &book)?;
        fs::write(book.join(MARK), "").with_context(cannot_write)?;
        if self.0.exists() {
            fs::rename(&self.0, unfinished.path().join("last")).with_context(cannot_write)?;
        }
        fs::rename(&book, &self.0).with_context(cannot_write)
    }
}
