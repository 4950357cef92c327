//! The scripts that build in a box: the compiler's calls made again, or a command in a copy of its
//! folder.

use super::build_cache::{make_readable, write_all};
use super::prepared::Prepared;
use super::record::{Call, is_library};
use crate::intake::File;
use anyhow::{Context, Result};
use shell_words::quote;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// The folder that the compiler writes to, in the box's own.
const OUT: &str = "out";

/// KiB of addresses that the compiler may have. A file without an end is then an error of its own, also
/// where memory is watched from afar and it would fill that in an instant.
const ADDRESSES: u32 = 4 << 20;

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
    let files = files.iter().map(|(path, file)| (path.as_path(), file));
    let own = files.clone().filter(|(path, _)| path.starts_with("src")).collect();
    lay_package(prepared, &prepared.package, own, folder)?;
    let mut compiled = BTreeSet::from([prepared.package.as_str()]);
    for (lesson, package) in &prepared.earlier {
        let inside = |(path, file): (_, _)| Some((Path::strip_prefix(path, lesson).ok()?, file));
        let brought: BTreeMap<_, _> = files.clone().filter_map(inside).collect();
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
fn lay_package(
    prepared: &Prepared,
    package: &str,
    brought: BTreeMap<&Path, &File>,
    folder: &Path,
) -> Result<()> {
    let pristine = prepared.sources.get(package).into_iter().flatten();
    let kept = pristine.filter(|(path, _)| !brought.keys().any(|new| replaces(new, path)));
    let mut files: BTreeMap<PathBuf, File> = kept
        .map(|(path, text)| {
            let bytes = text.clone().into_bytes();
            (path.clone(), File { bytes, is_executable: false })
        })
        .collect();
    files.extend(brought.into_iter().map(|(path, file)| (path.to_path_buf(), file.clone())));
    write_all(&folder.join("lessons").join(package), &files)
}

/// Whether the file `new` takes the place of `old`: the same path, one in the other, or the same module
/// as `table.rs` and `table/mod.rs` are (the Rust Reference, "Module source filenames").
fn replaces(new: &Path, old: &Path) -> bool {
    let module = |path: &Path| match path.ends_with("mod.rs") {
        true => path.parent().map(Path::to_path_buf),
        false => Some(path.with_extension("")),
    };
    new.starts_with(old) || old.starts_with(new) || module(new) == module(old)
}

/// A script that makes these calls, one after another.
fn script(prepared: &Prepared, calls: &[&Call], folder: &Path) -> Result<String> {
    let sources = text(&folder.join("lessons"))?;
    let mut script = format!("set -e\nulimit -v {ADDRESSES}\nln -s {} lessons\n", quote(&sources));
    writeln!(script, "mkdir {OUT}")?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_is_one_file() {
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
