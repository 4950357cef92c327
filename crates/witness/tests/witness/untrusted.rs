//! Tests of what an untrusted program cannot do, on every isolation level that this machine permits
//! for untrusted programs.

mod access;
mod limits;

use crate::programs::{port, shell};
use std::path::PathBuf;
use std::time::Duration;
use witness::{IsolationLevel, Launch, Limits, SandboxPolicy, Server, WaitError};

/// The levels that this machine permits for untrusted programs, except [`IsolationLevel::None`].
pub(crate) fn levels() -> Vec<IsolationLevel> {
    let mut levels = IsolationLevel::ALL.to_vec();
    levels
        .retain(|level| *level != IsolationLevel::None && level.refusal_for_untrusted().is_none());
    levels
}

/// Launches a program that can see its own folder and has these limits.
pub(crate) fn sandboxed(program: PathBuf, limits: Limits) -> Launch {
    let visible = program.parent().map(PathBuf::from).into_iter().collect();
    Launch::new(program).sandboxed(SandboxPolicy { visible, limits, ..SandboxPolicy::default() })
}

/// Launches a shell command that cannot see any files of the caller.
pub(crate) fn line(line: &str) -> Launch {
    shell(line).sandboxed(SandboxPolicy::default())
}

/// Waits for the end of the server, and returns how the server ended.
pub(crate) fn end(server: &mut Server) -> String {
    match server.wait_ended(Duration::from_secs(10)) {
        Ok(exit) => exit.to_string(),
        Err(WaitError::Unobservable(busy)) => busy.to_string(),
        Err(error) => panic!("{error}; it wrote: {:?} {}", server.log(), server.stderr()),
    }
}

/// Runs a shell command, and returns its standard output followed by its standard error.
pub(crate) fn output_of(text: &str, level: IsolationLevel) -> String {
    let port = port(level);
    let mut server =
        line(text).env("PORT", port.to_string()).port(port).isolation(level).start().unwrap();
    end(&mut server);
    let lines: Vec<_> = server.log().iter().map(|line| line.text.as_str()).collect();
    format!("{}{}", lines.join("\n"), server.stderr())
}
