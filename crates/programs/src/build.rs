//! Builds a lesson's server with cargo.

// <staff>
// </staff>
use crate::lesson_workspace;
use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};
use std::{env, str};
use terminal::{interrupt, paths};

/// What became of a build.
pub struct Built {
    /// The build's wall time.
    pub elapsed: Duration,
    /// The programs, or the compiler's own words where it refused.
    pub result: Result<Vec<Program>, String>,
}

/// One executable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// The binary target's name.
    pub name: String,
    /// Where it lies.
    pub path: PathBuf,
}

/// Builds the crate in `folder`: the student's, or with `solution` the reference.
///
/// The reference gets a target folder of its own, so that neither overwrites the other's program.
///
/// # Errors
/// Where cargo cannot run, or stops before it compiles: a manifest that it cannot read, say.
pub fn lesson(folder: &Path, solution: bool, colour: bool) -> Result<Built> {
    let begun = (Instant::now(), SystemTime::now());
    let target = paths::target().join(if solution { "solution" } else { "student" });
    let package = folder.file_name().unwrap_or_default().to_string_lossy();
    if let Some(path) = launcher::fresh_program(&target, &package, &paths::root()) {
        let program = Program { name: package.into_owned(), path };
        return Ok(Built { elapsed: begun.0.elapsed(), result: Ok(vec![program]) });
    }
    let mut command = cargo(&lesson_workspace::manifest(&package)?, colour);
    command.arg("--target-dir").arg(&target);
    if solution {
        command.args(["--features", "solution"]);
    }
    let built = build(command)?;
    let programs = built.result.as_deref().unwrap_or_default();
    if let Some(program) = programs.iter().find(|program| program.name == package) {
        // Where no note can be written, the next call asks cargo again.
        let _ = launcher::record_build(&target, &package, &program.path, begun.1);
    }
    Ok(built)
}

// <staff>
/// Builds every solution of the workspace in `folder`, into its own target folder there.
///
/// # Errors
/// As [`lesson`].
pub fn solutions(folder: &Path) -> Result<Built> {
    let mut command = cargo(&folder.join("Cargo.toml"), false);
    // --bins: the libraries, all of one name, then stay apart under their hashed names.
    command.args(["--workspace", "--bins", "--features", "solution", "--offline", "--target-dir"]);
    command.arg(folder.join("target"));
    build(command)
}

/// Builds the crate in `folder` optimised, into `target` of the target folder.
///
/// # Errors
/// As [`lesson`].
pub fn optimised(folder: &Path, flags: &[&str], target: &str) -> Result<Built> {
    let mut command = cargo(&folder.join("Cargo.toml"), false);
    command.arg("--release").args(flags).arg("--target-dir").arg(paths::target().join(target));
    build(command)
}

/// Builds the grader. With `show_progress`, cargo says on standard error what it compiles.
///
/// # Errors
/// As [`lesson`].
pub fn grader(target: &Path, colour: bool, show_progress: bool) -> Result<Built> {
    let manifest = paths::root().join("crates/grade/Cargo.toml");
    let mut command = talking_cargo(&manifest, colour);
    command.arg("--target-dir").arg(target);
    if show_progress {
        return build_saying(command, Stdio::inherit());
    }
    command.arg("--quiet");
    build(command)
}
// </staff>

/// Builds the lesson crate `package` as it stands in `src/`, into `target`, and with `features`, so that
/// `recorder` runs in place of the compiler for the course's own crates (the Cargo book,
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
        let mut command = cargo(&manifest, false);
        command.args(offline).args(["--features", &features.join(",")]);
        command.arg("--target-dir").arg(target);
        // One machine's settings are no part of what a submission is built with.
        command.env("CARGO_ENCODED_RUSTFLAGS", "").env("CARGO_INCREMENTAL", "0");
        command.env("RUSTC_WORKSPACE_WRAPPER", recorder).env_remove("RUSTC_WRAPPER");
        build(command)
    };
    // Without the network where that is enough; else cargo says what is missing.
    start(&["--offline"]).or_else(|_| start(&[]))
}

/// The cargo that runs us, in the course's folder, whose configuration it reads.
fn cargo(manifest: &Path, colour: bool) -> Command {
    let mut command = talking_cargo(manifest, colour);
    command.arg("--quiet");
    command
}

/// The same, with cargo's own words on what it compiles.
fn talking_cargo(manifest: &Path, colour: bool) -> Command {
    let program = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    let colour = if colour { "always" } else { "never" };
    command.args(["build", "--message-format", "json-render-diagnostics"]);
    command.args([
        OsStr::new("--color"),
        colour.as_ref(),
        "--manifest-path".as_ref(),
        manifest.as_ref(),
    ]);
    command.current_dir(paths::root());
    command
}

fn build(command: Command) -> Result<Built> {
    build_saying(command, Stdio::piped())
}

/// The same, with cargo's own words on `stderr`.
fn build_saying(mut command: Command, stderr: Stdio) -> Result<Built> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(stderr);
    let start = Instant::now();
    let child = command.spawn().with_context(|| {
        format!("cannot run {}; is cargo in PATH?", command.get_program().display())
    })?;
    let output = interrupt::wait(child).context("cannot read what cargo prints")?;
    let elapsed = start.elapsed();
    let words = String::from_utf8_lossy(&output.stderr).trim_end().to_owned();
    let messages = messages(&output.stdout);
    let compiled = messages.iter().find_map(|message| match message {
        Message::BuildFinished { success } => Some(*success),
        _ => None,
    });
    match compiled {
        // Cargo says nothing at all about compiling where it stops before that.
        None => {
            bail!("cargo could not start to compile:\n{}", anstream::adapter::strip_str(&words))
        }
        Some(false) => Ok(Built { elapsed, result: Err(words) }),
        Some(true) => {
            Ok(Built { elapsed, result: Ok(messages.into_iter().filter_map(program).collect()) })
        }
    }
}

/// The messages that matter here (the Cargo book, External tools, JSON messages).
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
