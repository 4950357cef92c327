//! `--isolation`: how strongly a server is isolated from the machine and from other servers.

use anyhow::{Result, bail};
use proofs::IsolationLevel;
use terminal::former_options;

/// The text of `--help` about the levels.
pub(crate) const LONG_HELP: &str = "\
How servers are isolated [default: the strongest level that this machine permits]

  namespaces  namespaces for network, processes and mounts; several servers can use the same port
  other-user  a user id of its own, on this machine's network; needs root
  landlock    a child process that Landlock restricts, on this machine's network
  none        a child process on this machine's network";

/// The level's description in a lesson's heading.
pub(crate) fn note(level: IsolationLevel) -> &'static str {
    if level == IsolationLevel::None { "not sandboxed" } else { "sandboxed" }
}

/// Fails if this machine does not permit this level.
///
/// # Errors
/// The error gives the reason, and names a level that is possible.
pub(crate) fn check(level: IsolationLevel) -> Result<()> {
    match level.refusal() {
        None => Ok(()),
        Some(reason) => bail!(
            "--isolation {level} is not possible here: omit this option, or use --isolation {}.\n{reason}",
            IsolationLevel::here()
        ),
    }
}

/// Fails if the command line has `--tier`, the former name of `--isolation`.
///
/// # Errors
/// The error names the new option and the new name of `level`.
pub(crate) fn check_former_option(level: Option<&str>) -> Result<()> {
    level.map_or(Ok(()), |level| bail!(former_options::tier(level)))
}
