//! Sleep, where there is nothing to do.

use super::rows;
use super::wait::Wait;
use crate::fall::Fall;
use crate::scene::{Blame, Scene, Stage};
use witness::{Call, Stuck};

/// Shorter time-outs than this are no sleep: 100 wake-ups a second with nothing to do.
const NAP: i32 = 10;

/// With nothing to do it sleeps in `wait`: no spinning, after an EOF least of all.
pub(crate) fn idle(stage: &Stage<'_>, wait: Wait) -> Result<(), Fall> {
    let mut scene = stage.open()?;
    asleep(&mut scene, wait)?;
    let (stays, _) = scene.admit()?;
    let leaves = if scene.capacity > 1 { scene.admit()?.0 } else { stays.clone() };
    asleep(&mut scene, wait)?;
    scene.step(format!("{} sent \"hello\"", leaves.name));
    let _ = leaves.client.send(b"hello");
    asleep(&mut scene, wait)?;
    scene.step(format!("{} closed", leaves.name));
    leaves.client.close();
    asleep(&mut scene, wait)
}

fn asleep(scene: &mut Scene, wait: Wait) -> Result<(), Fall> {
    let expected = format!("asleep in {}", wait.name());
    let calls = match scene.server.until_resting() {
        Ok(calls) => calls,
        Err(stuck) => {
            let id = if matches!(stuck, Stuck::Spinning(_)) { "spinning" } else { "not-asleep" };
            let mistake = rows::of(scene, &stuck);
            let summary = "With nothing to do, the server does not go to sleep.".to_owned();
            let observed = stuck.to_string();
            return Err(scene.fail(stuck, Blame { id, mistake, summary, expected, observed }));
        }
    };
    let Some(call) = wait.among(&calls) else {
        let observed = calls.iter().map(|call| call.name()).collect::<Vec<_>>().join(", ");
        let stuck = Stuck::Quiet { calls };
        let mistake = rows::elsewhere(wait, &stuck).or_else(|| rows::of(scene, &stuck));
        let name = wait.name();
        let summary =
            format!("With nothing to do, the server sleeps in {observed}, not in {name}.");
        return Err(scene
            .fail(stuck, Blame { id: "asleep-elsewhere", mistake, summary, expected, observed }));
    };
    match naps(scene, wait, call) {
        Some(call) => Err(restless(scene, call, expected)),
        None => Ok(()),
    }
}

/// The second short sleep in a row, if there is one: one alone may be what is left of a longer one.
fn naps(scene: &mut Scene, wait: Wait, call: Call) -> Option<Call> {
    let is_nap = |call: &Call| call.timeout().is_some_and(|millis| (0..NAP).contains(&millis));
    is_nap(&call).then_some(())?;
    let next = scene.server.until_quiet().ok()?;
    wait.among(&next).filter(is_nap)
}

fn restless(scene: &mut Scene, call: Call, expected: String) -> Fall {
    let timeout = call.timeout().unwrap_or(0);
    let name = call.name();
    let summary = format!("With nothing to do, the server wakes up every {timeout} ms.");
    let observed = format!("{name} with a time-out of {timeout} ms");
    let mistake = Some("zero-timeout");
    scene.refute(Blame { id: "restless", mistake, summary, expected, observed })
}
