//! w03-l02, Accept & Track Many Clients: one thread, `poll`, a table of connections.

mod arriving;
mod full;
mod leaks;
mod leaving;
mod rows;
mod waiting;

use crate::fall::Fall;
use crate::scene::{Blame, Stage};
use crate::{Criterion, Proof};
use witness::Gate;

/// By task, and within a task as the lesson's Prove and Done When lists have them.
pub(crate) const PROOF: Proof = Proof {
    lesson: "w03-l02",
    port: 7000,
    capacity: 64,
    criteria: &[
        Criterion::new("starts", starts),
        Criterion::new("slots", arriving::slots),
        Criterion::new("nonblocking", arriving::nonblocking),
        Criterion::new("accept-again", arriving::accept_again),
        Criterion::new("one-thread", arriving::one_thread),
        Criterion::new("reuse", leaving::reuse),
        Criterion::new("no-fd-leak", leaks::no_fd_leak).long(),
        Criterion::new("watch-set", waiting::watch_set),
        Criterion::new("idle", waiting::idle),
        Criterion::new("capacity", full::capacity),
    ],
};

/// Ready on PORT, `[START] active=0/MAX_CLIENTS`.
fn starts(stage: &Stage<'_>) -> Result<(), Fall> {
    let mut scene = stage.launch(stage.proof.capacity, Gate::default())?;
    scene.until_listening().map_err(|fall| fall.blocks("starts"))?;
    let wanted = format!("0/{}", scene.capacity);
    let line = scene
        .server
        .until(|now| Ok(now.log().iter().find(|line| line.tag() == Some("START")).cloned()));
    let (summary, observed, stuck) = match line {
        Ok(line) if line.value("active") == Some(&wanted) => return Ok(()),
        Ok(line) => ("The [START] line does not say that no slot is in use.", line.text, None),
        Err(stuck) => {
            ("The server listens, and logs no [START] line.", "no [START] line".into(), Some(stuck))
        }
    };
    // Slots that are free, where those in use belong.
    let full = format!("[START] active={0}/{0}", scene.capacity);
    let blame = Blame {
        id: "start-line",
        mistake: observed.starts_with(&full).then_some("start-count"),
        summary: summary.to_owned(),
        expected: format!("[START] active={wanted}"),
        observed,
    };
    Err(match stuck {
        Some(stuck) => scene.fail(stuck, blame),
        None => scene.refute(blame),
    })
}
