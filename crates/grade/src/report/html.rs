//! The HTML pages: `index.html` for the class, `students/NAME.html` for each student, and
//! `copies.html` for near copies. The feedback for each student, `feedback/NAME.md`, has the same
//! name as the student's page.
//!
//! A page is static and self-contained: it loads no script, font or image. The same results always
//! give the same bytes. Every text that a student wrote passes through [`super::plain`] and is
//! escaped.

mod cause;
mod class;
mod copies;
mod failures;
mod figure;
mod frame;
mod lesson;
mod matrix;
mod names;
mod rates;
mod student;

use super::{Class, feedback};
use anyhow::{Context, Result};
use names::Names;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use terminal::output::replace;

/// Writes the pages into the folder `to`, and creates the folder if there is none. Each page is
/// replaced atomically: a reader sees either the old page or the complete new page. The pages
/// of students who are no longer in the class are removed.
///
/// # Errors
/// A folder cannot be created, or a file cannot be written.
pub fn write(class: &Class<'_>, to: &Path) -> Result<()> {
    let students = to.join("students");
    fs::create_dir_all(&students)
        .with_context(|| format!("cannot create the folder {}", students.display()))?;
    let names = Names::of(class);
    for submission in class.submissions {
        let page = student::page(class, submission).into_string();
        replace(&students.join(names.file(&submission.student)), page.as_bytes())?;
    }
    let written = class.submissions.iter().map(|it| names.file(&it.student)).collect();
    remove_others(&students, "html", &written)?;
    if let Some(copies) = class.copies {
        let page = copies::page(class, copies, &names).into_string();
        replace(&to.join("copies.html"), page.as_bytes())?;
    }
    replace(&to.join("index.html"), class::page(class, &names).into_string().as_bytes())
}

/// Writes `feedback/NAME.md` for each student into the folder `to`. The files of students who are no
/// longer in the class are removed.
///
/// # Errors
/// A folder cannot be created, or a file cannot be written.
pub fn write_feedback(class: &Class<'_>, to: &Path) -> Result<()> {
    let folder = to.join("feedback");
    fs::create_dir_all(&folder)
        .with_context(|| format!("cannot create the folder {}", folder.display()))?;
    let names = Names::of(class);
    let file = |student: &str| names.file(student).replace(".html", ".md");
    let mut written = BTreeSet::new();
    for submission in class.submissions {
        let name = file(&submission.student);
        replace(&folder.join(&name), feedback::text(class, submission).as_bytes())?;
        written.insert(name);
    }
    remove_others(&folder, "md", &written.iter().map(String::as_str).collect())
}

/// Removes the files with this extension that are not in `written`: they are of students who are no
/// longer in the class.
fn remove_others(folder: &Path, extension: &str, written: &BTreeSet<&str>) -> Result<()> {
    let context = || format!("cannot remove old files from {}", folder.display());
    for entry in fs::read_dir(folder).with_context(context)? {
        let path = entry.with_context(context)?.path();
        let name = path.file_name().and_then(OsStr::to_str);
        let is_old = name.is_some_and(|name| !written.contains(name));
        if is_old && path.extension().is_some_and(|it| it == extension) {
            fs::remove_file(&path).with_context(context)?;
        }
    }
    Ok(())
}
