//! Whether a program is still what its sources say, without starting cargo to find out.
//!
//! After cargo has said that a program is up to date, a note of it is kept: the program's file, when
//! cargo was started, and what in the environment changes a build. As long as none of that has
//! changed, and no source, folder or manifest is younger, cargo would say the same again.

use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{env, fs, io, process};

/// The program noted in `folder` under `name`, if it is certain to be up to date.
///
/// Its sources are those that cargo lists beside it, and what stands in `root`, the workspace's
/// folder, for all of them.
pub fn fresh_program(folder: &Path, name: &str, root: &Path) -> Option<PathBuf> {
    let noted = fs::read_to_string(note_path(folder, name)).ok()?;
    let mut lines = noted.lines();
    // Not the program of the clone that this folder is a copy of.
    let program = Some(PathBuf::from(lines.next()?)).filter(|path| path.starts_with(folder))?;
    let since = Duration::from_nanos(lines.next()?.parse().ok()?);
    let older = |path: &PathBuf| modified(path).is_some_and(|time| time < UNIX_EPOCH + since);
    let is_fresh = text(&program, since)? == noted && sources(&program, root)?.iter().all(older);
    is_fresh.then_some(program)
}

/// Notes that cargo, started at `since`, has found or made `program` up to date.
///
/// # Errors
/// Those of the file system. Without a note, the next call starts cargo: nothing worse.
pub fn record_build(
    folder: &Path,
    name: &str,
    program: &Path,
    since: SystemTime,
) -> io::Result<()> {
    let since = since.duration_since(UNIX_EPOCH).unwrap_or_default();
    let Some(text) = text(program, since) else { return Err(io::ErrorKind::NotFound.into()) };
    let unfinished = folder.join(format!("{name}.{}.part", process::id()));
    fs::write(&unfinished, text)?;
    fs::rename(unfinished, note_path(folder, name))
}

/// Where the builds of the workspace in `root` go: `CARGO_TARGET_DIR`, else `target/` in it.
pub fn target_folder(root: &Path) -> PathBuf {
    let named = env::var_os("CARGO_TARGET_DIR").filter(|name| !name.is_empty()).map(PathBuf::from);
    let target = named.unwrap_or_else(|| root.join("target"));
    std::path::absolute(&target).unwrap_or(target)
}

fn note_path(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.fresh"))
}

/// What is true of a program that cargo, started `since` 1970, says is up to date: its place, that
/// time (what is younger, cargo may not have seen), its file, and the environment, a line each.
fn text(program: &Path, since: Duration) -> Option<String> {
    let file = fs::metadata(program).ok()?;
    let changed = (file.ctime(), file.ctime_nsec());
    let environment = environment();
    Some(format!(
        "{}\n{}\ninode {} size {} changed {changed:?}\n{environment}",
        program.to_str()?,
        since.as_nanos(),
        file.ino(),
        file.size(),
    ))
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).ok()?.modified().ok()
}

/// The listed sources, their folders, and every manifest above them.
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
        // Whoever stands above a folder that was met before was met then.
        let above = file.ancestors().skip(1).map(Path::to_path_buf);
        above.take_while(|folder| folders.insert(folder.clone())).for_each(drop);
        paths.extend(file.parent().map(Path::to_path_buf));
        paths.insert(file);
    }
    let manifests = folders.iter().map(|folder| folder.join("Cargo.toml"));
    paths.extend(manifests.filter(|path| path.exists()));
    Some(paths)
}

/// The names in a line of a Makefile: separated by spaces, their own spaces behind backslashes.
fn names(line: &str) -> Vec<PathBuf> {
    let line = line.trim_end().replace("\\ ", "\0");
    line.split(' ')
        .filter(|name| !name.is_empty())
        .map(|name| name.replace('\0', " ").into())
        .collect()
}

/// The variables that change what cargo or rustc make of the same sources.
fn environment() -> String {
    const PREFIXES: [&str; 6] =
        ["RUST", "CARGO_BUILD", "CARGO_PROFILE", "CARGO_ENCODED", "CARGO_TARGET", "CARGO_HOME"];
    let mut found: Vec<String> = env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
        .filter(|(name, _)| PREFIXES.iter().any(|prefix| name.starts_with(prefix)))
        .map(|(name, value)| format!("{name}={value:?}\n"))
        .collect();
    found.sort();
    found.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A program with one source, noted as up to date.
    fn noted() -> (tempfile::TempDir, PathBuf, PathBuf) {
        let root = tempfile::tempdir().unwrap();
        let notes = root.path().join("notes");
        fs::create_dir(&notes).unwrap();
        let (program, source) = (notes.join("server"), root.path().join("my server.rs"));
        fs::write(&source, "fn main() {}").unwrap();
        fs::write(root.path().join("Cargo.toml"), "[package]").unwrap();
        fs::write(&program, "machine code").unwrap();
        let [of, from] = [&program, &source].map(|it| it.display().to_string().replace(' ', "\\ "));
        let listed = format!("{of}: {from}\n");
        fs::write(program.with_extension("d"), listed).unwrap();
        record_build(&notes, "server", &program, SystemTime::now() + Duration::from_secs(60))
            .unwrap();
        (root, program, source)
    }

    fn is_fresh(root: &tempfile::TempDir) -> bool {
        fresh_program(&root.path().join("notes"), "server", root.path()).is_some()
    }

    fn touch(path: &Path) {
        let later = SystemTime::now() + Duration::from_secs(120);
        fs::File::options().append(true).open(path).unwrap().set_modified(later).unwrap();
    }

    #[test]
    fn a_noted_program_is_fresh() {
        assert!(is_fresh(&noted().0));
    }

    #[test]
    fn a_younger_source_or_manifest_makes_it_stale() {
        let (root, _, source) = noted();
        touch(&source);
        assert!(!is_fresh(&root));
        let (root, ..) = noted();
        touch(&root.path().join("Cargo.toml"));
        assert!(!is_fresh(&root));
    }

    #[test]
    fn a_source_that_is_gone_makes_it_stale() {
        let (root, _, source) = noted();
        fs::remove_file(source).unwrap();
        assert!(!is_fresh(&root));
    }

    #[test]
    fn a_program_that_something_else_has_built_is_stale() {
        let (root, program, _) = noted();
        fs::write(program, "other code..").unwrap();
        assert!(!is_fresh(&root));
    }
}
