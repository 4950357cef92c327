//! Runs a build in a sandbox.

use crate::conditions::Conditions;
use anyhow::{Context, Result, bail};
use sandbox::{Command, Exit, Finished, LimitKind, Limits, SandboxPolicy};
use std::path::{Path, PathBuf};
use std::time::Duration;

const MIB: u64 = 1 << 20;

/// The limits of a build. They are many times higher than the needs of the course's largest crate.
const LIMITS: Limits = Limits {
    memory: 1024 * MIB,
    processes: 128,
    descriptors: 1_024,
    disk: 256 * MIB,
    files: 8_192,
    cpu: Duration::from_secs(30),
    wall: Duration::from_secs(60),
    output: MIB,
};

/// The programs that build and run a submission without a `submission.toml`.
const TOOLS: [&str; 4] = ["cc", "make", "python3", "sh"];

/// The folders of the sandbox in which programs are found.
const PATH: [&str; 3] = ["/usr/local/bin", "/usr/bin", "/bin"];

/// Runs a shell script to its end, in a new folder. `arguments` are the script's `"$@"`.
///
/// # Errors
/// The machine fails. This includes a build that reached a limit because the machine was too busy.
pub(super) fn run(
    script: &str,
    arguments: &[String],
    visible: Vec<PathBuf>,
    conditions: &Conditions,
) -> Result<Finished> {
    let command = Command::new("/bin/sh").args(["-c", script, "sh"]).args(arguments);
    let hidden = conditions.hidden.clone();
    let policy = SandboxPolicy { visible, hidden, limits: LIMITS };
    let finished = command.isolation(conditions.isolation).sandboxed(policy).run();
    let mut finished = finished.context("cannot build in a sandbox")?;
    match finished.cpu_starvation.take() {
        Some(starvation) => bail!("the build was stopped: {starvation}"),
        None => Ok(finished),
    }
}

/// Why a finished build failed; `None` if it succeeded.
pub(super) fn failure_of(finished: &Finished) -> Option<String> {
    let why = match (finished.limit_exceeded, &finished.exit) {
        (Some(LimitKind::Memory), _) => {
            format!("the build needed more than {} MiB of memory", LIMITS.memory / MIB)
        }
        (Some(LimitKind::Cpu), _) => {
            format!("the build took more than {} s of processor time", LIMITS.cpu.as_secs())
        }
        (Some(LimitKind::Wall), _) => {
            format!("the build was not finished after {} s", LIMITS.wall.as_secs())
        }
        (Some(LimitKind::Output), _) => {
            format!("the build printed more than {} MiB", LIMITS.output / MIB)
        }
        (Some(LimitKind::FileSize), _) => {
            format!("the build wrote a file of more than {} MiB", LIMITS.disk / MIB)
        }
        (None, Exit::Status(0)) => return None,
        (None, exit) => format!("the build {exit}"),
    };
    Some(why)
}

/// Checks that the usual tools among these commands are installed in the sandbox's path.
///
/// # Errors
/// A tool is missing. This is a failure of the machine, not of the submission.
pub(super) fn check_tools<'a>(commands: impl Iterator<Item = &'a Vec<String>>) -> Result<()> {
    for tool in commands.filter_map(|command| command.first()) {
        if TOOLS.contains(&tool.as_str()) && !has(tool) {
            bail!("there is no {tool} in {}; install it on this machine", PATH.join(", "));
        }
    }
    Ok(())
}

/// Whether the sandbox has a program of this name.
pub(super) fn has(name: &str) -> bool {
    candidates(name).iter().any(|path| path.is_file())
}

/// The paths at which a program of this name may be. A path that is absolute is itself the result.
pub(super) fn candidates(name: &str) -> Vec<PathBuf> {
    PATH.iter().map(|folder| Path::new(folder).join(name)).collect()
}
