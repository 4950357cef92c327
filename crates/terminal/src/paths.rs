//! Where the course and its builds are on this machine.

use std::env;
use std::path::{Path, PathBuf};

/// The workspace's root folder.
///
/// `CARGO_MANIFEST_DIR` tells where it is if this variable names the folder `xtask`: `cargo run` and
/// the launcher set it so. Otherwise the root is where this crate was compiled.
pub fn root() -> PathBuf {
    let manifest = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let xtask = manifest.filter(|folder| folder.ends_with("xtask"));
    let root = match &xtask {
        Some(xtask) => xtask.parent(),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2),
    };
    root.map_or_else(PathBuf::new, Path::to_path_buf)
}

/// The folder that builds go to: `CARGO_TARGET_DIR`, or `target/` in the root.
pub fn target() -> PathBuf {
    launcher::target_folder(&root())
}
