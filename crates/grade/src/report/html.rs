//! Pages to read: `index.html` for the class, `students/NAME.html` for each student.
//!
//! Static and whole in themselves: no script, no font, no picture is loaded, and the same results
//! make the same bytes. Whatever a student wrote passes through [`super::plain`] and is escaped.

mod cause;
mod class;
mod failures;
mod figure;
mod frame;
mod lesson;
mod matrix;
mod names;
mod student;

use super::Class;
use anyhow::{Context, Result};
use names::Names;
use std::fs;
use std::path::Path;
use xtask::destination::replace;

/// Writes the pages into the folder `to`, which is made where it is not there; each page whole or
/// not at all. Pages of students who are no longer in the class stay; nothing links to them.
///
/// # Errors
/// A folder or file that cannot be written.
pub fn write(class: &Class<'_>, to: &Path) -> Result<()> {
    let students = to.join("students");
    fs::create_dir_all(&students)
        .with_context(|| format!("cannot make the folder {}", students.display()))?;
    let names = Names::of(class);
    for submission in class.submissions {
        let page = student::page(class, submission).into_string();
        replace(&students.join(names.file(&submission.student)), page.as_bytes())?;
    }
    replace(&to.join("index.html"), class::page(class, &names).into_string().as_bytes())
}
