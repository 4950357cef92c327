//! Makes wrong servers: copies of a lesson's crate, each with a patch applied. All copies are built
//! in one workspace.
//!
//! The workspace is `target/mistakes/LESSON/`. A file whose content has not changed is not written
//! again. Therefore cargo compiles only the copies that have changed since the last build.

use crate::build;
use crate::files::{copy_lock, read, write_changed};
use crate::manifest::{member, workspace};
use anyhow::{Context, Result, anyhow, ensure};
use course::mistake::MistakePatch;
use diffy::patch_set::{FileOperation, FilePatch, ParseOptions, PatchSet};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use terminal::paths;

/// A patch that turns the solution into a wrong server.
pub struct WrongServer<'a> {
    /// The mistake's id, e.g. `forgot-close`.
    pub id: &'a str,
    /// The path of the patch file, for error messages.
    pub path: &'a Path,
    /// A unified diff against the lesson's folder.
    pub diff: &'a str,
}

impl<'a> From<&'a MistakePatch> for WrongServer<'a> {
    fn from(patch: &'a MistakePatch) -> Self {
        Self { id: &patch.id, path: &patch.path, diff: &patch.diff }
    }
}

/// Builds the wrong servers of the lesson crate in `folder`. Returns the paths of the built
/// programs, in the order of `wrong_servers`.
///
/// # Errors
/// A patch does not apply, or a wrong server does not compile. In the second case, the error has
/// the compiler's messages.
pub fn build(
    lesson: &str,
    folder: &Path,
    wrong_servers: &[WrongServer<'_>],
) -> Result<Vec<PathBuf>> {
    let workspace_folder = paths::target().join("mistakes").join(lesson);
    let name = |wrong: &WrongServer<'_>| format!("{lesson}-{}", wrong.id);
    let names: Vec<_> = wrong_servers.iter().map(name).collect();
    let _lock = lock(&workspace_folder)?;
    // Write one workspace member for each wrong server.
    let sources = sources(folder)?;
    let manifest = read(&folder.join("Cargo.toml"))?;
    for (wrong, name) in wrong_servers.iter().zip(&names) {
        let copy = workspace_folder.join("members").join(name);
        let mut files = patched(&sources, wrong)?;
        files.insert("Cargo.toml".into(), member(&manifest, name, folder)?);
        fill(&copy, &files)?;
    }
    // Write the workspace of these members.
    let root = paths::root();
    let members: Vec<_> = names.iter().map(|name| format!("members/{name}")).collect();
    let manifest = workspace(&read(&root.join("Cargo.toml"))?, &root, &members)?;
    write_changed(&workspace_folder.join("Cargo.toml"), &manifest)?;
    copy_lock(&root.join("Cargo.lock"), &workspace_folder.join("Cargo.lock"))?;
    programs(&workspace_folder, &names)
}

/// Waits until no other process builds in `workspace`. From then on, other processes wait until the
/// returned file is dropped (flock(2)).
fn lock(workspace: &Path) -> Result<File> {
    let path = workspace.join("lock");
    let locked = || -> io::Result<File> {
        fs::create_dir_all(workspace)?;
        let file = File::create(&path)?;
        file.lock()?;
        Ok(file)
    };
    locked().with_context(|| format!("cannot lock {}", path.display()))
}

/// The files in `src/` and `solution/` of the crate in `folder`. Each key is a path relative to
/// `folder`.
///
/// # Errors
/// A file cannot be read, or is not UTF-8.
pub fn sources(folder: &Path) -> Result<BTreeMap<PathBuf, String>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.join("src"), folder.join("solution")];
    while let Some(next) = folders.pop() {
        let entries =
            fs::read_dir(&next).with_context(|| format!("cannot read {}", next.display()))?;
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(inside) = path.strip_prefix(folder) {
                files.insert(inside.to_owned(), read(&path)?);
            }
        }
    }
    Ok(files)
}

/// `sources` with a wrong server's patch applied.
///
/// # Errors
/// The patch does not apply. The error names the patch, and the file that the patch should change.
pub fn patched(
    sources: &BTreeMap<PathBuf, String>,
    wrong: &WrongServer<'_>,
) -> Result<BTreeMap<PathBuf, String>> {
    let place = wrong.path.display();
    let mut files = sources.clone();
    let mut changed = 0;
    for part in PatchSet::parse(wrong.diff, ParseOptions::unidiff()) {
        let part = part.map_err(|error| anyhow!("{place}: not a unified diff: {error}"))?;
        let name = changed_file(&part).with_context(|| {
            format!("{place}: a mistake's diff changes files; it cannot add or remove a file")
        })?;
        let text = files
            .get_mut(Path::new(&name))
            .with_context(|| format!("{place}: {name} is not a file of this lesson"))?;
        let patch = part.patch().as_text().with_context(|| format!("{place}: a binary diff"))?;
        *text = diffy::apply(text, patch).map_err(|error| {
            anyhow!("{place}: {error} in {name}; create the patch again from the current file")
        })?;
        changed += 1;
    }
    ensure!(changed > 0, "{place}: the diff changes nothing; begin it with `--- a/solution/…`");
    Ok(files)
}

/// The file that one part of a diff changes, without the leading `a/`.
fn changed_file(part: &FilePatch<'_, str>) -> Option<String> {
    match part.operation().strip_prefix(1) {
        FileOperation::Modify { original, .. } => Some(original.into_owned()),
        _ => None,
    }
}

/// Writes `files` into `folder`, and removes all other source files from `folder`.
fn fill(folder: &Path, files: &BTreeMap<PathBuf, String>) -> Result<()> {
    if folder.join("src").exists() {
        for stale in sources(folder)?.keys().filter(|old| !files.contains_key(*old)) {
            fs::remove_file(folder.join(stale))?;
        }
    }
    files.iter().try_for_each(|(path, text)| write_changed(&folder.join(path), text))
}

fn programs(workspace: &Path, names: &[String]) -> Result<Vec<PathBuf>> {
    let built = build::solutions(workspace)?.result;
    let built = built.map_err(|errors| anyhow!("a wrong server does not compile:\n{errors}"))?;
    let path = |name: &String| {
        let program = built.iter().find(|program| program.name == *name);
        program
            .map(|program| program.path.clone())
            .with_context(|| format!("cargo built no {name}"))
    };
    names.iter().map(path).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIFF: &str = "\
--- a/solution/a.rs
+++ b/solution/a.rs
@@ -1,2 +1,2 @@
 fn a() {
-    right()
+    wrong()
";

    fn apply(text: &str, diff: &str) -> Result<String> {
        let sources = BTreeMap::from([("solution/a.rs".into(), text.to_owned())]);
        let wrong = WrongServer { id: "x", path: Path::new("mistakes/x.patch"), diff };
        patched(&sources, &wrong).map(|mut files| files.remove(Path::new("solution/a.rs")).unwrap())
    }

    #[test]
    fn a_patch_changes_its_file() {
        assert_eq!(
            apply("fn a() {\n    right()\n}\n", DIFF).unwrap(),
            "fn a() {\n    wrong()\n}\n"
        );
    }

    #[test]
    fn the_error_of_a_patch_names_its_file() {
        for (text, diff) in [
            ("fn b() {}\n", DIFF),
            ("", ""),
            ("", "@@ -1 +1 @@"),
            ("", &DIFF.replace("a.rs", "b.rs")),
        ] {
            let error = apply(text, diff).unwrap_err().to_string();
            assert!(error.starts_with("mistakes/x.patch: "), "{error}");
        }
    }
}
