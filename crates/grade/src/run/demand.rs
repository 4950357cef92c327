//! The box that a class is graded in: strong, unless the instructor says otherwise.

use anyhow::{Result, bail};
use witness::Tier;

/// The tiers, from the strongest.
const TIERS: [Tier; 2] = [Tier::Boxed, Tier::Plain];

/// A tier by its name.
pub(super) fn parse(name: &str) -> Result<Tier, String> {
    let found = TIERS.into_iter().find(|tier| tier.to_string() == name);
    let names: Vec<_> = TIERS.iter().map(Tier::to_string).collect();
    found.ok_or_else(|| format!("the tiers are {}", names.join(", ")))
}

/// The tier that was asked for, if it can be had here.
pub(crate) fn tier(asked: Option<Tier>) -> Result<Tier> {
    let tier = asked.unwrap_or(Tier::Boxed);
    match Tier::refusal().filter(|_| tier == Tier::Boxed) {
        None => Ok(tier),
        Some(reason) => bail!(
            "programs that nobody vouches for are kept in a {tier} box, which cannot be built here: \
             {reason}. With --tier plain they run in a weaker one: for submissions that you trust"
        ),
    }
}
