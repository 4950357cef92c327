//! w02-l01, Fork server: a child process for each client, that changes the case of its letters.

mod evidence;
mod family;
mod forking;
mod reaping;
mod speech;
mod surviving;
mod talking;

use crate::fall::Fall;
use crate::scene::Stage;
use crate::shared::starting::announces;
use crate::{Criterion, Proof};
use witness::Gate;

/// By task, and within a task as the lesson's Prove and Done When lists have them.
pub(crate) const PROOF: Proof = Proof {
    lesson: "w02-l01",
    port: 1205,
    capacity: 0,
    criteria: &[
        Criterion::new("starts", starts),
        Criterion::new("own-child", forking::own_child),
        Criterion::new("descriptors", forking::descriptors),
        Criterion::new("no-zombies", reaping::no_zombies).long(),
        Criterion::new("flips", talking::flips),
        Criterion::new("hangup", talking::hangup),
        Criterion::new("interrupted", surviving::interrupted),
        Criterion::new("fork-fails", surviving::fork_fails),
    ],
};

/// Ready on PORT, `[START] port=PORT`.
fn starts(stage: &Stage<'_>) -> Result<(), Fall> {
    let mut scene = stage.launch(stage.proof.capacity, Gate::default())?;
    scene.until_listening().map_err(|fall| fall.blocks("starts"))?;
    let wanted = scene.port.to_string();
    let swapped = format!("port={}", scene.port.swap_bytes());
    announces(&mut scene, "port", &wanted, |said| {
        said.split_whitespace().any(|word| word == swapped).then_some("byte-order")
    })
}
