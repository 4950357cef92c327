//! Builds the grader for a container. The grader is linked statically, so that it does not depend
//! on the container's C library.

use anyhow::{Context, Result, bail};
use std::env;
use std::path::PathBuf;
use std::process::Command;
use terminal::paths;

#[cfg(target_arch = "x86_64")]
const TARGET: &str = "x86_64-unknown-linux-gnu";
#[cfg(target_arch = "aarch64")]
const TARGET: &str = "aarch64-unknown-linux-gnu";

/// Builds the grader, with cargo's progress on standard error. Returns the program's file.
///
/// # Errors
/// The build fails. The build needs libc's static library, which Debian has in libc6-dev.
pub(super) fn build() -> Result<PathBuf> {
    let target = paths::target().join("gradescope");
    let status = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["build", "--bin", "grade", "--target", TARGET, "--manifest-path"])
        .arg(paths::root().join("crates/grade/Cargo.toml"))
        .arg("--target-dir")
        .arg(&target)
        .env("RUSTFLAGS", "-Ctarget-feature=+crt-static -Cstrip=symbols")
        .current_dir(paths::root())
        .status()
        .context("cannot run cargo; is it in PATH?")?;
    if !status.success() {
        bail!("the grader cannot be built for a container; this needs a C compiler and libc.a");
    }
    Ok(target.join(TARGET).join("debug/grade"))
}
