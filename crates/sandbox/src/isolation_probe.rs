//! Finds the isolation levels that this machine permits, by running a program on each level.

use crate::command::Command;
use crate::error::LaunchError;
use crate::exit::Exit;
use crate::isolation::{IsolationLevel, namespaces_for_own_programs};
use crate::landlock;
use crate::policy::SandboxPolicy;
use std::sync::OnceLock;

impl IsolationLevel {
    /// The strongest level that this machine permits for the caller's own program. The levels are
    /// tried once, and the result is kept.
    ///
    /// [`OtherUser`](IsolationLevel::OtherUser) is never chosen, because another user may not write
    /// the caller's files.
    pub fn here() -> Self {
        let levels = [IsolationLevel::Namespaces, IsolationLevel::Landlock];
        let possible = levels.into_iter().find(|level| level.refusal().is_none());
        possible.unwrap_or(IsolationLevel::None)
    }

    /// The strongest level that this machine permits for an untrusted program. The levels are tried
    /// once, and the result is kept.
    pub fn for_untrusted() -> Self {
        let possible = |level: &IsolationLevel| level.refusal_for_untrusted().is_none();
        IsolationLevel::ALL.into_iter().find(possible).unwrap_or(IsolationLevel::None)
    }

    /// Why this machine refuses this level for the caller's own program, and how to fix the cause;
    /// `None` if the level is possible.
    pub fn refusal(self) -> Option<&'static str> {
        static OTHER_USER: OnceLock<Option<String>> = OnceLock::new();
        match self {
            IsolationLevel::Namespaces => {
                namespaces_for_own_programs().as_ref().err().map(String::as_str)
            }
            IsolationLevel::OtherUser => {
                OTHER_USER.get_or_init(|| run_true(self, None).err()).as_deref()
            }
            IsolationLevel::Landlock => landlock::refusal(),
            IsolationLevel::None => None,
        }
    }

    /// Why this machine refuses this level for an untrusted program, and how to fix the cause;
    /// `None` if the level is possible.
    pub fn refusal_for_untrusted(self) -> Option<&'static str> {
        static FOUND: [OnceLock<Option<String>>; 4] = [const { OnceLock::new() }; 4];
        let policy = || Some(SandboxPolicy::default());
        FOUND[self as usize].get_or_init(|| run_true(self, policy()).err()).as_deref()
    }
}

/// Runs true(1) on this level.
fn run_true(level: IsolationLevel, policy: Option<SandboxPolicy>) -> Result<(), String> {
    let mut command = Command::new("true").env("PATH", "/usr/bin:/bin").isolation(level);
    if let Some(policy) = policy {
        command = command.sandboxed(policy);
    }
    let finished = command.run().map_err(|error| match error {
        LaunchError::NoSandbox(why) => why,
        other => other.to_string(),
    })?;
    match finished.exit {
        Exit::Status(0) => Ok(()),
        exit => Err(format!("true(1) was started on this level, and {exit}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strongest_comes_first() {
        assert!(IsolationLevel::ALL.is_sorted());
        assert!(IsolationLevel::here() >= IsolationLevel::for_untrusted());
    }

    #[test]
    fn a_level_that_is_chosen_is_possible() {
        assert_eq!(IsolationLevel::here().refusal(), None);
        assert_eq!(IsolationLevel::for_untrusted().refusal_for_untrusted(), None);
    }
}
