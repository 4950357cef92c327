//! `--isolation`: how a server is separated from the machine and from other servers.

use anyhow::{Result, bail};
use clap::ValueEnum;
use proofs::Tier;

/// An isolation level by the name that the command line and reports give it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Isolation {
    /// Namespaces for network, processes and mounts; several servers can use the same port
    Namespaces,
    /// A user of its own, on this machine's network; needs root
    OtherUser,
    /// A child process that Landlock restricts, on this machine's network
    Landlock,
    /// A child process without a sandbox, on this machine's network
    None,
}

impl Isolation {
    /// The level that is used without `--isolation`: the strongest that this machine permits.
    pub(crate) fn here() -> Self {
        Self::of(Tier::here())
    }

    /// The same level for the witness.
    pub(crate) fn level(self) -> Tier {
        match self {
            Self::Namespaces => Tier::Strong,
            Self::OtherUser => Tier::UidDrop,
            Self::Landlock => Tier::Landlock,
            Self::None => Tier::Plain,
        }
    }

    fn of(level: Tier) -> Self {
        match level {
            Tier::Strong => Self::Namespaces,
            Tier::UidDrop => Self::OtherUser,
            Tier::Landlock => Self::Landlock,
            Tier::Plain => Self::None,
        }
    }

    /// The name on the command line, e.g. `other-user`.
    pub(crate) fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// The words for a lesson's heading.
    pub(crate) fn note(self) -> &'static str {
        match self {
            Self::None => "not sandboxed",
            Self::Namespaces | Self::OtherUser | Self::Landlock => "sandboxed",
        }
    }

    /// Fails where this machine does not permit this level.
    ///
    /// # Errors
    /// Says why, and which level is possible.
    pub(crate) fn check(self) -> Result<()> {
        match self.level().refusal() {
            None => Ok(()),
            Some(reason) => bail!(
                "--isolation {} is not possible here: leave it out, or use --isolation {}.\n{reason}",
                self.name(),
                Self::here().name()
            ),
        }
    }
}

/// Fails where the command line has `--tier`, the former name of `--isolation`.
///
/// # Errors
/// Names the new option and the new name of `level`.
pub(crate) fn check_former_option(level: Option<&str>) -> Result<()> {
    let new = match level {
        None => return Ok(()),
        Some("strong") => Isolation::Namespaces,
        Some("uid-drop") => Isolation::OtherUser,
        Some("landlock") => Isolation::Landlock,
        Some("plain") => Isolation::None,
        Some(_) => {
            let levels = Isolation::value_variants().iter().map(|level| level.name());
            bail!("--tier is now --isolation: {}", levels.collect::<Vec<_>>().join(", "))
        }
    };
    bail!(
        "--tier is now --isolation; for {:?} say --isolation {}",
        level.unwrap_or_default(),
        new.name()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_has_one_name() {
        for level in Isolation::value_variants() {
            assert_eq!(Isolation::of(level.level()), *level);
        }
        let names: Vec<_> = Isolation::value_variants().iter().map(|level| level.name()).collect();
        assert_eq!(names, ["namespaces", "other-user", "landlock", "none"]);
    }

    #[test]
    fn the_former_option_is_answered_with_the_new_one() {
        let told = |level| check_former_option(Some(level)).unwrap_err().to_string();
        let strong = r#"--tier is now --isolation; for "strong" say --isolation namespaces"#;
        assert_eq!(told("strong"), strong);
        assert!(told("sky").ends_with("namespaces, other-user, landlock, none"));
        assert!(check_former_option(None).is_ok());
    }
}
