//! Decides whether a program is up to date with its sources, without starting cargo.
//!
//! When cargo has built a program or found it up to date, [`record_build`] writes a record. The
//! record has the program's file, the time when cargo was started, and the environment variables
//! that change a build. The program is still up to date if none of these has changed, and if no
//! source file, folder or manifest is newer than the recorded time. In this case, cargo would build
//! nothing.

use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{env, fs, io, process};

/// The program that is recorded in `folder` under `name`. `None` if the program may be out of date.
///
/// The program's sources are the files that cargo lists in the `.d` file beside the program. The
/// workspace's own files in `root`, such as the lock file, count as sources of every program.
pub fn fresh_program(folder: &Path, name: &str, root: &Path) -> Option<PathBuf> {
    let recorded = fs::read_to_string(record_path(folder, name)).ok()?;
    let mut lines = recorded.lines();
    // If `folder` was copied from another clone, the record may name a program of the other clone.
    let program = Some(PathBuf::from(lines.next()?)).filter(|path| path.starts_with(folder))?;
    let started = Duration::from_nanos(lines.next()?.parse().ok()?);
    let is_older = |path: &PathBuf| modified(path).is_some_and(|time| time < UNIX_EPOCH + started);
    let is_fresh =
        record(&program, started)? == recorded && sources(&program, root)?.iter().all(is_older);
    is_fresh.then_some(program)
}

/// Records in `folder`, under `name`, that cargo has built `program` or found `program` up to date.
/// `started_at` is the time when cargo was started.
///
/// # Errors
/// The errors of the file system. The caller can ignore them: without a record, the next call
/// starts cargo again.
pub fn record_build(
    folder: &Path,
    name: &str,
    program: &Path,
    started_at: SystemTime,
) -> io::Result<()> {
    let started = started_at.duration_since(UNIX_EPOCH).unwrap_or_default();
    let Some(text) = record(program, started) else { return Err(io::ErrorKind::NotFound.into()) };
    let unfinished = folder.join(format!("{name}.{}.part", process::id()));
    fs::write(&unfinished, text)?;
    fs::rename(unfinished, record_path(folder, name))
}

/// The folder for build output of the workspace in `root`: `CARGO_TARGET_DIR`, or `target/` in
/// `root`.
pub fn target_folder(root: &Path) -> PathBuf {
    let named = env::var_os("CARGO_TARGET_DIR").filter(|name| !name.is_empty()).map(PathBuf::from);
    let target = named.unwrap_or_else(|| root.join("target"));
    std::path::absolute(&target).unwrap_or(target)
}

fn record_path(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.fresh"))
}

/// The text of a record. It has the program's path, the time when cargo was started, the identity
/// of the program's file, and the environment variables that change a build. The time is in
/// nanoseconds since 1970. Cargo may not have seen changes after this time.
fn record(program: &Path, started: Duration) -> Option<String> {
    let file = fs::metadata(program).ok()?;
    let changed = (file.ctime(), file.ctime_nsec());
    let environment = environment();
    Some(format!(
        "{}\n{}\ninode {} size {} changed {changed:?}\n{environment}",
        program.to_str()?,
        started.as_nanos(),
        file.ino(),
        file.size(),
    ))
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).ok()?.modified().ok()
}

/// The source files that the `.d` file lists, their folders, and every manifest in a folder above
/// them.
fn sources(program: &Path, root: &Path) -> Option<BTreeSet<PathBuf>> {
    let listed = fs::read_to_string(program.with_extension("d")).ok()?;
    let (_, files) = listed.split_once(": ")?;
    let mut paths: BTreeSet<PathBuf> = ["Cargo.toml", "Cargo.lock", ".cargo", ".cargo/config.toml"]
        .into_iter()
        .map(|name| root.join(name))
        .filter(|path| path.exists())
        .collect();
    let mut folders = BTreeSet::new();
    for file in names(files) {
        // If a folder is already in the set, all folders above it are in the set, too.
        let above = file.ancestors().skip(1).map(Path::to_path_buf);
        above.take_while(|folder| folders.insert(folder.clone())).for_each(drop);
        paths.extend(file.parent().map(Path::to_path_buf));
        paths.insert(file);
    }
    let manifests = folders.iter().map(|folder| folder.join("Cargo.toml"));
    paths.extend(manifests.filter(|path| path.exists()));
    Some(paths)
}

/// The file names in a line of a Makefile. Names are separated by spaces. A space in a name follows
/// a backslash.
fn names(line: &str) -> Vec<PathBuf> {
    let line = line.trim_end().replace("\\ ", "\0");
    line.split(' ')
        .filter(|name| !name.is_empty())
        .map(|name| name.replace('\0', " ").into())
        .collect()
}

/// The environment variables that change the result of cargo or rustc for the same sources.
fn environment() -> String {
    const PREFIXES: [&str; 6] =
        ["RUST", "CARGO_BUILD", "CARGO_PROFILE", "CARGO_ENCODED", "CARGO_TARGET", "CARGO_HOME"];
    let mut variables: Vec<String> = env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
        .filter(|(name, _)| PREFIXES.iter().any(|prefix| name.starts_with(prefix)))
        .map(|(name, value)| format!("{name}={value:?}\n"))
        .collect();
    variables.sort();
    variables.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A program with one source file, and its record. Returns the root folder, the program's path
    /// and the source's path.
    fn recorded() -> (tempfile::TempDir, PathBuf, PathBuf) {
        let root = tempfile::tempdir().unwrap();
        let records = root.path().join("records");
        fs::create_dir(&records).unwrap();
        let (program, source) = (records.join("server"), root.path().join("my server.rs"));
        fs::write(&source, "fn main() {}").unwrap();
        fs::write(root.path().join("Cargo.toml"), "[package]").unwrap();
        fs::write(&program, "machine code").unwrap();
        let [of, from] = [&program, &source].map(|it| it.display().to_string().replace(' ', "\\ "));
        let listed = format!("{of}: {from}\n");
        fs::write(program.with_extension("d"), listed).unwrap();
        record_build(&records, "server", &program, SystemTime::now() + Duration::from_secs(60))
            .unwrap();
        (root, program, source)
    }

    fn is_fresh(root: &tempfile::TempDir) -> bool {
        fresh_program(&root.path().join("records"), "server", root.path()).is_some()
    }

    fn touch(path: &Path) {
        let later = SystemTime::now() + Duration::from_secs(120);
        fs::File::options().append(true).open(path).unwrap().set_modified(later).unwrap();
    }

    #[test]
    fn a_recorded_program_is_fresh() {
        assert!(is_fresh(&recorded().0));
    }

    #[test]
    fn a_newer_source_or_manifest_makes_it_stale() {
        let (root, _, source) = recorded();
        touch(&source);
        assert!(!is_fresh(&root));
        let (root, ..) = recorded();
        touch(&root.path().join("Cargo.toml"));
        assert!(!is_fresh(&root));
    }

    #[test]
    fn a_removed_source_makes_it_stale() {
        let (root, _, source) = recorded();
        fs::remove_file(source).unwrap();
        assert!(!is_fresh(&root));
    }

    #[test]
    fn a_program_that_was_replaced_is_stale() {
        let (root, program, _) = recorded();
        fs::write(program, "other code..").unwrap();
        assert!(!is_fresh(&root));
    }
}
