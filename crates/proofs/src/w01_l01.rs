//! w01-l01, Blocking Echo: one client at a time, with calls that block.

mod leaving;
mod port;
mod rows;
mod slow;
mod talk;
mod waiting;

use crate::fall::Fall;
use crate::scene::{Blame, Scene, Stage};
use crate::shared::starting::{announces, start_line};
use crate::{Criterion, Proof};
use witness::{Gate, Stuck};

/// By task, and within a task as the lesson's Prove and Done When lists have them.
pub(crate) const PROOF: Proof = Proof {
    lesson: "w01-l01",
    port: 3490,
    capacity: 0,
    criteria: &[
        Criterion::new("starts", starts),
        Criterion::new("port-taken", port::port_taken),
        Criterion::new("echo", talk::echo),
        Criterion::new("every-byte", slow::every_byte).long(),
        Criterion::new("next-client", waiting::next_client),
        Criterion::new("restart", port::restart),
        Criterion::new("no-fd-leak", leaving::no_fd_leak).long(),
        Criterion::new("reset", leaving::reset),
    ],
};

/// Ready on PORT, `[START] port=…`, and not a moment before it listens.
fn starts(stage: &Stage<'_>) -> Result<(), Fall> {
    let mut scene = stage.launch(stage.proof.capacity, Gate::default())?;
    scene.until_listening().map_err(|fall| fall.blocks("starts"))?;
    let wanted = scene.port.to_string();
    announces(&mut scene, "port", &wanted, |_| Some("start-line"))?;
    drop(scene);
    only_when_it_listens(stage)
}

/// Once more, and the kernel refuses to listen: then there is nothing to announce.
fn only_when_it_listens(stage: &Stage<'_>) -> Result<(), Fall> {
    let mut scene = match stage.launch(stage.proof.capacity, Gate::on(&["listen"])) {
        Err(Fall::Unseen(_)) => return Ok(()), // where calls cannot be held back, this is not asked
        launched => launched?,
    };
    // First of all: each look at the server lets a call go on that waits at the gate.
    scene.server.fail_next(libc::EADDRINUSE);
    scene.step("its call of listen is made to fail with EADDRINUSE");
    let announced = scene.server.until(|now| {
        let said = start_line(now).filter(|_| now.faults_left() == 0);
        Ok(said.filter(|_| now.listeners().is_ok_and(|all| all.is_empty())))
    });
    match announced {
        Ok(line) => Err(too_early(&mut scene, line.text)),
        Err(Stuck::Unseen(unseen)) => Err(unseen.into()),
        Err(_) => Ok(()),
    }
}

fn too_early(scene: &mut Scene, observed: String) -> Fall {
    scene.refute(Blame {
        id: "start-too-early",
        mistake: Some("start-too-early"),
        summary: "The server logs [START], and does not listen.".to_owned(),
        expected: "no [START] line before listen has succeeded".to_owned(),
        observed,
    })
}
