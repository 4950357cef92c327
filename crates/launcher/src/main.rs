//! `cargo xtask …`: starts the course's commands. If their sources have changed, builds the
//! commands first.
//!
//! The commands depend on eighty packages, and `cargo run` would check each package at every call.
//! This program starts cargo only if a source has changed.

use std::ffi::{OsStr, OsString};
use std::io::Error;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::SystemTime;
use std::{env, io};

/// The name of the package with the commands, and of its program.
const COMMANDS: &str = "xtask";

/// The exit status if the commands cannot be built or started.
const ERROR: u8 = 2;

fn main() -> ExitCode {
    let root = root();
    let target = launcher::target_folder(&root);
    let program = match launcher::fresh_program(&target, COMMANDS, &root) {
        Some(program) => program,
        None => match build(&root, &target) {
            Ok(Some(program)) => program,
            // The compiler has printed its errors.
            Ok(None) => return ExitCode::from(ERROR),
            Err(error) => return cannot_run(&cargo(), &error),
        },
    };
    let error = Command::new(&program)
        .args(env::args_os().skip(1))
        .env("CARGO_MANIFEST_DIR", root.join(COMMANDS))
        .exec();
    cannot_run(program.as_os_str(), &error)
}

/// Builds the commands, and records the build. `None` if the commands do not compile.
fn build(root: &Path, target: &Path) -> io::Result<Option<PathBuf>> {
    let started_at = SystemTime::now();
    let program = target.join("debug").join(COMMANDS);
    let mut cargo = Command::new(cargo());
    cargo.args(["build", "--package", COMMANDS, "--target-dir"]).arg(target).current_dir(root);
    // The first build takes a minute. Therefore cargo shows the progress of the first build.
    if program.exists() {
        cargo.arg("--quiet");
    }
    if !cargo.status()?.success() {
        return Ok(None);
    }
    // If the record cannot be written, the next call starts cargo again. This is slow but correct.
    let _ = launcher::record_build(target, COMMANDS, &program, started_at);
    Ok(Some(program))
}

fn cargo() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// The workspace's root: the folder two levels above the folder that `cargo run` sets in
/// `CARGO_MANIFEST_DIR`.
fn root() -> PathBuf {
    let manifest = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let folder = manifest.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")));
    folder.ancestors().nth(2).map_or_else(|| folder.clone(), Path::to_path_buf)
}

fn cannot_run(program: &OsStr, error: &Error) -> ExitCode {
    eprintln!("error: cannot run {}: {error}", program.display());
    ExitCode::from(ERROR)
}
