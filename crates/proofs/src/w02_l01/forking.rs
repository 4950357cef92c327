//! A child for each client, and what each process keeps of the two sockets.

use super::evidence;
use super::family::{Pair, arrive, holders};
use crate::events::Event;
use crate::fall::Fall;
use crate::scene::{Blame, Scene, Stage};
use witness::{Process, Server, Stuck, Unseen};

/// Each of 5 clients is served by a child of its own; a silent one delays nobody.
pub(super) fn own_child(stage: &Stage<'_>) -> Result<(), Fall> {
    let mut scene = stage.open()?;
    let mut pairs: Vec<Pair> = Vec::new();
    for _ in 0..5 {
        // Nobody says a word: those before are still being served when the next one comes.
        let others: Vec<&Pair> = pairs.iter().collect();
        let pair = arrive(&mut scene, &others)?;
        announced(&mut scene, &pair)?;
        pairs.push(pair);
    }
    Ok(())
}

/// `[FORK]` names the child that the kernel shows.
fn announced(scene: &mut Scene, pair: &Pair) -> Result<(), Fall> {
    let ids = pair.child.ids()?;
    let named = scene.logged(|event| match event {
        Event::Fork { pid: Some(pid) } if ids.contains(pid) => Some(()),
        _ => None,
    });
    let Err(stuck) = named else { return Ok(()) };
    let other = scene.logged(|event| match event {
        Event::Fork { pid } => Some(*pid),
        _ => None,
    });
    let name = &pair.guest.name;
    let (mistake, summary) = match other {
        // A child that has passed the client on to a child of its own, and ended.
        Ok(Some(pid)) if pid > 0 && !is_alive(&scene.server, pid)? => return Ok(()),
        Ok(Some(0)) => (Some("fork-logs-zero"), format!("The log says that {name}'s child is 0.")),
        Ok(_) => (None, format!("The [FORK] line does not name {name}'s child.")),
        Err(_) => (None, format!("{name} has a child, and no [FORK] line says so.")),
    };
    let id = ids.last().copied().unwrap_or(pair.child.pid);
    let observed = scene.said();
    let expected = format!("[FORK] pid={id}");
    let blame = Blame { id: "fork-not-logged", mistake, summary, expected, observed };
    Err(evidence::fail(scene, Some(stuck), blame))
}

/// Whether a process of the server has this id, as it sees itself.
fn is_alive(server: &Server, id: i32) -> Result<bool, Unseen> {
    for process in server.processes()? {
        if process.ids()?.contains(&id) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The parent holds the listener and no client; each child holds its client and no listener.
pub(super) fn descriptors(stage: &Stage<'_>) -> Result<(), Fall> {
    let mut scene = stage.open()?;
    let mut pairs: Vec<Pair> = Vec::new();
    for _ in 0..3 {
        let others: Vec<&Pair> = pairs.iter().collect();
        let pair = arrive(&mut scene, &others)?;
        pairs.push(pair);
        let tidy = scene.server.until(|now| Ok(misplaced(now, &pairs)?.is_none().then_some(())));
        if let Err(stuck) = tidy {
            return Err(still_open(&mut scene, &pairs, stuck));
        }
    }
    Ok(())
}

/// A socket in a process that has no use for it.
enum Misplaced {
    /// The parent holds this client.
    ClientInParent(usize),
    /// This client's child holds the listener.
    ListenerInChild(usize),
    /// A client's child holds this other client, too.
    ClientInChild(usize),
}

/// The first socket that somebody should have closed.
fn misplaced(server: &Server, pairs: &[Pair]) -> Result<Option<Misplaced>, Unseen> {
    let listener = server.listener()?.map_or(0, |socket| socket.inode);
    let listening = server.holders(listener)?;
    let parent = server.process();
    for (index, Pair { guest, child }) in pairs.iter().enumerate() {
        let holding: Vec<Process> = holders(server, &guest.client)?;
        if holding.contains(&parent) {
            return Ok(Some(Misplaced::ClientInParent(index)));
        }
        if listening.contains(child) {
            return Ok(Some(Misplaced::ListenerInChild(index)));
        }
        if pairs.iter().any(|other| other.child != *child && holding.contains(&other.child)) {
            return Ok(Some(Misplaced::ClientInChild(index)));
        }
    }
    Ok(None)
}

fn still_open(scene: &mut Scene, pairs: &[Pair], stuck: Stuck) -> Fall {
    let found = misplaced(&scene.server, pairs).ok().flatten();
    let name = |index: &usize| &pairs[*index].guest.name;
    let (mistake, summary, expected) = match &found {
        Some(Misplaced::ClientInParent(index)) => (
            Some("parent-keeps-client"),
            format!("{0} has its child, and the parent still holds {0}'s connection.", name(index)),
            "the parent holds the listener and no client".to_owned(),
        ),
        Some(Misplaced::ListenerInChild(index)) => (
            Some("child-keeps-listener"),
            format!("{}'s child still holds the listener.", name(index)),
            format!("{}'s child holds its client, and not the listener", name(index)),
        ),
        Some(Misplaced::ClientInChild(index)) => (
            Some("parent-keeps-client"),
            format!("Another client's child has a copy of {}'s connection.", name(index)),
            "a child holds its own client alone".to_owned(),
        ),
        None => (
            None,
            "The server ended while its clients were connected.".to_owned(),
            "each process holds its own sockets".to_owned(),
        ),
    };
    let observed = match found {
        Some(_) => "it is still open when the server has come to rest".to_owned(),
        None => stuck.to_string(),
    };
    let blame = Blame { id: "kept-open", mistake, summary, expected, observed };
    evidence::fail(scene, Some(stuck), blame)
}
