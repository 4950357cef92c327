//! Tests of what an untrusted program can do on the level `namespaces`, and what it cannot do.

use crate::programs::shell;
use sandbox::{Command, Finished, IsolationLevel, Limits, SandboxPolicy};
use std::path::{Path, PathBuf};
use std::time::Duration;

mod compilers;
mod left_files;
mod limits;
mod refused_calls;
mod root_layout;

/// A program in a sandbox that shows `visible`.
fn sandboxed(command: Command, visible: &[&Path]) -> Command {
    bounded(command, visible, Limits::default())
}

/// A program in a sandbox that shows `visible`, with these limits.
fn bounded(command: Command, visible: &[&Path], limits: Limits) -> Command {
    let visible = visible.iter().map(PathBuf::from).collect();
    command
        .sandboxed(SandboxPolicy { visible, limits, ..SandboxPolicy::default() })
        .isolation(IsolationLevel::Namespaces)
}

/// Runs a program in a sandbox that shows only the program's own file and the system.
fn run(program: &Path) -> Finished {
    sandboxed(Command::new(program), &[program]).run().unwrap()
}

/// The output of a shell command in a sandbox that shows no files of the caller.
fn output_of(line: &str) -> String {
    text(&sandboxed(shell(line), &[]).run().unwrap())
}

fn text(finished: &Finished) -> String {
    String::from_utf8_lossy(&finished.output).trim_end().to_owned()
}

/// The default limits with another wall time.
fn within(wall: Duration) -> Limits {
    Limits { wall, ..Limits::default() }
}
