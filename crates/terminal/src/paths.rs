//! The folders of the course and of its builds on this machine.

use std::env;
use std::path::{Path, PathBuf};

/// The workspace's root folder.
///
/// If the variable `CARGO_MANIFEST_DIR` names the folder `xtask`, the root is the parent of this
/// folder. `cargo run` and the launcher set the variable. Otherwise the root is the folder in which
/// this crate was compiled.
pub fn root() -> PathBuf {
    let manifest = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let xtask = manifest.filter(|folder| folder.ends_with("xtask"));
    let root = match &xtask {
        Some(xtask) => xtask.parent(),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2),
    };
    root.map_or_else(PathBuf::new, Path::to_path_buf)
}

/// The folder for build output: `CARGO_TARGET_DIR`, or `target/` in the root.
pub fn target() -> PathBuf {
    launcher::target_folder(&root())
}
