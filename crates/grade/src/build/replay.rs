//! The scripts that build in a box: the compiler's calls made again, or a command in a copy of its
//! folder.

use super::prepared::Prepared;
use super::record::{Call, is_library};
use super::shelf::{make_readable, write_all};
use crate::intake::File;
use anyhow::{Context, Result};
use shell_words::quote;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// The folder that the compiler writes to, in the box's own.
const OUT: &str = "out";

/// A crate that is ready to be built.
#[derive(Debug)]
pub(super) struct Script {
    /// For a shell.
    pub(super) script: String,
    /// The program's file in the box's own folder.
    pub(super) program: PathBuf,
}

/// Lays a submission's files over pristine ones in `folder`, and says how to compile them.
pub(super) fn lay(
    prepared: &Prepared,
    files: &BTreeMap<PathBuf, File>,
    folder: &Path,
) -> Result<Script> {
    let own: BTreeMap<_, _> = files.iter().filter(|(path, _)| path.starts_with("src")).collect();
    lay_package(prepared, &prepared.package, own, folder)?;
    let mut compiled = BTreeSet::from([prepared.package.as_str()]);
    for (lesson, package) in &prepared.earlier {
        let inside = |(path, file)| Some((Path::strip_prefix(path, lesson).ok()?, file));
        let brought: BTreeMap<_, _> =
            files.iter().map(|(path, file)| (path.as_path(), file)).filter_map(inside).collect();
        if !brought.is_empty() {
            lay_package(prepared, package, brought, folder)?;
            compiled.insert(package);
        }
    }
    make_readable(folder)?;
    let calls: Vec<_> =
        prepared.calls.iter().filter(|call| compiled.contains(call.package.as_str())).collect();
    let program = calls.last().context("there is nothing to compile")?;
    let program = Path::new(OUT).join(&program.makes);
    Ok(Script { script: script(prepared, &calls, folder)?, program })
}

/// Writes a package's sources: pristine, but for what a submission brings.
fn lay_package<'a>(
    prepared: &Prepared,
    package: &str,
    brought: BTreeMap<impl AsRef<Path> + Ord, &'a File>,
    folder: &Path,
) -> Result<()> {
    let home = folder.join("lessons").join(package);
    let pristine = prepared.sources.get(package).into_iter().flatten().map(|(path, text)| {
        let file = File { bytes: text.clone().into_bytes(), is_executable: false };
        (path.clone(), file)
    });
    let mut files: BTreeMap<PathBuf, File> = pristine.collect();
    for (path, file) in brought {
        // A submission may have the folder table/ where the lesson has the file table.rs, not both.
        files.insert(path.as_ref().to_path_buf(), file.clone());
    }
    write_all(&home, &files)
}

/// A script that makes these calls, one after another.
fn script(prepared: &Prepared, calls: &[&Call], folder: &Path) -> Result<String> {
    let sources = text(&folder.join("lessons"))?;
    let mut script = format!("set -e\nln -s {} lessons\nmkdir {OUT}\n", quote(&sources));
    let made: BTreeSet<_> = calls.iter().map(|call| call.makes.as_str()).collect();
    for call in calls.iter().filter(|call| is_wanted(call, calls)) {
        for (name, value) in &call.environment {
            write!(script, "{name}={} ", quote(value))?;
        }
        write!(script, "CARGO_MANIFEST_DIR=\"$PWD\"/lessons/{} ", call.package)?;
        write!(script, "{}", quote(&text(&prepared.sysroot.join("bin/rustc"))?))?;
        for argument in arguments(prepared, call, &made)? {
            write!(script, " {}", quote(&argument))?;
        }
        script.push('\n');
    }
    Ok(script)
}

/// An earlier lesson's program is none of this lesson's business.
fn is_wanted(call: &Call, calls: &[&Call]) -> bool {
    is_library(&call.makes) || calls.last().is_some_and(|last| last.makes == call.makes)
}

/// A call's arguments with the places of this build; `made` are the files that it makes itself.
fn arguments(prepared: &Prepared, call: &Call, made: &BTreeSet<&str>) -> Result<Vec<String>> {
    let libraries = text(&prepared.libraries)?;
    let mut arguments = call.arguments.clone();
    arguments.extend(["--emit=link", "--color=never", "--out-dir", OUT].map(str::to_owned));
    arguments.extend(["-L", &format!("dependency={OUT}")].map(str::to_owned));
    arguments.extend(["-L", &format!("dependency={libraries}")].map(str::to_owned));
    for (name, file) in &call.externs {
        let place = if made.contains(file.as_str()) { OUT } else { libraries.as_str() };
        arguments.extend(["--extern".to_owned(), format!("{name}={place}/{file}")]);
    }
    Ok(arguments)
}

/// A script that copies what is in `folder` to where it runs, and there runs what it is given.
pub(super) fn copied(folder: &Path) -> Result<String> {
    Ok(format!("cp -R {}/. . && exec \"$@\"", quote(&text(folder)?)))
}

fn text(path: &Path) -> Result<String> {
    let text = path.to_str().with_context(|| format!("{} is not UTF-8", path.display()))?;
    Ok(text.to_owned())
}
