//! Clients that leave their slots.

use crate::events::Event;
use crate::fall::Fall;
use crate::scene::{Blame, Guest, Scene, Stage};
use crate::shared::rows;
use witness::Stuck;

/// A client that leaves is logged with its own fd and slot, and its slot is taken by the next one
/// (alone: slot 0 again).
pub(crate) fn reuse(stage: &Stage<'_>) -> Result<(), Fall> {
    let mut scene = stage.open()?;
    let first = arrive(&mut scene)?;
    leave(&mut scene, &first)?;
    let again = arrive(&mut scene)?;
    same_slot(&mut scene, &first, &again)?;
    if scene.capacity < 3 {
        return leave(&mut scene, &again);
    }

    // One from the middle, then the first, then the one that came in between.
    let (middle, last) = (arrive(&mut scene)?, arrive(&mut scene)?);
    scene.step(format!("{} sent \"hello\"", middle.guest.name));
    let _ = middle.guest.client.send(b"hello");
    leave(&mut scene, &middle)?;
    let next = arrive(&mut scene)?;
    same_slot(&mut scene, &middle, &next)?;
    for seat in [again, next, last] {
        leave(&mut scene, &seat)?;
    }
    Ok(())
}

/// A client with the descriptor that the kernel says and the slot that the log says.
struct Seat {
    guest: Guest,
    fd: i32,
    slot: Option<usize>,
}

fn arrive(scene: &mut Scene) -> Result<Seat, Fall> {
    let (guest, fd) = scene.admit()?;
    let said = scene.logged(|event| match event {
        Event::Accept { slot, .. } => Some(*slot),
        _ => None,
    });
    let slot = said.map_err(|stuck| scene.not_taken(&guest, stuck))?;
    Ok(Seat { guest, fd, slot })
}

fn same_slot(scene: &mut Scene, left: &Seat, came: &Seat) -> Result<(), Fall> {
    if left.slot == came.slot && came.slot.is_some() {
        return Ok(());
    }
    let observed = scene.said();
    Err(scene.refute(Blame {
        id: "slot-not-reused",
        mistake: Some("slot-never-freed"),
        summary: format!(
            "{} left slot {}, and {} was given slot {}.",
            left.guest.name,
            number(left.slot),
            came.guest.name,
            number(came.slot)
        ),
        expected: format!("[ACCEPT] fd={} slot={}", came.fd, number(left.slot)),
        observed,
    }))
}

/// The client closes, and the log names its descriptor and its slot.
fn leave(scene: &mut Scene, seat: &Seat) -> Result<(), Fall> {
    let name = &seat.guest.name;
    // Bytes that cross a FIN turn it into a reset: let the answer come first.
    scene.still_runs().map_err(|stuck| not_logged(scene, seat, stuck))?;
    scene.step(format!("{name} closed"));
    seat.guest.client.close();
    let said = scene.logged(|event| match event {
        Event::Disconnect { fd, slot } => Some((*fd, *slot)),
        _ => None,
    });
    let (fd, slot) = match said {
        Ok(said) => said,
        Err(stuck) => return Err(not_logged(scene, seat, stuck)),
    };
    if fd == Some(seat.fd) && slot == seat.slot {
        return Ok(());
    }
    let mistake = match fd {
        Some(-1) => Some("log-after-clear"),
        _ => Some("wrong-entry-removed"),
    };
    let observed = scene.said();
    Err(scene.refute(Blame {
        id: "wrong-goodbye",
        mistake,
        summary: format!("{name} left, and [DISCONNECT] does not name its descriptor and slot."),
        expected: format!("[DISCONNECT] fd={} slot={}", seat.fd, number(seat.slot)),
        observed,
    }))
}

fn not_logged(scene: &mut Scene, seat: &Seat, stuck: Stuck) -> Fall {
    let name = &seat.guest.name;
    let held = matches!(scene.server.descriptor_of(&seat.guest.client), Ok(Some(_)));
    let mistake =
        rows::of(scene, &stuck).or((held && is_quiet(&stuck)).then_some("waits-for-hangup"));
    let (summary, observed) = if held {
        let text =
            format!("{name} left, and the server still holds descriptor {} for it.", seat.fd);
        (text, "no [DISCONNECT] line, the descriptor still open".to_owned())
    } else {
        let text = format!("{name} left, and no [DISCONNECT] line says so.");
        (text, stuck.to_string())
    };
    let expected = format!("[DISCONNECT] fd={} slot={}", seat.fd, number(seat.slot));
    scene.fail(stuck, Blame { id: "departure-missed", mistake, summary, expected, observed })
}

fn is_quiet(stuck: &Stuck) -> bool {
    matches!(stuck, Stuck::Quiet { .. })
}

fn number(slot: Option<usize>) -> String {
    slot.map_or("?".to_owned(), |slot| slot.to_string())
}
