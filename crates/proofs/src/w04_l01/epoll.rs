//! Where the server waits, and for whom.

use crate::fall::Fall;
use crate::scene::{Blame, Scene, Stage};
use crate::shared::{Wait, rows};
use crate::tracker::{Seat, once_each};
use witness::Stuck;

/// It waits in `epoll_wait` or `epoll_pwait(2)`; the interest list holds each live connection once.
pub(super) fn epoll(stage: &Stage<'_>) -> Result<(), Fall> {
    let mut scene = stage.open()?;
    waits_in_epoll(&mut scene)?;
    let mut live: Vec<Seat> = Vec::new();
    for _ in 0..scene.capacity.min(5) {
        live.push(scene.admit()?);
        once_each(&mut scene, Wait::Epoll, &live)?;
    }
    for (guest, _) in &live {
        scene.step(format!("{} sent \"hello\"", guest.name));
        let _ = guest.client.send(b"hello");
    }
    waits_in_epoll(&mut scene)?;
    once_each(&mut scene, Wait::Epoll, &live)
}

fn waits_in_epoll(scene: &mut Scene) -> Result<(), Fall> {
    let calls = match scene.server.until_resting() {
        Ok(calls) => calls,
        Err(stuck) => {
            let summary = "The server does not come to rest in epoll_wait.".to_owned();
            let fall = elsewhere(scene, stuck, summary);
            // One that never rests is what `idle` is about; one that ended did so over the list.
            return Err(if scene.server.exit().is_some() { fall } else { fall.blocks("idle") });
        }
    };
    if Wait::Epoll.among(&calls).is_some() {
        return Ok(());
    }
    let names: Vec<_> = calls.iter().map(|call| call.name()).collect();
    let summary = format!("The server waits in {}, not in epoll_wait.", names.join(", "));
    Err(elsewhere(scene, Stuck::Quiet { calls }, summary))
}

fn elsewhere(scene: &mut Scene, stuck: Stuck, summary: String) -> Fall {
    let mistake = rows::elsewhere(Wait::Epoll, &stuck).or_else(|| rows::of(scene, &stuck));
    let observed = stuck.to_string();
    let expected = "asleep in epoll_wait, epoll_pwait or epoll_pwait2".to_owned();
    scene.fail(stuck, Blame { id: "not-in-epoll", mistake, summary, expected, observed })
}
