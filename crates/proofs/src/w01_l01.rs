//! w01-l01, Blocking Echo: one client at a time, with calls that block.

mod leaving;
mod port;
mod rows;
mod slow;
mod talk;
mod waiting;

use crate::fall::Fall;
use crate::scene::{Blame, Scene, Stage};
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
    let said = scene.server.until(|now| Ok(start_line(now)));
    match said {
        Ok(line) if line.value("port") == Some(&wanted) => {}
        Ok(line) => {
            let summary = "The [START] line does not name the port.".to_owned();
            return Err(scene.refute(start_blame(&wanted, summary, line.text)));
        }
        Err(stuck) => {
            let summary = "The server listens, and logs no [START] line.".to_owned();
            let blame = start_blame(&wanted, summary, "no [START] line".to_owned());
            return Err(scene.fail(stuck, blame));
        }
    }
    drop(scene);
    only_when_it_listens(stage)
}

fn start_blame(port: &str, summary: String, observed: String) -> Blame {
    let expected = format!("[START] port={port}");
    Blame { id: "start-line", mistake: Some("start-line"), summary, expected, observed }
}

fn start_line(server: &witness::Server) -> Option<witness::Line> {
    server.log().iter().find(|line| line.tag() == Some("START")).cloned()
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
