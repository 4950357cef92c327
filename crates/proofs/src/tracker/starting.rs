//! The start.

use crate::fall::Fall;
use crate::scene::{Blame, Stage};
use witness::Gate;

/// Ready on PORT, `[START] active=0/MAX_CLIENTS`.
pub(crate) fn starts(stage: &Stage<'_>) -> Result<(), Fall> {
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
