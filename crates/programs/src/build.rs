//! Builds the programs that are proved, with cargo.

use crate::lesson_workspace;
use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};
use terminal::{interrupt, paths};

/// How a build ended.
pub struct Built {
    /// The build's wall time.
    pub elapsed: Duration,
    /// The programs, or what the compiler printed where it failed.
    pub result: Result<Vec<Program>, String>,
}

/// An executable that cargo has built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// The binary target's name.
    pub name: String,
    /// The executable's file.
    pub path: PathBuf,
}

/// Builds the lesson crate in `folder`: the student's server, or with `solution` the solution.
///
/// The two have different target folders, so that neither build overwrites the other's program.
/// Where neither sources nor settings have changed since the last build, cargo is not started.
///
/// # Errors
/// If cargo cannot run, or stops before it compiles, e.g. at a manifest that it cannot parse.
pub fn lesson(folder: &Path, solution: bool, colour: bool) -> Result<Built> {
    let (start, started_at) = (Instant::now(), SystemTime::now());
    let target = paths::target().join(if solution { "solution" } else { "student" });
    let package = folder.file_name().unwrap_or_default().to_string_lossy();
    // A program that is newer than everything that it is built from needs no cargo.
    if let Some(path) = launcher::fresh_program(&target, &package, &paths::root()) {
        let program = Program { name: package.into_owned(), path };
        return Ok(Built { elapsed: start.elapsed(), result: Ok(vec![program]) });
    }
    let mut cargo = cargo(&lesson_workspace::manifest(&package)?, colour);
    cargo.arg("--quiet").arg("--target-dir").arg(&target);
    if solution {
        cargo.args(["--features", "solution"]);
    }
    let built = run(cargo)?;
    let programs = built.result.as_deref().unwrap_or_default();
    if let Some(program) = programs.iter().find(|program| program.name == package) {
        // Without this record the next call starts cargo again, which is slow but correct.
        let _ = launcher::record_build(&target, &package, &program.path, started_at);
    }
    Ok(built)
}

// <staff>
/// Builds every solution of the workspace in `folder`, into the target folder in it.
///
/// # Errors
/// As [`lesson`].
pub fn solutions(folder: &Path) -> Result<Built> {
    let mut cargo = cargo(&folder.join("Cargo.toml"), false);
    // With --bins the libraries, which have the same name, keep their hashed file names.
    cargo.args(["--quiet", "--workspace", "--bins", "--features", "solution", "--offline"]);
    cargo.arg("--target-dir").arg(folder.join("target"));
    run(cargo)
}

/// Builds the crate in `folder` optimised, into the folder `target` of the target folder.
///
/// # Errors
/// As [`lesson`].
pub fn optimised(folder: &Path, flags: &[&str], target: &str) -> Result<Built> {
    let mut cargo = cargo(&folder.join("Cargo.toml"), false);
    cargo.args(["--quiet", "--release"]).args(flags);
    cargo.arg("--target-dir").arg(paths::target().join(target));
    run(cargo)
}

/// Builds the grader into `target`. With `show_progress`, cargo shows on standard error what it
/// compiles.
///
/// # Errors
/// As [`lesson`].
pub fn grader(target: &Path, colour: bool, show_progress: bool) -> Result<Built> {
    let mut cargo = cargo(&paths::root().join("crates/grade/Cargo.toml"), colour);
    cargo.arg("--target-dir").arg(target);
    if show_progress {
        return run_with_stderr(cargo, Stdio::inherit());
    }
    cargo.arg("--quiet");
    run(cargo)
}

/// Builds the lesson crate `package` with the sources in its `src/`, into `target`, with `features`.
///
/// The program `recorder` is run in place of the compiler for the course's own crates (the Cargo book,
/// build.rustc-workspace-wrapper).
///
/// # Errors
/// As [`lesson`].
pub fn recorded(
    package: &str,
    features: &[String],
    target: &Path,
    recorder: &Path,
) -> Result<Built> {
    let manifest = lesson_workspace::manifest(package)?;
    let start = |offline: &[&str]| {
        let mut cargo = cargo(&manifest, false);
        cargo.arg("--quiet").args(offline).args(["--features", &features.join(",")]);
        cargo.arg("--target-dir").arg(target);
        // A submission is built the same way on every machine, whatever this user has set.
        cargo.env("CARGO_ENCODED_RUSTFLAGS", "").env("CARGO_INCREMENTAL", "0");
        cargo.env("RUSTC_WORKSPACE_WRAPPER", recorder).env_remove("RUSTC_WRAPPER");
        run(cargo)
    };
    // Without the network first. If a dependency is missing, cargo fetches it or says what is missing.
    start(&["--offline"]).or_else(|_| start(&[]))
}
// </staff>

/// `cargo build` in the course's folder, so that cargo reads the course's configuration.
///
/// It is the cargo that runs this command, if there is one.
fn cargo(manifest: &Path, colour: bool) -> Command {
    let program = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    let colour = if colour { "always" } else { "never" };
    command.args(["build", "--message-format", "json-render-diagnostics", "--color", colour]);
    command.args([OsStr::new("--manifest-path"), manifest.as_ref()]);
    command.current_dir(paths::root());
    command
}

fn run(cargo: Command) -> Result<Built> {
    run_with_stderr(cargo, Stdio::piped())
}

/// Runs cargo, and reads the programs that it has built from its messages.
fn run_with_stderr(mut cargo: Command, stderr: Stdio) -> Result<Built> {
    cargo.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(stderr);
    let start = Instant::now();
    let child = cargo.spawn().with_context(|| {
        format!("cannot run {}; is cargo in PATH?", cargo.get_program().display())
    })?;
    let output = interrupt::wait(child).context("cannot read what cargo prints")?;
    let elapsed = start.elapsed();
    let diagnostics = String::from_utf8_lossy(&output.stderr).trim_end().to_owned();
    let messages = messages(&output.stdout);
    let succeeded = messages.iter().find_map(|message| match message {
        Message::BuildFinished { success } => Some(*success),
        _ => None,
    });
    match succeeded {
        // Without a build-finished message cargo stopped before it compiled anything.
        None => {
            let diagnostics = anstream::adapter::strip_str(&diagnostics);
            bail!("cargo could not start to compile:\n{diagnostics}")
        }
        Some(false) => Ok(Built { elapsed, result: Err(diagnostics) }),
        Some(true) => {
            Ok(Built { elapsed, result: Ok(messages.into_iter().filter_map(program).collect()) })
        }
    }
}

/// The messages that are used here (the Cargo book, External tools, JSON messages).
#[derive(Deserialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
enum Message {
    CompilerArtifact {
        target: Target,
        executable: Option<PathBuf>,
    },
    BuildFinished {
        success: bool,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

fn messages(stdout: &[u8]) -> Vec<Message> {
    let lines = stdout.split(|byte| *byte == b'\n');
    lines.filter_map(|line| serde_json::from_slice(line).ok()).collect()
}

fn program(message: Message) -> Option<Program> {
    match message {
        Message::CompilerArtifact { target, executable: Some(path) } => {
            Some(Program { name: target.name, path })
        }
        _ => None,
    }
}
