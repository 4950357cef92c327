//! What a program that nobody vouches for cannot do, on every tier that this machine has for it.

mod limits;
mod walls;

use crate::programs::{port, shell};
use std::path::PathBuf;
use witness::{Confinement, Launch, Limits, Server, Stuck, Tier};

/// The tiers that this machine has for strangers and that keep them from something.
pub(crate) fn tiers() -> Vec<Tier> {
    let mut tiers = Tier::ALL.to_vec();
    tiers.retain(|tier| *tier != Tier::Plain && tier.refusal_to_strangers().is_none());
    tiers
}

/// A program that sees its own folder, and has these limits.
pub(crate) fn confined(program: PathBuf, limits: Limits) -> Launch {
    let visible = program.parent().map(PathBuf::from).into_iter().collect();
    Launch::new(program).confined(Confinement { visible, limits })
}

/// A line of shell that sees nothing of the caller's.
pub(crate) fn line(line: &str) -> Launch {
    shell(line).confined(Confinement::default())
}

/// Why it has ended.
pub(crate) fn end(server: &mut Server) -> String {
    match server.until(|_| Ok(None::<()>)) {
        Err(Stuck::Ended(exit)) => exit.to_string(),
        Err(Stuck::Unseen(busy)) => busy.to_string(),
        Err(stuck) => panic!("{stuck}; it said: {:?} {}", server.log(), server.stderr()),
        Ok(()) => String::new(),
    }
}

/// What a line of shell logs.
pub(crate) fn says(text: &str, tier: Tier) -> String {
    let port = port(tier).to_string();
    let mut server = line(text).env("PORT", port).tier(tier).start().unwrap();
    end(&mut server);
    let lines: Vec<_> = server.log().iter().map(|line| line.text.as_str()).collect();
    format!("{}{}", lines.join("\n"), server.stderr())
}
