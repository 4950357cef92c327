//! What a program that nobody vouches for can do, and what it cannot.

use crate::programs::shell;
use std::path::PathBuf;
use witness::{Confinement, Exit, Finished, Launch, Limit, Limits, Tier};

mod view;

/// What a program says and does in a box that shows `visible`.
pub(crate) fn finish(launch: Launch, visible: &[PathBuf]) -> Finished {
    let confinement = Confinement { visible: visible.to_vec(), limits: Limits::default() };
    launch.confined(confinement).tier(Tier::Strong).finish().unwrap()
}

/// What a line of shell says in a box that shows nothing of the caller's.
pub(crate) fn says(line: &str) -> String {
    text(&finish(shell(line), &[]))
}

pub(crate) fn text(finished: &Finished) -> String {
    String::from_utf8_lossy(&finished.output).trim_end().to_owned()
}
