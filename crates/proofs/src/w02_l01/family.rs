//! A client and the child that was forked for it.

use super::evidence;
use crate::fall::Fall;
use crate::scene::{Blame, Guest, Scene};
use witness::{Client, Process, Server, Stuck, Unseen};

/// A client, and the process that holds its connection.
pub(super) struct Pair {
    pub(super) guest: Guest,
    pub(super) child: Process,
}

/// A client connects, and is given a child of its own.
pub(super) fn arrive(scene: &mut Scene, others: &[&Pair]) -> Result<Pair, Fall> {
    let guest = scene.connect()?;
    match child_of(scene, &guest, others) {
        Ok(child) => Ok(Pair { guest, child }),
        Err(stuck) => Err(no_child(scene, &guest, stuck).blocks("own-child")),
    }
}

/// Waits for a process that holds the client's connection, and is neither the one that listens nor
/// another client's child.
pub(super) fn child_of(
    scene: &mut Scene,
    guest: &Guest,
    others: &[&Pair],
) -> Result<Process, Stuck> {
    let parents: Vec<Process> = others.iter().map(|pair| pair.child).collect();
    let own = |now: &mut Server| {
        let holders = holders(now, &guest.client)?;
        let mut own = holders.into_iter().filter(|it| *it != now.process());
        Ok(own.find(|it| !parents.contains(it)))
    };
    scene.server.until(own)?;
    // The first to hold it may only be passing it on.
    scene.still_runs()?;
    scene.server.until(own)
}

/// The processes that hold a client's connection, the one that listens included.
pub(super) fn holders(server: &Server, client: &Client) -> Result<Vec<Process>, Unseen> {
    server.connection(client)?;
    client.inode().map_or(Ok(Vec::new()), |inode| server.holders(inode))
}

/// The failure of a server that gives a client no child.
pub(super) fn no_child(scene: &mut Scene, guest: &Guest, stuck: Stuck) -> Fall {
    let name = &guest.name;
    let waits = waits_for_a_child(scene);
    let queued = scene.server.listener().ok().flatten().is_some_and(|it| it.unread > 0);
    let holders = holders(&scene.server, &guest.client).unwrap_or_default();
    let (mistake, why, observed) = match &stuck {
        Stuck::Ended(_) => (None, "the server ended".to_owned(), stuck.to_string()),
        _ if guest.client.ended().is_some() => {
            (None, "its connection was closed".into(), format!("{name} reads an end of file"))
        }
        _ if queued => (
            waits.then_some(if somebody_left(scene) {
                "blocking-reaper"
            } else {
                "waits-for-child"
            }),
            match waits {
                true => "the parent sleeps until another client's child ends".to_owned(),
                false => "the parent never accepted it".to_owned(),
            },
            format!("{name} is still in the listener's queue"),
        ),
        _ if holders == [scene.server.process()] => (
            Some("serves-in-parent"),
            "the parent keeps it to itself".to_owned(),
            format!("the parent alone holds {name}'s connection"),
        ),
        _ if holders.is_empty() => {
            (None, "nobody holds its connection".into(), format!("no process has {name}'s socket"))
        }
        _ => (None, "another client's child holds it".into(), format!("{name} shares a child")),
    };
    let blame = Blame {
        id: "no-child",
        mistake,
        summary: format!("{name} connected and has no child of its own: {why}."),
        expected: format!("a child that holds {name}'s connection"),
        observed,
    };
    evidence::fail(scene, Some(stuck), blame)
}

/// Whether the process that listens sleeps until a child ends.
pub(super) fn waits_for_a_child(scene: &Scene) -> bool {
    let threads = scene.server.process().threads().unwrap_or_default();
    let mut calls = threads.iter().filter_map(|thread| thread.call);
    calls.any(|call| matches!(call.name(), "wait4" | "waitid"))
}

/// Whether a client that was here has been let go.
fn somebody_left(scene: &Scene) -> bool {
    let gone = |guest: &Guest| matches!(scene.server.connection(&guest.client), Ok(None));
    scene.guests.iter().any(gone)
}

/// Waits until a child has ended, whether it was reaped or not.
pub(super) fn until_ended(scene: &mut Scene, child: Process) -> Result<(), Stuck> {
    scene.server.until(|now| Ok(has_ended(now, child)?.then_some(())))
}

fn has_ended(server: &Server, child: Process) -> Result<bool, Unseen> {
    Ok(child.is_zombie()? || !server.processes()?.contains(&child))
}

/// The failure of a server that does not go on, for a check that has asked for something else.
pub(super) fn ended(scene: &mut Scene, stuck: Stuck) -> Fall {
    let blame = Blame {
        id: "stopped-serving",
        mistake: None,
        summary: "The server does not go on after a child has ended.".to_owned(),
        expected: "children end, and the parent serves the next client".to_owned(),
        observed: stuck.to_string(),
    };
    evidence::fail(scene, Some(stuck), blame).blocks("interrupted")
}

/// Waits until the server will do nothing more by itself. Only its end is a failure.
pub(super) fn settle(scene: &mut Scene) -> Result<(), Stuck> {
    match scene.server.until_quiet() {
        Err(stuck @ (Stuck::Ended(_) | Stuck::Unseen(_))) => Err(stuck),
        _ => Ok(()),
    }
}
