//! Which isolation level submissions run with: what the options say, or the default.

use anyhow::{Result, bail};
use witness::Tier;

/// The isolation level for a class: the requested one, or else the strongest.
///
/// # Errors
/// The level is not available here. The message gives the reason and what to do about it.
pub(crate) fn for_class(requested: Option<Tier>) -> Result<Tier> {
    let isolation = requested.unwrap_or(Tier::Strong);
    let Some(refusal) = isolation.refusal_to_strangers() else { return Ok(isolation) };
    let best = Tier::for_strangers();
    bail!(
        "untrusted programs are to run with isolation {isolation}, which is not available here: \
         {refusal}\n\
         The strongest available level is {best}: --isolation {best} separates submissions less \
         from this machine and from one another"
    )
}

/// The isolation level for one submission: the requested one, or else the strongest
/// available one that keeps an untrusted program from this machine's files.
///
/// # Errors
/// The requested level is not available here, or no available level keeps an
/// untrusted program from this machine's files.
pub(crate) fn for_one(requested: Option<Tier>) -> Result<Tier> {
    let isolation = requested.unwrap_or_else(Tier::for_strangers);
    if let (Some(isolation), Some(reason)) = (requested, isolation.refusal_to_strangers()) {
        bail!("--isolation {isolation} is not available here: {reason}");
    }
    if requested.is_none() && isolation > Tier::UidDrop {
        let reason = Tier::Strong.refusal_to_strangers().unwrap_or_default();
        bail!(
            "no sandbox for an untrusted program is available here: {reason}\n\
             Run as root, or give --isolation {isolation} for programs that you trust."
        );
    }
    Ok(isolation)
}

/// Answers the option's old name, `--tier`, with the new names of the option and of the level.
pub(crate) fn renamed(level: &str) -> Result<String, String> {
    let level = match level {
        "strong" => "namespaces",
        "uid-drop" => "other-user",
        "plain" => "none",
        same => same,
    };
    Err(format!("the option has a new name; write --isolation {level}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_old_option_is_answered_with_the_new_names() {
        let answer = |level| renamed(level).unwrap_err();
        assert!(answer("strong").ends_with("--isolation namespaces"));
        assert!(answer("uid-drop").ends_with("--isolation other-user"));
        assert!(answer("landlock").ends_with("--isolation landlock"));
        assert!(answer("plain").ends_with("--isolation none"));
    }
}
