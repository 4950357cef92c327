//! The folder of results.

use crate::report::{Class, csv, html, junit};
use crate::store::FILE;
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::{fs, io};
use xtask::place;

/// The folder of results, that can be written.
pub(crate) struct OutputFolder {
    folder: PathBuf,
}

/// What is written beside the results file.
const CSV: &str = "grades.csv";
const PAGES: &str = "index.html";
const JUNIT: &str = "junit.xml";
const WRITTEN: [&str; 4] = [CSV, PAGES, "students", JUNIT];

impl OutputFolder {
    /// Makes the folder where there is none.
    ///
    /// # Errors
    /// One that cannot be written, or that holds files of the same names from elsewhere.
    pub(crate) fn open(folder: &Path) -> Result<Self> {
        let shown = folder.display();
        fs::create_dir_all(folder)
            .with_context(|| format!("--out {shown}: there can be no such folder"))?;
        let folder = fs::canonicalize(folder).with_context(|| format!("--out {shown}"))?;
        if !folder.join(FILE).exists()
            && let Some(name) = WRITTEN.iter().find(|name| folder.join(name).exists())
        {
            bail!("--out {shown}: {name} is there already, from elsewhere; choose another folder");
        }
        tempfile::tempfile_in(&folder)
            .map_err(|error| io::Error::from(error.kind()))
            .with_context(|| format!("--out {shown}: cannot write there"))?;
        Ok(Self { folder })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.folder
    }

    /// Where programs for these results are built: not among them, for they may be published.
    pub(super) fn build_folder(&self) -> PathBuf {
        let hash = blake3::hash(self.folder.as_os_str().as_encoded_bytes()).to_hex();
        place::target().join("grade/workshops").join(&hash[..16])
    }

    /// Removes what was built, once all is graded.
    pub(super) fn tidy(&self) {
        // What is left is found again, or removed with the target folder.
        let _ = fs::remove_dir_all(self.build_folder());
    }

    /// Writes every format, and returns the files to look at.
    pub(super) fn write(&self, class: &Class<'_>) -> Result<Vec<PathBuf>> {
        let [csv, pages, junit] = [CSV, PAGES, JUNIT].map(|name| self.folder.join(name));
        csv::write(class, &csv)?;
        html::write(class, &self.folder)?;
        junit::write(class, &junit)?;
        Ok(vec![pages, csv, junit])
    }
}
