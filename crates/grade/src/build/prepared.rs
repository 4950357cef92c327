//! What the submissions of one lesson have in common: compiled libraries, pristine sources, and the
//! compiler's calls. It is kept in the target folder under the hash of all that went into it.

use super::record::{self, Call};
use crate::intake::{earlier, package as name};
use anyhow::{Context, Result, anyhow, ensure};
use course::catalogue::Course;
use course::lesson::Lesson;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use xtask::{place, program, stage};

/// What is kept in the folder, and how: another one where that changes.
const FORM: &str = "2";

/// The compiler at hand.
struct Compiler {
    sysroot: PathBuf,
    version: String,
}

/// What the submissions of one lesson have in common.
#[derive(Debug)]
pub(super) struct Prepared {
    /// The hash of all that went into it.
    pub(super) digest: String,
    /// The lesson's package.
    pub(super) package: String,
    /// Where the compiler lies.
    pub(super) sysroot: PathBuf,
    /// The folder with the compiled libraries.
    pub(super) libraries: PathBuf,
    /// The compiler's calls, the lesson's own last.
    pub(super) calls: Vec<Call>,
    /// The sources as they are handed out, by package and path in it.
    pub(super) sources: BTreeMap<String, BTreeMap<PathBuf, String>>,
    /// The packages of the earlier lessons that it builds on, by the lesson's id.
    pub(super) earlier: BTreeMap<String, String>,
}

/// What is kept in a file.
#[derive(Serialize, Deserialize)]
struct Note {
    calls: Vec<Call>,
}

impl Compiler {
    /// Asks the compiler that builds the course in `root`.
    fn here(root: &Path) -> Result<Self> {
        let ask = |argument: &[&str]| -> Result<String> {
            let output = Command::new("rustc").args(argument).current_dir(root).output();
            let output = output.context("cannot run rustc; is it in PATH?")?;
            ensure!(output.status.success(), "rustc {} failed", argument.join(" "));
            Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
        };
        Ok(Self { sysroot: ask(&["--print", "sysroot"])?.into(), version: ask(&["-vV"])? })
    }
}

impl Prepared {
    /// Finds what was prepared for `lesson`, or prepares it.
    pub(super) fn open(course: &Course, lesson: &Lesson) -> Result<Self> {
        let compiler = Compiler::here(course.root())?;
        let others = earlier(course, lesson)?;
        let earlier: BTreeMap<_, _> =
            others.iter().map(|other| (other.id.clone(), name(other))).collect();
        let mut sources = BTreeMap::new();
        for one in others.iter().copied().chain([lesson]) {
            let folder = course.root().join(one.folder());
            sources.insert(name(one), stage::sources(&folder)?);
        }
        let digest = digest(course, &compiler, &sources)?;
        let package = name(lesson);
        let folder = place::target().join("grade-crates").join(format!("{package}-{digest}"));
        let packages: Vec<_> = earlier.values().cloned().chain([package.clone()]).collect();
        let calls = match kept(&folder)? {
            Some(calls) => calls,
            None => prepare(&folder, &packages)?,
        };
        for files in sources.values_mut() {
            files.retain(|path, _| path.starts_with("src"));
        }
        let (sysroot, libraries) = (compiler.sysroot, folder.join("libraries"));
        Ok(Self { digest, package, sysroot, libraries, calls, sources, earlier })
    }
}

