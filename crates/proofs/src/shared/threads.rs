//! Who does the work.

use crate::fall::Fall;
use crate::scene::{Blame, Scene, Stage};

/// Threads and processes do not grow with clients.
pub(crate) fn one_thread(stage: &Stage<'_>) -> Result<(), Fall> {
    let mut scene = stage.open()?;
    // A run-time may start what it needs with the first client.
    scene.admit()?;
    let before = workers(&scene)?;
    let more = scene.capacity.saturating_sub(1).min(8);
    for _ in 0..more {
        scene.admit()?;
    }
    // A thread that is about to be started will have been once the server rests.
    if let Err(stuck) = scene.still_runs() {
        let summary = "The server ended while its clients were connected.".to_owned();
        let expected = format!("{} clients are served", more + 1);
        let observed = stuck.to_string();
        let blame = Blame { id: "ended", mistake: None, summary, expected, observed };
        return Err(scene.fail(stuck, blame));
    }
    let after = workers(&scene)?;
    if (after.saturating_sub(before)) * 2 < more.max(1) {
        return Ok(());
    }
    Err(scene.refute(Blame {
        id: "thread-per-client",
        mistake: Some("thread-per-client"),
        summary: format!(
            "{} clients, {after} threads or processes: this lesson asks for one.",
            more + 1
        ),
        expected: format!("{before} threads and processes, as with the first client"),
        observed: format!("{after} with {} clients", more + 1),
    }))
}

/// The threads of every process.
fn workers(scene: &Scene) -> Result<usize, Fall> {
    let mut count = 0;
    for process in scene.server.processes()? {
        count += process.threads()?.len();
    }
    Ok(count)
}
