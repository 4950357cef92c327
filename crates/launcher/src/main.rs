//! `cargo xtask …`: starts the course's commands, and builds them first if their sources have changed.
//!
//! The commands depend on eighty packages, and `cargo run` would check each of them every time.

use std::ffi::{OsStr, OsString};
use std::io::Error;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::SystemTime;
use std::{env, io};

/// The name of the package with the commands, and of its program.
const COMMANDS: &str = "xtask";

/// The exit status where the commands cannot be built or started.
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

/// Builds the commands, and records the build. `None` where they do not compile.
fn build(root: &Path, target: &Path) -> io::Result<Option<PathBuf>> {
    let started_at = SystemTime::now();
    let program = target.join("debug").join(COMMANDS);
    let mut cargo = Command::new(cargo());
    cargo.args(["build", "--package", COMMANDS, "--target-dir"]).arg(target).current_dir(root);
    // The first build takes a minute, so cargo shows its progress then.
    if program.exists() {
        cargo.arg("--quiet");
    }
    if !cargo.status()?.success() {
        return Ok(None);
    }
    // Without this record the next call starts cargo again, which is slow but correct.
    let _ = launcher::record_build(target, COMMANDS, &program, started_at);
    Ok(Some(program))
}

fn cargo() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// The workspace's root: two folders above the manifest that `cargo run` names.
fn root() -> PathBuf {
    let manifest = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let folder = manifest.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")));
    folder.ancestors().nth(2).map_or_else(|| folder.clone(), Path::to_path_buf)
}

fn cannot_run(program: &OsStr, error: &Error) -> ExitCode {
    eprintln!("error: cannot run {}: {error}", program.display());
    ExitCode::from(ERROR)
}
