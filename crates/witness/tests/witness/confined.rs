//! What a program that nobody vouches for can do, and what it cannot.

use crate::programs::shell;
use std::path::{Path, PathBuf};
use std::time::Duration;
use witness::{Confinement, Finished, Launch, Limits, Tier};

mod bounds;
mod building;
mod left;
mod nobody;
mod observed;
mod refused;
mod view;

/// A launch in a box that shows `visible`.
fn confined(launch: Launch, visible: &[&Path]) -> Launch {
    bounded(launch, visible, Limits::default())
}

fn bounded(launch: Launch, visible: &[&Path], limits: Limits) -> Launch {
    let visible = visible.iter().map(PathBuf::from).collect();
    launch.confined(Confinement { visible, limits }).tier(Tier::Strong)
}

/// What a program does in a box that shows its own file.
fn run(program: &Path) -> Finished {
    confined(Launch::new(program), &[program]).finish().unwrap()
}

/// What a line of shell says in a box that shows nothing of the caller's.
fn says(line: &str) -> String {
    text(&confined(shell(line), &[]).finish().unwrap())
}

fn text(finished: &Finished) -> String {
    String::from_utf8_lossy(&finished.output).trim_end().to_owned()
}

/// Limits with less time.
fn within(wall: Duration) -> Limits {
    Limits { wall, ..Limits::default() }
}
