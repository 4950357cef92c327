//! What clients that have left leave behind.

use super::descriptors::{others_of, sockets_of};
use super::rows;
use super::ways::Way;
use crate::events::Event;
use crate::fall::Fall;
use crate::scene::{Blame, Guest, Scene, Stage, WAVE};
use std::collections::BTreeSet;
use witness::{Exit, Server, Stuck};

const CROWD: usize = 200;
/// A larger table, where it cannot be made smaller, is filled by one criterion alone.
const FILLED: usize = 100;

/// Descriptors before = after: FIN, RST and half-close, rejected clients, and 200 that came and went.
pub(crate) fn no_fd_leak(stage: &Stage<'_>) -> Result<(), Fall> {
    let mut scene = stage.open_with(WAVE + 1, Default::default())?;
    // It may listen at one address before it does at the other.
    let _ = scene.still_runs();
    let before = sockets_of(&scene.server)?;
    depart(&mut scene, Way::Close)?;
    let others = others_of(&scene.server)?;
    depart(&mut scene, Way::Reset)?;
    depart(&mut scene, Way::HalfClose)?;
    if scene.capacity <= FILLED {
        turn_one_away(&mut scene, before.len())?;
    }
    come_and_go(&mut scene, &before)?;
    all_back(&mut scene, &before, others)
}

/// One client comes and leaves one way, and its descriptor goes with it.
fn depart(scene: &mut Scene, way: Way) -> Result<(), Fall> {
    let (guest, fd) = scene.admit()?;
    // It has a descriptor before the server has said so: let the story tell both in order.
    let _ = scene.still_runs();
    scene.step(format!("{} {}", guest.name, way.says()));
    way.go(&guest.client);
    let Err(stuck) = scene.released(&guest) else { return Ok(()) };
    let (mistake, summary) = match (&stuck, way) {
        (Stuck::Ended(Exit::Status(_) | Exit::Signal(_)), Way::Reset) => (
            Some("reset-ends-server"),
            format!("The server ended when {} reset its connection.", guest.name),
        ),
        (Stuck::Quiet { .. }, _) => {
            let logged = scene.keeps_log() && matches!(scene.logged(goodbye), Ok(()));
            let summary = if logged {
                format!("The server logged that {} left, but never closed its socket.", guest.name)
            } else {
                format!("{} left, and the server never closed its socket.", guest.name)
            };
            // A log that says nothing shows that it was not noticed.
            let missed = if scene.keeps_log() { "waits-for-hangup" } else { "forgot-close" };
            let row = rows::of(scene, &stuck).unwrap_or(missed);
            (Some(if logged { "forgot-close" } else { row }), summary)
        }
        _ => (
            rows::of(scene, &stuck),
            format!("{} left, and the server never closed its socket.", guest.name),
        ),
    };
    let kept = scene.server.descriptor_of(&guest.client)?.unwrap_or(fd);
    let blame = Blame {
        id: "fd-leak",
        mistake,
        summary,
        expected: format!("descriptor {fd} is closed"),
        observed: match &stuck {
            Stuck::Ended(_) => stuck.to_string(),
            _ if kept == fd => format!("descriptor {fd} is still open"),
            _ => format!("descriptor {fd} is closed, and {kept} is the same connection"),
        },
    };
    Err(scene.fail(stuck, blame))
}

fn goodbye(event: &Event) -> Option<()> {
    matches!(event, Event::Disconnect { .. }).then_some(())
}

/// Fills the table and has one more turned away; then all of them leave.
fn turn_one_away(scene: &mut Scene, before: usize) -> Result<(), Fall> {
    let guests = one_too_many(scene, before)?;
    scene.still_runs().map_err(|stuck| leak(scene, stuck, "full-ends-server", &guests[0]))?;
    scene.step(format!("{} clients closed", guests.len()));
    guests.iter().for_each(|guest| guest.client.close());
    // Whose socket it is matters only where one is left.
    if count_sockets(scene, before).is_err() {
        for (index, guest) in guests.iter().enumerate() {
            let row = if index < scene.capacity { "forgot-close" } else { "reject-not-closed" };
            scene.let_go(guest).map_err(|stuck| leak(scene, stuck, row, guest))?;
        }
    }
    scene.still_runs().map_err(|stuck| leak(scene, stuck, "forgot-close", &guests[0]))
}

