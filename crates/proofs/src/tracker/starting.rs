//! The start.

use crate::fall::Fall;
use crate::scene::Stage;
use crate::shared::starting::announces;
use witness::Gate;

/// Ready on PORT, `[START] active=0/MAX_CLIENTS`.
pub(crate) fn starts(stage: &Stage<'_>) -> Result<(), Fall> {
    let mut scene = stage.launch(stage.proof.capacity, Gate::default())?;
    scene.until_listening().map_err(|fall| fall.blocks("starts"))?;
    let wanted = format!("0/{}", scene.capacity);
    // Slots that are free, where those in use belong.
    let full = format!("[START] active={0}/{0}", scene.capacity);
    announces(&mut scene, "active", &wanted, |said| {
        said.starts_with(&full).then_some("start-count")
    })
}
