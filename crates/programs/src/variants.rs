//! Builds variants of a lesson's solution: copies of the lesson's crate with other sources. All copies
//! are members of one workspace, so one run of cargo builds all of them.
//!
//! A file whose content has not changed is not written again. Therefore cargo compiles only the copies
//! that have changed since the last build.

use crate::build;
use crate::files::{copy_lock, read, write_changed};
use crate::manifest::{member, workspace};
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use terminal::paths;

/// The files in `src/` and `solution/` of a lesson's crate. Each key is a path relative to the
/// crate's folder.
pub type Sources = BTreeMap<PathBuf, String>;

/// A variant of a lesson's solution.
pub struct Variant {
    /// The name of the variant's package and program, e.g. `w03-l02-forgot-close`.
    pub name: String,
    /// All source files of the variant.
    pub sources: Sources,
}

/// What cargo has built.
pub struct BuiltVariants {
    /// The program of each variant, in the order of the variants. `None` if a variant does not
    /// compile.
    pub programs: Vec<Option<PathBuf>>,
    /// The compiler's messages about the variants that do not compile.
    pub errors: String,
}

impl BuiltVariants {
    /// All programs.
    ///
    /// # Errors
    /// The compiler's messages, if a variant does not compile.
    pub fn all(self) -> Result<Vec<PathBuf>, String> {
        self.programs.into_iter().collect::<Option<_>>().ok_or(self.errors)
    }
}

/// Builds `variants` of the lesson crate in `lesson`, in a workspace in the folder `workspace_folder`.
///
/// Members of an earlier call stay in the folder, but are not built.
///
/// # Errors
/// A file cannot be read or written, or cargo cannot run.
pub fn build(
    workspace_folder: &Path,
    lesson: &Path,
    variants: &[Variant],
) -> Result<BuiltVariants> {
    let _lock = lock(workspace_folder)?;
    // Write one workspace member for each variant.
    let manifest = read(&lesson.join("Cargo.toml"))?;
    for Variant { name, sources } in variants {
        let mut files = sources.clone();
        files.insert("Cargo.toml".into(), member(&manifest, name, lesson)?);
        fill(&workspace_folder.join("members").join(name), &files)?;
    }
    // Write the workspace of these members.
    let root = paths::root();
    let members: Vec<_> = variants.iter().map(|it| format!("members/{}", it.name)).collect();
    let manifest = workspace(&read(&root.join("Cargo.toml"))?, &root, &members)?;
    write_changed(&workspace_folder.join("Cargo.toml"), &manifest)?;
    copy_lock(&root.join("Cargo.lock"), &workspace_folder.join("Cargo.lock"))?;
    // Build them.
    let (built, errors) = build::solutions(workspace_folder)?;
    let program = |variant: &Variant| {
        let program = built.iter().find(|program| program.name == variant.name);
        program.map(|program| program.path.clone())
    };
    Ok(BuiltVariants { programs: variants.iter().map(program).collect(), errors })
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

/// The sources of the lesson crate in `folder`.
///
/// # Errors
/// A file cannot be read, or is not UTF-8.
pub fn sources(folder: &Path) -> Result<Sources> {
    let mut files = Sources::new();
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

/// Writes `files` into `folder`, and removes all other source files from `folder`.
fn fill(folder: &Path, files: &BTreeMap<PathBuf, String>) -> Result<()> {
    if folder.join("src").exists() {
        for stale in sources(folder)?.keys().filter(|old| !files.contains_key(*old)) {
            fs::remove_file(folder.join(stale))?;
        }
    }
    files.iter().try_for_each(|(path, text)| write_changed(&folder.join(path), text))
}