/// The hash of all that the libraries and the calls depend on.
fn digest(
    course: &Course,
    compiler: &Compiler,
    sources: &BTreeMap<String, BTreeMap<PathBuf, String>>,
) -> Result<String> {
    let mut hash = blake3::Hasher::new();
    let mut part = |text: &str| {
        hash.update(&(text.len() as u64).to_le_bytes()).update(text.as_bytes());
    };
    part(FORM);
    part(&compiler.version);
    part(&compiler.sysroot.to_string_lossy());
    part(&place::target().to_string_lossy());
    let read = |path: &Path| {
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
    };
    for path in ["Cargo.toml", "Cargo.lock", "crates/sockhelpers/Cargo.toml"] {
        part(&read(&course.root().join(path))?);
    }
    let helpers = course.root().join("crates/sockhelpers/src");
    let mut paths: Vec<_> = fs::read_dir(&helpers)?.collect::<Result<_, _>>()?;
    paths.sort_by_key(fs::DirEntry::file_name);
    for path in paths {
        part(&path.file_name().to_string_lossy());
        part(&read(&path.path())?);
    }
    for (package, files) in sources {
        part(&read(&course.root().join("lessons").join(package).join("Cargo.toml"))?);
        for (path, text) in files {
            part(&path.to_string_lossy());
            part(text);
        }
    }
    Ok(hash.finalize().to_hex()[..16].to_owned())
}

/// The calls in a folder that was prepared before.
fn kept(folder: &Path) -> Result<Option<Vec<Call>>> {
    let Ok(text) = fs::read(folder.join("calls.json")) else { return Ok(None) };
    let note: Note = serde_json::from_slice(&text)
        .with_context(|| format!("{} is damaged; remove it", folder.display()))?;
    Ok(Some(note.calls))
}

/// Compiles what the last of `packages` builds on, and keeps it in `folder`.
fn prepare(folder: &Path, packages: &[String]) -> Result<Vec<Call>> {
    let (package, others) = packages.split_last().context("no package to prepare")?;
    let home = folder.parent().unwrap_or(folder);
    fs::create_dir_all(home).with_context(|| format!("cannot make {}", home.display()))?;
    // Until it is dropped, other processes wait here (flock(2)).
    let lock = File::create(home.join("lock"))?;
    lock.lock()?;
    if let Some(calls) = kept(folder)? {
        return Ok(calls);
    }
    let scratch = tempfile::Builder::new().prefix("unfinished-").tempdir_in(home)?;
    let records = scratch.path().join("records");
    fs::create_dir(&records)?;
    let recorder = record::recorder(&records)?;
    let features: Vec<_> = others.iter().map(|other| format!("{other}/solution")).collect();
    let target = scratch.path().join("target");
    let built = program::recorded(package, &features, &target, &recorder)?;
    built
        .result
        .map_err(|words| anyhow!("lessons/{package} does not compile as it is:\n{words}"))?;
    let calls = record::read(&records, packages)?;
    keep_libraries(&target.join("debug/deps"), &scratch.path().join("libraries"), &calls)?;
    let note = serde_json::to_vec_pretty(&Note { calls: calls.clone() })?;
    fs::write(scratch.path().join("calls.json"), note)?;
    fs::remove_dir_all(&target)?;
    fs::remove_dir_all(&records)?;
    fs::set_permissions(scratch.path(), PermissionsExt::from_mode(0o755))?;
    fs::rename(scratch.path(), folder)
        .with_context(|| format!("cannot make {}", folder.display()))?;
    let _ = scratch.keep();
    Ok(calls)
}

/// Copies the compiled libraries, but for the lesson's own, which each submission has itself.
fn keep_libraries(from: &Path, to: &Path, calls: &[Call]) -> Result<()> {
    let last = calls.last().map(|call| call.package.as_str());
    let own: Vec<_> =
        calls.iter().filter(|call| Some(&*call.package) == last).map(|call| &call.makes).collect();
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let name = entry?.file_name();
        let is_wanted = name
            .to_str()
            .is_some_and(|name| record::is_library(name) && own.iter().all(|own| *own != name));
        if is_wanted {
            fs::copy(from.join(&name), to.join(&name))?;
            fs::set_permissions(to.join(&name), PermissionsExt::from_mode(0o644))?;
        }
    }
    fs::set_permissions(to, PermissionsExt::from_mode(0o755))?;
    Ok(())
}
