//! Which files belong to a program.

use anyhow::{Context, Result};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{env, fs};
use toml_edit::DocumentMut;

/// Files that count, and the folders in which they can change.
#[derive(Default)]
pub(super) struct Files {
    pub(super) files: BTreeSet<PathBuf>,
    pub(super) folders: BTreeSet<PathBuf>,
}

/// The manifests and the Rust files of a crate and of the lessons that it builds on.
pub(super) fn crate_files(folder: &Path, solution: bool) -> Files {
    let mut found = Files::default();
    let mut crates = vec![folder.to_owned()];
    while let Some(folder) = crates.pop() {
        if !found.folders.insert(folder.clone()) {
            continue;
        }
        let manifest = folder.join("Cargo.toml");
        crates.extend(path_dependencies(&manifest));
        found.files.insert(manifest);
        add_rust_files(&folder.join("src"), &mut found);
        if solution {
            add_rust_files(&folder.join("solution"), &mut found);
        }
    }
    found
}

fn add_rust_files(folder: &Path, found: &mut Files) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    found.folders.insert(folder.to_owned());
    for entry in entries.flatten() {
        let path = entry.path();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            add_rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.files.insert(path);
        }
    }
}

/// The folders of the crates that a manifest names by path. Empty for a manifest that cannot be read:
/// cargo then says what is wrong.
fn path_dependencies(manifest: &Path) -> Vec<PathBuf> {
    let text = fs::read_to_string(manifest).unwrap_or_default();
    let manifest_folder = manifest.parent().unwrap_or(manifest);
    let Ok(parsed) = text.parse::<DocumentMut>() else { return Vec::new() };
    let Some(dependencies) = parsed.get("dependencies").and_then(|item| item.as_table_like())
    else {
        return Vec::new();
    };
    let path =
        |item: &toml_edit::Item| item.as_table_like()?.get("path")?.as_str().map(str::to_owned);
    let paths = dependencies.iter().filter_map(|(_, item)| path(item));
    paths.filter_map(|path| manifest_folder.join(path).canonicalize().ok()).collect()
}

/// The files that a command names, by absolute path: the program and its arguments.
pub(super) fn named_files(line: &str) -> Result<Vec<PathBuf>> {
    let folder = env::current_dir().context("the current folder was removed")?;
    let words = shell_words::split(line).context("--cmd: quote it as for a shell")?;
    let paths = words.into_iter().map(|word| folder.join(word));
    Ok(paths.filter(|path| path.is_file()).collect())
}

/// The named files, and those beside them with the same extension: the modules of a script. (A log
/// that the server writes there has another extension.)
pub(super) fn command_files(named: &[PathBuf]) -> Files {
    let mut found = Files::default();
    for path in named {
        found.files.insert(path.clone());
        let Some(folder) = path.parent() else { continue };
        found.folders.insert(folder.to_owned());
        if path.extension().is_none() {
            continue;
        }
        let beside = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        found.files.extend(beside.filter(|other| other.extension() == path.extension()));
    }
    found
}
