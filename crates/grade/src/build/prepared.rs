//! The common parts of all builds of one lesson: compiled libraries, original sources, and cargo's
//! calls of the compiler. They are stored in the target folder under the hash of their inputs.

use super::record::{self, Call};
use crate::digest::Digest;
use crate::intake::{earlier, package as name};
use crate::rustc;
use anyhow::{Context, Result, anyhow};
use course::catalogue::Course;
use course::lesson::Lesson;
use programs::{build, variants};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use terminal::paths;

/// The version of the folder's format. If the version changes, every folder gets a different hash.
const FORMAT: &str = "2";

/// The compiler on this machine.
struct Compiler {
    sysroot: PathBuf,
    version: String,
}

/// The common parts of all builds of one lesson.
#[derive(Debug)]
pub(super) struct Prepared {
    /// The hash of all inputs.
    pub(super) digest: String,
    /// The lesson's package.
    pub(super) package: String,
    /// The compiler's folder (its sysroot).
    pub(super) sysroot: PathBuf,
    /// The folder with the compiled libraries.
    pub(super) libraries: PathBuf,
    /// The compiler's calls. The calls for the lesson itself come last.
    pub(super) calls: Vec<Call>,
    /// The original sources, by package and by path in the package.
    pub(super) sources: BTreeMap<String, BTreeMap<PathBuf, String>>,
    /// The packages of the earlier lessons that the lesson depends on, by the lesson's id.
    pub(super) earlier: BTreeMap<String, String>,
}

/// The content of `calls.json`.
#[derive(Serialize, Deserialize)]
struct SavedCalls {
    calls: Vec<Call>,
}

impl Compiler {
    /// The compiler that builds the course in `root`.
    fn installed(root: &Path) -> Result<Self> {
        Ok(Self {
            sysroot: rustc::output_of(&["--print", "sysroot"], root)?.into(),
            version: rustc::output_of(&["-vV"], root)?,
        })
    }
}

impl Prepared {
    /// Finds the prepared parts for `lesson`. If there are none, prepares them.
    pub(super) fn open(course: &Course, lesson: &Lesson) -> Result<Self> {
        let compiler = Compiler::installed(course.root())?;
        let others = earlier(course, lesson)?;
        let earlier: BTreeMap<_, _> =
            others.iter().map(|other| (other.id.clone(), name(other))).collect();
        let mut sources = BTreeMap::new();
        for each in others.iter().copied().chain([lesson]) {
            let folder = course.root().join(each.folder());
            sources.insert(name(each), variants::sources(&folder)?);
        }
        let digest = digest(course, &compiler, &sources)?;
        let package = name(lesson);
        let folder = paths::target().join("grade-crates").join(format!("{package}-{digest}"));
        let packages: Vec<_> = earlier.values().cloned().chain([package.clone()]).collect();
        let calls = match saved_calls(&folder)? {
            Some(calls) => calls,
            None => prepare(&folder, &packages)?,
        };
        // The hash covers all files, but a build needs only the files in src/.
        for files in sources.values_mut() {
            files.retain(|path, _| path.starts_with("src"));
        }
        let (sysroot, libraries) = (compiler.sysroot, folder.join("libraries"));
        Ok(Self { digest, package, sysroot, libraries, calls, sources, earlier })
    }
}

/// The hash of everything that the libraries and the calls depend on.
fn digest(
    course: &Course,
    compiler: &Compiler,
    sources: &BTreeMap<String, BTreeMap<PathBuf, String>>,
) -> Result<String> {
    let mut digest = Digest::default();
    digest.add(FORMAT);
    digest.add(&compiler.version);
    digest.add(&*compiler.sysroot.to_string_lossy());
    digest.add(&*paths::target().to_string_lossy());
    let read = |path: &Path| {
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
    };
    for path in ["Cargo.toml", "Cargo.lock", "crates/sockhelpers/Cargo.toml"] {
        digest.add(read(&course.root().join(path))?);
    }
    let helpers = course.root().join("crates/sockhelpers/src");
    let mut paths: Vec<_> = fs::read_dir(&helpers)?.collect::<Result<_, _>>()?;
    paths.sort_by_key(fs::DirEntry::file_name);
    for path in paths {
        digest.add(&*path.file_name().to_string_lossy());
        digest.add(read(&path.path())?);
    }
    for (package, files) in sources {
        digest.add(read(&course.root().join("lessons").join(package).join("Cargo.toml"))?);
        for (path, text) in files {
            digest.add(&*path.to_string_lossy());
            digest.add(text);
        }
    }
    Ok(digest.hex()[..16].to_owned())
}

/// The calls in a folder that was prepared before.
fn saved_calls(folder: &Path) -> Result<Option<Vec<Call>>> {
    let Ok(text) = fs::read(folder.join("calls.json")) else { return Ok(None) };
    let saved: SavedCalls = serde_json::from_slice(&text)
        .with_context(|| format!("{} is damaged; remove it", folder.display()))?;
    Ok(Some(saved.calls))
}

/// Builds the lesson, which is the last of `packages`. The others are earlier lessons that it needs.
/// Stores the compiled dependencies and the calls of the compiler in `folder`, and returns the
/// calls. If another process has prepared the folder in the meantime, nothing is built.
fn prepare(folder: &Path, packages: &[String]) -> Result<Vec<Call>> {
    let (package, others) = packages.split_last().context("no package to prepare")?;
    let home = folder.parent().unwrap_or(folder);
    fs::create_dir_all(home).with_context(|| format!("cannot create {}", home.display()))?;
    // Other processes wait here until the lock is dropped (flock(2)).
    let lock = File::create(home.join("lock"))?;
    lock.lock()?;
    // Another process may have prepared the folder meanwhile.
    if let Some(calls) = saved_calls(folder)? {
        return Ok(calls);
    }
    // Build with cargo. cargo runs a recorder in place of the compiler.
    let scratch = tempfile::Builder::new().prefix("unfinished-").tempdir_in(home)?;
    let records = scratch.path().join("records");
    fs::create_dir(&records)?;
    let recorder = record::recorder(&records)?;
    let features: Vec<_> = others.iter().map(|other| format!("{other}/solution")).collect();
    let target = scratch.path().join("target");
    let built = build::recorded(package, &features, &target, &recorder)?;
    built
        .result
        .map_err(|output| anyhow!("the original lessons/{package} does not compile:\n{output}"))?;
    // Keep the libraries and the calls.
    let calls = record::read(&records, packages)?;
    copy_libraries(&target.join("debug/deps"), &scratch.path().join("libraries"), &calls)?;
    let saved = serde_json::to_vec_pretty(&SavedCalls { calls: calls.clone() })?;
    fs::write(scratch.path().join("calls.json"), saved)?;
    // The folder gets its final name only when it is complete.
    fs::remove_dir_all(&target)?;
    fs::remove_dir_all(&records)?;
    fs::set_permissions(scratch.path(), PermissionsExt::from_mode(0o755))?;
    fs::rename(scratch.path(), folder)
        .with_context(|| format!("cannot create {}", folder.display()))?;
    let _ = scratch.keep();
    Ok(calls)
}

/// Copies the compiled libraries, except the lesson's own library. Each submission has its own
/// version of that library.
fn copy_libraries(from: &Path, to: &Path, calls: &[Call]) -> Result<()> {
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
