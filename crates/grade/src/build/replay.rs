//! The scripts that build in the sandbox: they repeat the compiler's calls, or run a command in a
//! copy of the submission's folder.

use super::files::{make_readable, write_all};
use super::prepared::Prepared;
use super::record::{Call, is_library};
use crate::intake::File;
use anyhow::{Context, Result};
use shell_words::quote;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// The folder for the compiler's output, in the sandbox's working folder.
const OUT: &str = "out";

/// The limit of the compiler's address space, in KiB (RLIMIT_AS, getrlimit(2)). With this limit,
/// the compiler reports an error if a submission includes a file without an end. Without this
/// limit, the compiler could exhaust the memory between two samples, if the sandbox can only sample
/// the memory.
const ADDRESS_SPACE: u32 = 4 << 20;

/// The build of a crate.
#[derive(Debug)]
pub(super) struct CrateBuild {
    /// The shell script that builds the crate.
    pub(super) script: String,
    /// The program's file, in the sandbox's working folder.
    pub(super) program: PathBuf,
}

/// Writes a crate's sources to `folder`: the original files, some of which a submission's files
/// replace. Returns how to build these sources.
pub(super) fn overlay(
    prepared: &Prepared,
    files: &BTreeMap<PathBuf, File>,
    folder: &Path,
) -> Result<CrateBuild> {
    let files = files.iter().map(|(path, file)| (path.as_path(), file));
    let own = files.clone().filter(|(path, _)| path.starts_with("src")).collect();
    overlay_package(prepared, &prepared.package, own, folder)?;
    // An earlier lesson's crate is compiled again only if the submission has its own version of it.
    let mut compiled = BTreeSet::from([prepared.package.as_str()]);
    for (lesson, package) in &prepared.earlier {
        let inside = |(path, file): (_, _)| Some((Path::strip_prefix(path, lesson).ok()?, file));
        let replacements: BTreeMap<_, _> = files.clone().filter_map(inside).collect();
        if !replacements.is_empty() {
            overlay_package(prepared, package, replacements, folder)?;
            compiled.insert(package);
        }
    }
    make_readable(folder)?;
    let calls: Vec<_> =
        prepared.calls.iter().filter(|call| compiled.contains(call.package.as_str())).collect();
    let program = calls.last().context("there is nothing to compile")?;
    let program = Path::new(OUT).join(&program.makes);
    Ok(CrateBuild { script: script(prepared, &calls, folder)?, program })
}

/// Writes a package's sources: `replacements`, and the original files that they do not replace.
fn overlay_package(
    prepared: &Prepared,
    package: &str,
    replacements: BTreeMap<&Path, &File>,
    folder: &Path,
) -> Result<()> {
    let original = prepared.sources.get(package).into_iter().flatten();
    let kept = original.filter(|(path, _)| !replacements.keys().any(|new| replaces(new, path)));
    let mut files: BTreeMap<PathBuf, File> = kept
        .map(|(path, text)| {
            let bytes = text.clone().into_bytes();
            (path.clone(), File { bytes, is_executable: false })
        })
        .collect();
    files.extend(replacements.into_iter().map(|(path, file)| (path.to_path_buf(), file.clone())));
    write_all(&folder.join("lessons").join(package), &files)
}

/// Whether the file `new` replaces `old`: if both have the same path, if the path of one is a
/// folder in the path of the other, or if both are the same module, such as `table.rs` and
/// `table/mod.rs` (the Rust Reference, "Module source filenames").
fn replaces(new: &Path, old: &Path) -> bool {
    let module = |path: &Path| match path.ends_with("mod.rs") {
        true => path.parent().map(Path::to_path_buf),
        false => Some(path.with_extension("")),
    };
    new.starts_with(old) || old.starts_with(new) || module(new) == module(old)
}

/// A script that makes these calls in order.
fn script(prepared: &Prepared, calls: &[&Call], folder: &Path) -> Result<String> {
    let sources = text(&folder.join("lessons"))?;
    let mut script =
        format!("set -e\nulimit -v {ADDRESS_SPACE}\nln -s {} lessons\n", quote(&sources));
    writeln!(script, "mkdir {OUT}")?;
    let made: BTreeSet<_> = calls.iter().map(|call| call.makes.as_str()).collect();
    for call in calls.iter().filter(|call| is_needed(call, calls)) {
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

/// Whether a call is needed. The program of an earlier lesson is not needed.
fn is_needed(call: &Call, calls: &[&Call]) -> bool {
    is_library(&call.makes) || calls.last().is_some_and(|last| last.makes == call.makes)
}

/// A call's arguments with the folders of this build. `made` are the files that this build makes.
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

/// A script that copies the content of `folder` to the working folder, and runs its arguments there
/// as a command.
pub(super) fn copy_script(folder: &Path) -> Result<String> {
    Ok(format!("cp -R {}/. . && exec \"$@\"", quote(&text(folder)?)))
}

fn text(path: &Path) -> Result<String> {
    let text = path.to_str().with_context(|| format!("{} is not UTF-8", path.display()))?;
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_is_replaced_by_the_same_module() {
        for (new, old) in [
            ("src/table.rs", "src/table.rs"),
            ("src/table/mod.rs", "src/table.rs"),
            ("src/table.rs", "src/table/mod.rs"),
            ("src/table.rs/x.rs", "src/table.rs"),
        ] {
            assert!(replaces(Path::new(new), Path::new(old)), "{new} {old}");
        }
        for (new, old) in [("src/table/slot.rs", "src/table.rs"), ("src/a.rs", "src/b.rs")] {
            assert!(!replaces(Path::new(new), Path::new(old)), "{new} {old}");
        }
    }
}
