//! The grader for another machine: linked statically, so that it needs no C library of its own age.

use anyhow::{Context, Result, bail};
use std::env;
use std::path::PathBuf;
use std::process::Command;
use xtask::place;

#[cfg(target_arch = "x86_64")]
const TARGET: &str = "x86_64-unknown-linux-gnu";
#[cfg(target_arch = "aarch64")]
const TARGET: &str = "aarch64-unknown-linux-gnu";

/// Builds it, cargo's progress on standard error; its file.
///
/// # Errors
/// A build that fails: it takes libc's static library, which Debian has in libc6-dev.
pub(super) fn build() -> Result<PathBuf> {
    let target = place::target().join("gradescope");
    let status = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["build", "--bin", "grade", "--target", TARGET, "--manifest-path"])
        .arg(place::root().join("crates/grade/Cargo.toml"))
        .arg("--target-dir")
        .arg(&target)
        .env("RUSTFLAGS", "-Ctarget-feature=+crt-static -Cstrip=symbols")
        .current_dir(place::root())
        .status()
        .context("cannot run cargo; is it in PATH?")?;
    if !status.success() {
        bail!("the grader cannot be built for a container; it takes a C compiler and libc.a");
    }
    Ok(target.join(TARGET).join("debug/grade"))
}
