//! Runs the Rust compiler to get information about it.

use anyhow::{Context, Result, ensure};
use std::path::Path;
use std::process::Command;

/// The output of rustc with these arguments. rustc runs in the course's folder `root`, because the
/// file rust-toolchain.toml in this folder may select the compiler.
///
/// # Errors
/// rustc cannot be run, or fails.
pub(crate) fn output_of(arguments: &[&str], root: &Path) -> Result<String> {
    let output = Command::new("rustc").args(arguments).current_dir(root).output();
    let output = output.context("cannot run rustc; is it in PATH?")?;
    ensure!(output.status.success(), "rustc {} failed", arguments.join(" "));
    Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
}
