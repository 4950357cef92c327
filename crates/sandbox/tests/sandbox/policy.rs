//! What an untrusted program can do in namespaces of its own, and what it cannot.

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

fn bounded(command: Command, visible: &[&Path], limits: Limits) -> Command {
    let visible = visible.iter().map(PathBuf::from).collect();
    command.sandboxed(SandboxPolicy { visible, limits }).isolation(IsolationLevel::Namespaces)
}

/// What a program does in a sandbox that shows its own file.
fn run(program: &Path) -> Finished {
    sandboxed(Command::new(program), &[program]).run().unwrap()
}

/// What a line of shell says in a sandbox that shows nothing of the caller's.
fn says(line: &str) -> String {
    text(&sandboxed(shell(line), &[]).run().unwrap())
}

fn text(finished: &Finished) -> String {
    String::from_utf8_lossy(&finished.output).trim_end().to_owned()
}

/// Limits with less time.
fn within(wall: Duration) -> Limits {
    Limits { wall, ..Limits::default() }
}