/// One client more than there are slots. How many are let in is for another criterion to ask.
fn one_too_many(scene: &mut Scene, before: usize) -> Result<Vec<Guest>, Fall> {
    let count = scene.capacity + 1;
    scene.step(format!("{count} clients connected"));
    let mut guests = Vec::with_capacity(count);
    while guests.len() < count {
        for _ in 0..scene.wave()?.min(count - guests.len()) {
            guests.push(scene.join(Server::connect)?);
        }
        let _ = count_sockets(scene, before + guests.len().min(scene.capacity));
    }
    let last = guests[count - 1].client.clone();
    let _ = scene.server.until(|now| {
        let seen = last.ended().is_some() || now.descriptor_of(&last)?.is_some();
        Ok(seen.then_some(()))
    });
    Ok(guests)
}

fn leak(scene: &mut Scene, stuck: Stuck, row: &'static str, guest: &Guest) -> Fall {
    let blame = Blame {
        id: "fd-leak",
        mistake: rows::of(scene, &stuck).or(Some(row)),
        summary: format!("{} left, and the server never closed its socket.", guest.name),
        expected: format!("{}'s descriptor is closed", guest.name),
        observed: stuck.to_string(),
    };
    scene.fail(stuck, blame)
}

/// 200 clients, some at a time, leaving in every way.
fn come_and_go(scene: &mut Scene, before: &BTreeSet<u64>) -> Result<(), Fall> {
    scene.step(format!("{CROWD} clients came and left in every way"));
    let wave = scene.wave()?.min(scene.capacity.saturating_sub(1)).max(1);
    for round in 0..CROWD / wave {
        let mut crowd = Vec::with_capacity(wave);
        for _ in 0..wave {
            let client = scene.server.connect();
            crowd.push(client.map_err(|error| scene.no_connection("one of them", &error))?);
        }
        count_sockets(scene, before.len() + wave)
            .map_err(|stuck| stopped(scene, stuck, round * wave))?;
        for (index, client) in crowd.into_iter().enumerate() {
            Way::ALL[(round + index) % 3].go(&client);
        }
        if count_sockets(scene, before.len()).is_err() {
            break; // what stayed open is told in the end
        }
    }
    Ok(())
}

fn count_sockets(scene: &mut Scene, count: usize) -> Result<(), Stuck> {
    scene.server.until(|now| Ok((sockets_of(now)?.len() == count).then_some(())))
}

fn stopped(scene: &mut Scene, stuck: Stuck, served: usize) -> Fall {
    let blame = Blame {
        id: "stopped-serving",
        mistake: rows::of(scene, &stuck).or(Some("slot-never-freed")),
        summary: format!("After {served} of {CROWD} clients that came and left, it takes no more."),
        expected: format!("{CROWD} clients are accepted"),
        observed: stuck.to_string(),
    };
    scene.fail(stuck, blame)
}

fn all_back(scene: &mut Scene, before: &BTreeSet<u64>, others: usize) -> Result<(), Fall> {
    let same = scene.server.until(|now| {
        let back = sockets_of(now)? == *before && others_of(now)? <= others;
        Ok(back.then_some(()))
    });
    let Err(stuck) = same else { return Ok(()) };
    let left = sockets_of(&scene.server)?.difference(before).count()
        + others_of(&scene.server)?.saturating_sub(others);
    let blame = Blame {
        id: "fd-leak",
        mistake: rows::of(scene, &stuck),
        summary: format!("Every client has left; descriptors that stayed open: {left}."),
        expected: "the same descriptors as before the first client".to_owned(),
        observed: match &stuck {
            Stuck::Ended(_) => stuck.to_string(),
            _ => format!("{left} more"),
        },
    };
    Err(scene.fail(stuck, blame))
}
