//! A table that is full.

use crate::events::Event;
use crate::fall::Fall;
use crate::scene::{Blame, Guest, Scene, Stage};
use crate::shared::rows;
use witness::Stuck;

/// With MAX_CLIENTS=2 the third client is accepted, then closed, and `[REJECT] at capacity (2/2)`
/// is logged; the two still have their bytes read; when one leaves, the next is let in.
pub(crate) fn capacity(stage: &Stage<'_>) -> Result<(), Fall> {
    let mut scene = stage.open_with(2, Default::default())?;
    let mut inside = Vec::new();
    for _ in 0..scene.capacity {
        inside.push(let_in(&mut scene)?);
    }
    turn_away(&mut scene)?;
    for guest in [inside.first(), inside.last()].into_iter().flatten() {
        still_served(&mut scene, guest)?;
    }
    let Some(first) = inside.first() else { return Ok(()) };
    scene.step(format!("{} closed", first.name));
    first.client.close();
    // Its place is free when the log says so, or when its descriptor is closed.
    if scene.logged(|event| matches!(event, Event::Disconnect { .. }).then_some(())).is_err()
        && let Err(stuck) = scene.released(first)
    {
        return Err(stays_full(&mut scene, first, stuck));
    }
    let next = scene.connect()?;
    match has_entered(&mut scene, &next) {
        Ok(true) => tracked(&mut scene, &next),
        Ok(false) => Err(stays_full(&mut scene, first, Stuck::Quiet { calls: Vec::new() })),
        Err(stuck) => Err(stays_full(&mut scene, first, stuck)),
    }
}

/// One of those that there is room for.
fn let_in(scene: &mut Scene) -> Result<Guest, Fall> {
    let guest = scene.connect()?;
    match has_entered(scene, &guest) {
        Ok(true) => tracked(scene, &guest).map(|()| guest),
        Ok(false) => Err(too_early(scene, &guest)),
        Err(stuck) => Err(scene.not_taken(&guest, stuck)),
    }
}

/// Whether the server has a descriptor for it, or has turned it away. One that ends closes its
/// connections, too.
fn has_entered(scene: &mut Scene, guest: &Guest) -> Result<bool, Stuck> {
    let client = guest.client.clone();
    let entered = scene.server.until(|now| match client.ended() {
        Some(_) => Ok(Some(false)),
        None => Ok(now.descriptor_of(&client)?.map(|_| true)),
    })?;
    if !entered {
        scene.still_runs()?;
    }
    Ok(entered)
}

/// An open descriptor is not yet a place in the table: the log has to say so, or say no.
fn tracked(scene: &mut Scene, guest: &Guest) -> Result<(), Fall> {
    let said = scene.logged(|event| match event {
        Event::Accept { .. } => Some(true),
        Event::Reject => Some(false),
        _ => None,
    });
    match said {
        Ok(true) => Ok(()),
        Ok(false) => Err(too_early(scene, guest)),
        Err(stuck) => Err(scene.not_taken(guest, stuck)),
    }
}

fn too_early(scene: &mut Scene, guest: &Guest) -> Fall {
    let observed = scene.said();
    let capacity = scene.capacity;
    scene.refute(Blame {
        id: "rejects-too-early",
        mistake: Some("off-by-one"),
        summary: format!("{} was turned away while one of {capacity} slots was free.", guest.name),
        expected: format!("{} is let in", guest.name),
        observed,
    })
}

/// The one too many: it reads an end of file, and the log says why.
fn turn_away(scene: &mut Scene) -> Result<(), Fall> {
    let extra = scene.connect()?;
    let from = scene.server.log().len();
    let counts = format!("({0}/{0})", scene.capacity);
    let client = extra.client.clone();
    let rejected = scene.server.until(|now| {
        let said = now.log()[from.min(now.log().len())..].iter().any(|line| {
            line.text.starts_with("[REJECT] at capacity ") && line.text.contains(&counts)
        });
        let tracked = now.log()[from..].iter().any(|line| line.tag() == Some("ACCEPT"));
        Ok(if tracked { Some(false) } else { (said && client.ended().is_some()).then_some(true) })
    });
    let stuck = match rejected {
        Ok(true) => return Ok(()),
        Ok(false) => None,
        Err(stuck) => Some(stuck),
    };
    Err(not_turned_away(scene, &extra, stuck))
}

fn not_turned_away(scene: &mut Scene, extra: &Guest, stuck: Option<Stuck>) -> Fall {
    let name = &extra.name;
    let full = format!("{0} of {0} slots are in use", scene.capacity);
    let waiting =
        scene.server.listener().ok().flatten().is_some_and(|listener| listener.unread > 0);
    let closed = extra.client.ended().is_some();
    let said = scene.logged(|event| matches!(event, Event::Reject).then_some(())).is_ok();
    let (id, mistake, summary) = match &stuck {
        None => {
            ("lets-in-too-many", Some("off-by-one"), format!("{name} was let in although {full}."))
        }
        Some(Stuck::Ended(_)) => (
            "ended-when-full",
            Some("full-ends-server"),
            format!("The server ended when {name} came and {full}."),
        ),
        Some(_) if waiting => (
            "not-accepted-when-full",
            Some("stops-accepting"),
            format!("{full}, and {name} is left in the listener's queue."),
        ),
        Some(_) if !closed && said => (
            "rejected-not-closed",
            Some("reject-not-closed"),
            format!("{name} was turned away, and its connection is still open."),
        ),
        Some(_) if !closed => (
            "not-rejected",
            Some("reject-not-closed"),
            format!("{full}, and {name} was neither tracked nor closed."),
        ),
        Some(_) => (
            "reject-not-logged",
            None,
            format!("{name} was turned away, and the log does not say so."),
        ),
    };
    let expected =
        format!("{name} reads an end of file, and [REJECT] at capacity ({0}/{0})", scene.capacity);
    let observed = format!(
        "{name} {}, and {}",
        if closed { "reads an end of file" } else { "is still connected" },
        scene.said()
    );
    let blame = Blame { id, mistake, summary, expected, observed };
    match stuck {
        Some(stuck) => scene.fail(stuck, blame),
        None => scene.refute(blame),
    }
}

/// One of those inside speaks, and the server reads it.
fn still_served(scene: &mut Scene, guest: &Guest) -> Result<(), Fall> {
    let name = &guest.name;
    scene.step(format!("{name} sent \"still here\""));
    let sent = guest.client.send(b"still here\n");
    let client = guest.client.clone();
    let read = scene.server.until(|now| {
        let socket = now.connection(&client)?;
        Ok(socket.filter(|it| it.unread == 0 && it.received > 0).map(drop))
    });
    let stuck = match (read, sent) {
        (Ok(()), Ok(_)) if guest.client.ended().is_none() => return Ok(()),
        (Err(stuck), _) => stuck,
        _ => Stuck::Quiet { calls: Vec::new() },
    };
    let blame = Blame {
        id: "not-read-when-full",
        mistake: rows::of(scene, &stuck),
        summary: format!("A client was turned away, and {name}, who is in, is not served."),
        expected: format!("{name} is connected, and its bytes are read"),
        observed: stuck.to_string(),
    };
    Err(scene.fail(stuck, blame))
}

fn stays_full(scene: &mut Scene, left: &Guest, stuck: Stuck) -> Fall {
    let observed = scene.said();
    let blame = Blame {
        id: "stays-full",
        mistake: rows::of(scene, &stuck).or(Some("slot-never-freed")),
        summary: format!("{} left, and nobody is let in after it.", left.name),
        expected: "the next client is let in".to_owned(),
        observed,
    };
    scene.fail(stuck, blame)
}
