//! What a program that nobody vouches for cannot do, on every level that this machine has for it.

mod limits;
mod walls;

use crate::programs::{port, shell};
use std::path::PathBuf;
use witness::{IsolationLevel, Launch, Limits, SandboxPolicy, Server, WaitError};

/// The levels that this machine has for strangers and that keep them from something.
pub(crate) fn levels() -> Vec<IsolationLevel> {
    let mut levels = IsolationLevel::ALL.to_vec();
    levels
        .retain(|level| *level != IsolationLevel::None && level.refusal_for_untrusted().is_none());
    levels
}

/// A program that sees its own folder, and has these limits.
pub(crate) fn sandboxed(program: PathBuf, limits: Limits) -> Launch {
    let visible = program.parent().map(PathBuf::from).into_iter().collect();
    Launch::new(program).sandboxed(SandboxPolicy { visible, limits })
}

/// A line of shell that sees nothing of the caller's.
pub(crate) fn line(line: &str) -> Launch {
    shell(line).sandboxed(SandboxPolicy::default())
}

/// Why it has ended.
pub(crate) fn end(server: &mut Server) -> String {
    match server.wait_for(|_| Ok(None::<()>)) {
        Err(WaitError::Ended(exit)) => exit.to_string(),
        Err(WaitError::Unobservable(busy)) => busy.to_string(),
        Err(stuck) => panic!("{stuck}; it said: {:?} {}", server.log(), server.stderr()),
        Ok(()) => String::new(),
    }
}

/// What a line of shell logs.
pub(crate) fn says(text: &str, level: IsolationLevel) -> String {
    let port = port(level);
    let mut server =
        line(text).env("PORT", port.to_string()).port(port).isolation(level).start().unwrap();
    end(&mut server);
    let lines: Vec<_> = server.log().iter().map(|line| line.text.as_str()).collect();
    format!("{}{}", lines.join("\n"), server.stderr())
}
