//! Builds a program in another language as a grader does: from the files of the hand-in alone.

use super::hand_in::HandInFile;
use super::submission::Commands;
use anyhow::{Context, Result};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// Builds the program in a copy of the files, so that nothing is left in the lesson's folder. Returns what
/// is wrong, if anything is.
///
/// # Errors
/// The copy cannot be made, or no shell can be started.
pub(super) fn problem(files: &[HandInFile], commands: &Commands) -> Result<Option<String>> {
    let copy = copied(files)?;
    let Some(folder) = files.first().and_then(|file| file.name.iter().next()) else {
        return Ok(None);
    };
    let folder = copy.path().join(folder);
    if let Some(line) = &commands.build
        && let Some(problem) = failed_build(&folder, line)?
    {
        return Ok(Some(problem));
    }
    Ok(missing_program(&folder, &commands.run))
}

fn copied(files: &[HandInFile]) -> Result<TempDir> {
    let copy = tempfile::tempdir().context("cannot make a temporary folder for the build")?;
    for file in files {
        let target = copy.path().join(&file.name);
        let place = || format!("cannot copy {} to {}", file.path.display(), target.display());
        fs::create_dir_all(target.parent().unwrap_or(copy.path())).with_context(place)?;
        fs::copy(&file.path, &target).with_context(place)?;
    }
    Ok(copy)
}

fn failed_build(folder: &Path, line: &str) -> Result<Option<String>> {
    let mut shell = Command::new("sh");
    shell.args(["-c", line]).current_dir(folder).stdin(Stdio::null());
    // What the build prints is not part of this command's result.
    shell.stdout(std::io::stderr());
    let status = shell.status().with_context(|| format!("cannot run `{line}`"))?;
    Ok((!status.success()).then(|| {
        format!("`{line}` has failed ({status}) in a copy of the files that you would hand in")
    }))
}

/// The program that `run` starts has to be there after the build. A name without `/` is looked up in PATH
/// by the grader.
fn missing_program(folder: &Path, run: &str) -> Option<String> {
    let words = shell_words::split(run).unwrap_or_default();
    let Some(program) = words.first() else {
        return Some(format!("`{run}` is no command; quote it as for a shell"));
    };
    let is_missing = program.contains('/') && !folder.join(program).is_file();
    is_missing.then(|| {
        format!(
            "nothing makes {program}, and it is not among the files that you would hand in (compiled \
             programs are left out)"
        )
    })
}
