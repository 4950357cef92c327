//! The box that a class is graded in: strong, unless the instructor says otherwise.

use anyhow::{Result, bail};
use witness::Tier;

/// The tier that was asked for, if it can be had here.
///
/// # Errors
/// Says why it cannot, what to do about it, and what else there is.
pub(crate) fn tier(asked: Option<Tier>) -> Result<Tier> {
    let tier = asked.unwrap_or(Tier::Strong);
    let Some(refusal) = tier.refusal_to_strangers() else { return Ok(tier) };
    let best = Tier::for_strangers();
    bail!(
        "programs that nobody vouches for run in tier {tier}, which cannot be had here: {refusal}\n\
         The strongest that can is {best}: with --tier {best} submissions are kept less far apart \
         from this machine and from one another"
    )
}
