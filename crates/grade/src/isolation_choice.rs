//! Chooses the isolation level with which submissions run: the level that the options name, or the
//! default level.

use anyhow::{Result, bail};
use terminal::former_options;
use witness::IsolationLevel;

/// The isolation level for a class: the requested one, or else the strongest.
///
/// # Errors
/// The level is not available on this machine. The message gives the reason and the next step.
pub(crate) fn for_class(requested: Option<IsolationLevel>) -> Result<IsolationLevel> {
    let isolation = requested.unwrap_or(IsolationLevel::Namespaces);
    let Some(refusal) = isolation.refusal_for_untrusted() else { return Ok(isolation) };
    let best = IsolationLevel::for_untrusted();
    bail!(
        "untrusted programs must run with isolation {isolation}, which is not available here: \
         {refusal}\n\
         The strongest available level is {best}: --isolation {best} separates submissions less \
         from this machine and from one another"
    )
}

/// The isolation level for one submission: the requested one, or else the strongest available one
/// that protects this machine's files from an untrusted program.
///
/// # Errors
/// The requested level is not available on this machine, or no available level protects this
/// machine's files from an untrusted program.
pub(crate) fn for_one(requested: Option<IsolationLevel>) -> Result<IsolationLevel> {
    let isolation = requested.unwrap_or_else(IsolationLevel::for_untrusted);
    if let (Some(isolation), Some(reason)) = (requested, isolation.refusal_for_untrusted()) {
        bail!("--isolation {isolation} is not available here: {reason}");
    }
    if requested.is_none() && isolation > IsolationLevel::OtherUser {
        let reason = IsolationLevel::Namespaces.refusal_for_untrusted().unwrap_or_default();
        bail!(
            "no sandbox for an untrusted program is available here: {reason}\n\
             Run as root, or give --isolation {isolation} for programs that you trust."
        );
    }
    Ok(isolation)
}

/// Returns the error message for `--tier`, the former name of `--isolation`.
pub(crate) fn former_option(level: &str) -> Result<String, String> {
    Err(former_options::tier(level))
}
