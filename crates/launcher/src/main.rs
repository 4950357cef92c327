//! `cargo xtask …`: starts the course's commands, after a build only where their sources changed.
//!
//! The commands stand on eighty packages, and `cargo run` would look at each of them every time.

use std::ffi::OsString;
use std::io::Error;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::SystemTime;
use std::{env, io};

/// The package, and its program.
const COMMANDS: &str = "xtask";

/// Neither a verdict nor "not yet": a fault.
const FAULT: u8 = 2;

fn main() -> ExitCode {
    let root = root();
    let target = launcher::target_folder(&root);
    let program = match launcher::fresh_program(&target, COMMANDS, &root) {
        Some(program) => program,
        None => match build(&root, &target) {
            Ok(Some(program)) => program,
            // The compiler has said why.
            Ok(None) => return ExitCode::from(FAULT),
            Err(error) => return fault(&cargo(), &error),
        },
    };
    let error = Command::new(&program)
        .args(env::args_os().skip(1))
        .env("CARGO_MANIFEST_DIR", root.join(COMMANDS))
        .exec();
    fault(program.as_os_str(), &error)
}

/// Builds the commands and notes it, or nothing where they do not compile.
fn build(root: &Path, target: &Path) -> io::Result<Option<PathBuf>> {
    let since = SystemTime::now();
    let program = target.join("debug").join(COMMANDS);
    let mut cargo = Command::new(cargo());
    cargo.args(["build", "--package", COMMANDS, "--target-dir"]).arg(target).current_dir(root);
    // The first build takes a minute: whoever waits for it sees how far it is.
    if program.exists() {
        cargo.arg("--quiet");
    }
    if !cargo.status()?.success() {
        return Ok(None);
    }
    // Where no note can be written, the next call builds again.
    let _ = launcher::record_build(target, COMMANDS, &program, since);
    Ok(Some(program))
}

fn cargo() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// The workspace: two folders above the manifest that `cargo run` names.
fn root() -> PathBuf {
    let manifest = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let folder = manifest.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")));
    folder.ancestors().nth(2).map_or_else(|| folder.clone(), Path::to_path_buf)
}

fn fault(program: &std::ffi::OsStr, error: &Error) -> ExitCode {
    eprintln!("error: cannot run {}: {error}", program.display());
    ExitCode::from(FAULT)
}
