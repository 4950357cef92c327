//! Builds the programs to check, with cargo.

use crate::lesson_workspace;
use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};
use terminal::{interrupt, paths};

/// The result of a build.
pub struct Built {
    /// The build's wall time.
    pub elapsed: Duration,
    /// The programs, or the compiler's messages if the build failed.
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

/// Builds the lesson crate in `folder`. Builds the solution if `solution` is true, and the
/// student's server otherwise.
///
/// The two programs have different target folders. Therefore neither build overwrites the other
/// program. If neither sources nor settings have changed since the last build, cargo is not
/// started.
///
/// # Errors
/// Cargo cannot run, or stops before it compiles, e.g. at a manifest that it cannot parse.
pub fn lesson(folder: &Path, solution: bool, colour: bool) -> Result<Built> {
    let (start, started_at) = (Instant::now(), SystemTime::now());
    let target = paths::target().join(if solution { "solution" } else { "student" });
    let package = folder.file_name().unwrap_or_default().to_string_lossy();
    // If the program is newer than all of its sources, cargo is not needed.
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
        // If the record cannot be written, the next call starts cargo again. This is slow but
        // correct.
        let _ = launcher::record_build(&target, &package, &program.path, started_at);
    }
    Ok(built)
}

// <staff>
/// Builds every solution of the workspace in `folder`, into the folder `target` of this workspace.
/// Returns the programs, and the compiler's messages about the solutions that do not compile.
///
/// # Errors
/// As [`lesson`].
pub fn solutions(folder: &Path) -> Result<(Vec<Program>, String)> {
    let mut cargo = cargo(&folder.join("Cargo.toml"), false);
    // A library has the same name as its program. With --bins, the libraries keep their hashed file
    // names.
    cargo.args(["--quiet", "--workspace", "--bins", "--features", "solution", "--offline"]);
    cargo.args(["--keep-going", "--target-dir"]).arg(folder.join("target"));
    let Finished { diagnostics, messages, .. } = finished(cargo, Stdio::piped())?;
    Ok((messages.into_iter().filter_map(program).collect(), diagnostics))
}

/// Builds the crate in `folder` with optimisation. The output goes to the folder `target` in the
/// course's target folder.
///
/// # Errors
/// As [`lesson`].
pub fn optimised(folder: &Path, flags: &[&str], target: &str) -> Result<Built> {
    let mut cargo = cargo(&folder.join("Cargo.toml"), false);
    cargo.args(["--quiet", "--release"]).args(flags);
    cargo.arg("--target-dir").arg(paths::target().join(target));
    run(cargo)
}

/// Builds the crate in `folder`, a workspace of its own, into `target`. With `show_progress`, cargo
/// shows on standard error which crates it compiles.
///
/// # Errors
/// As [`lesson`].
pub fn own_workspace(
    folder: &Path,
    target: &Path,
    colour: bool,
    show_progress: bool,
) -> Result<Built> {
    let mut cargo = cargo(&folder.join("Cargo.toml"), colour);
    cargo.arg("--target-dir").arg(target);
    if show_progress {
        return run_with_stderr(cargo, Stdio::inherit());
    }
    cargo.arg("--quiet");
    run(cargo)
}

/// Builds the lesson crate `package` from the sources in its `src/`, into `target`, with
/// `features`.
///
/// For the course's own crates, cargo runs the program `recorder` in place of the compiler (the
/// Cargo book, build.rustc-workspace-wrapper).
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
        // Override this user's settings. A submission must be built in the same way on every
        // machine.
        cargo.env("CARGO_ENCODED_RUSTFLAGS", "").env("CARGO_INCREMENTAL", "0");
        cargo.env("RUSTC_WORKSPACE_WRAPPER", recorder).env_remove("RUSTC_WRAPPER");
        run(cargo)
    };
    // First build without the network. If a dependency is missing, cargo then fetches the
    // dependency, or says what is missing.
    start(&["--offline"]).or_else(|_| start(&[]))
}
// </staff>

/// Prepares `cargo build` in the course's folder. There cargo reads the course's configuration.
///
/// If cargo has started this command, the same cargo is used.
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

/// Runs cargo. The build has failed if one program could not be built.
fn run_with_stderr(cargo: Command, stderr: Stdio) -> Result<Built> {
    let Finished { elapsed, succeeded, diagnostics, messages } = finished(cargo, stderr)?;
    let programs = messages.into_iter().filter_map(program).collect();
    Ok(Built { elapsed, result: if succeeded { Ok(programs) } else { Err(diagnostics) } })
}

/// A run of cargo that has compiled something, or has found everything up to date.
struct Finished {
    elapsed: Duration,
    /// Whether everything could be built.
    succeeded: bool,
    /// What cargo and the compiler have written to standard error.
    diagnostics: String,
    /// Cargo's messages. They name the programs that were built.
    messages: Vec<Message>,
}

/// Runs cargo to its end.
///
/// # Errors
/// Cargo cannot run, or stops before it compiles.
fn finished(mut cargo: Command, stderr: Stdio) -> Result<Finished> {
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
    // If there is no build-finished message, cargo stopped before it compiled anything.
    let Some(succeeded) = succeeded else {
        let diagnostics = anstream::adapter::strip_str(&diagnostics);
        bail!("cargo could not start to compile:\n{diagnostics}")
    };
    Ok(Finished { elapsed, succeeded, diagnostics, messages })
}

/// The messages of cargo that are used here (the Cargo book, External tools, JSON messages).
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
