//! The folder for the results.

use crate::report::{Class, csv, gradebooks, html, junit, rates};
use crate::store::FILE;
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::{fs, io};
use terminal::paths;

/// The folder for the results. The grader can write to this folder.
pub(crate) struct OutputFolder {
    folder: PathBuf,
}

/// The files and folders that are written beside the database.
const CSV: &str = "grades.csv";
const PAGES: &str = "index.html";
const JUNIT: &str = "junit.xml";
const CANVAS: &str = "canvas.csv";
const MOODLE: &str = "moodle.csv";
const RATES: &str = "criteria.csv";
const COPIES: &str = "copies.html";
const WRITTEN: [&str; 9] =
    [CSV, PAGES, "students", JUNIT, CANVAS, MOODLE, RATES, COPIES, "feedback"];

impl OutputFolder {
    /// Opens the folder, and creates it if there is none.
    ///
    /// # Errors
    /// The folder cannot be created or written, or it has files with the same names that the grader
    /// did not write.
    pub(crate) fn open(folder: &Path) -> Result<Self> {
        let shown = folder.display();
        fs::create_dir_all(folder)
            .with_context(|| format!("--out {shown}: cannot create this folder"))?;
        let folder = fs::canonicalize(folder).with_context(|| format!("--out {shown}"))?;
        if !folder.join(FILE).exists()
            && let Some(name) = WRITTEN.iter().find(|name| folder.join(name).exists())
        {
            bail!("--out {shown}: {name} exists and is not from the grader; choose another folder");
        }
        tempfile::tempfile_in(&folder)
            .map_err(|error| io::Error::from(error.kind()))
            .with_context(|| format!("--out {shown}: cannot write there"))?;
        Ok(Self { folder })
    }

    /// The path of the folder.
    pub(crate) fn path(&self) -> &Path {
        &self.folder
    }

    /// The folder in which the programs are built. It is not in the folder for the results, because
    /// the folder for the results may be published.
    pub(super) fn build_folder(&self) -> PathBuf {
        let hash = blake3::hash(self.folder.as_os_str().as_encoded_bytes()).to_hex();
        paths::target().join("grade/builds").join(&hash[..16])
    }

    /// Removes the programs that were built, after everything is graded.
    pub(super) fn remove_builds(&self) {
        // If this fails, the next run uses the programs again, or `cargo clean` removes them.
        let _ = fs::remove_dir_all(self.build_folder());
    }

    /// Writes all formats, and returns the paths of the files that an instructor opens.
    pub(super) fn write(&self, class: &Class<'_>) -> Result<Vec<PathBuf>> {
        let [csv, pages, junit] = [CSV, PAGES, JUNIT].map(|name| self.folder.join(name));
        csv::write(class, &csv)?;
        html::write(class, &self.folder)?;
        junit::write(class, &junit)?;
        html::write_feedback(class, &self.folder)?;
        gradebooks::write_canvas(class, &self.folder.join(CANVAS))?;
        gradebooks::write_moodle(class, &self.folder.join(MOODLE))?;
        rates::write(class, &self.folder.join(RATES))?;
        Ok(vec![pages, csv, junit])
    }
}
