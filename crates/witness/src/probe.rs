//! Which tiers this machine permits, found by trying.

use crate::exit::Exit;
use crate::launch::Launch;
use crate::sandbox::confine::Confinement;
use crate::sandbox::error::LaunchError;
use crate::sandbox::landlock;
use crate::sandbox::tier::{Tier, ground};
use crate::stuck::Stuck;
use std::sync::OnceLock;

impl Tier {
    /// The strongest tier that this machine permits for one's own program, found once by trying.
    ///
    /// [`UidDrop`](Tier::UidDrop) is none of them: another user cannot write what is its owner's.
    pub fn here() -> Self {
        let own = [Tier::Strong, Tier::Landlock];
        own.into_iter().find(|tier| tier.refusal().is_none()).unwrap_or(Tier::Plain)
    }

    /// The strongest tier that this machine permits for a program that nobody vouches for, found
    /// once by trying.
    pub fn for_strangers() -> Self {
        let possible = |tier: &Tier| tier.refusal_to_strangers().is_none();
        Tier::ALL.into_iter().find(possible).unwrap_or(Tier::Plain)
    }

    /// Why one's own program cannot be kept apart like this here, and what to do about it; `None`
    /// when it can.
    pub fn refusal(self) -> Option<&'static str> {
        static UID_DROP: OnceLock<Option<String>> = OnceLock::new();
        match self {
            Tier::Strong => ground().as_ref().err().map(String::as_str),
            Tier::UidDrop => UID_DROP.get_or_init(|| run_true(self, None).err()).as_deref(),
            Tier::Landlock => landlock::refusal(),
            Tier::Plain => None,
        }
    }

    /// Why a program that nobody vouches for cannot be kept apart like this here, and what to do
    /// about it; `None` when it can.
    pub fn refusal_to_strangers(self) -> Option<&'static str> {
        static FOUND: [OnceLock<Option<String>>; 4] = [const { OnceLock::new() }; 4];
        let confinement = || Some(Confinement::default());
        FOUND[self as usize].get_or_init(|| run_true(self, confinement()).err()).as_deref()
    }
}

/// Runs true(1) as programs of this tier are run.
fn run_true(tier: Tier, confinement: Option<Confinement>) -> Result<(), String> {
    let mut launch = Launch::new("true").env("PATH", "/usr/bin:/bin").tier(tier);
    if let Some(confinement) = confinement {
        launch = launch.confined(confinement);
    }
    let mut server = launch.start().map_err(|error| match error {
        LaunchError::NoBox(why) => why,
        other => other.to_string(),
    })?;
    match server.until(|_| Ok(None::<()>)) {
        Err(Stuck::Ended(Exit::Status(0))) => Ok(()),
        Err(stuck) => Err(format!("true(1) was started there, and {stuck}")),
        Ok(()) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strongest_comes_first() {
        assert!(Tier::ALL.is_sorted());
        assert!(Tier::here() >= Tier::for_strangers());
    }

    #[test]
    fn what_is_chosen_is_not_refused() {
        assert_eq!(Tier::here().refusal(), None);
        assert_eq!(Tier::for_strangers().refusal_to_strangers(), None);
    }
}
