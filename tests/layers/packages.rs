//! The packages of the course and the dependencies between them, read from `cargo metadata`.

use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A package of the course.
#[derive(Debug)]
pub(crate) struct Package {
    /// The name in the package's manifest.
    pub(crate) name: String,
    /// The folder that contains the package's manifest.
    pub(crate) folder: PathBuf,
    /// The packages of the course that this package depends on. Dependencies of the package's tests
    /// are included.
    pub(crate) dependencies: BTreeSet<String>,
}

impl Package {
    /// The packages of the workspace at `root`, and of each workspace in a subfolder of `crates/`
    /// or `tests/`.
    pub(crate) fn of_all_workspaces(root: &Path) -> Vec<Self> {
        let mut manifests = vec![root.join("Cargo.toml")];
        for folder in ["crates", "tests"] {
            let entries = fs::read_dir(root.join(folder)).unwrap();
            manifests.extend(entries.map(|entry| entry.unwrap().path().join("Cargo.toml")));
        }
        manifests.retain(|manifest| is_workspace(manifest));
        manifests.iter().flat_map(|manifest| in_workspace(manifest)).collect()
    }

    fn new(metadata: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let dependencies = metadata["dependencies"].as_array().unwrap().iter();
        // Only a dependency on a package of this repository has a path.
        let ours = dependencies.filter(|dependency| dependency["path"].is_string());
        Self {
            name: text(&metadata["name"]),
            folder: PathBuf::from(text(&metadata["manifest_path"])).parent().unwrap().to_owned(),
            dependencies: ours.map(|dependency| text(&dependency["name"])).collect(),
        }
    }
}

fn is_workspace(manifest: &Path) -> bool {
    let text = fs::read_to_string(manifest).unwrap_or_default();
    text.lines().any(|line| line.trim() == "[workspace]")
}

fn in_workspace(manifest: &Path) -> Vec<Package> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--no-deps", "--format-version", "1", "--manifest-path"]);
    let output = cargo.arg(manifest).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().iter().map(Package::new).collect()
}
