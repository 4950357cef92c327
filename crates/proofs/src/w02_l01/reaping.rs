//! Children that have ended: each must be reaped, or it stays a zombie.

use super::evidence;
use super::family::{
    Pair, arrive, child_of, ended, no_child, settle, until_ended, waits_for_a_child,
};
use crate::fall::Fall;
use crate::scene::{Blame, Guest, Scene, Stage};
use witness::{Client, Server, Stuck, Unseen};

const CROWD: usize = 50;
/// At once, and so no more than another criterion has seen served at the same time.
const WAVE: usize = 5;

/// No child stays a zombie, after 50 clients too.
pub(super) fn no_zombies(stage: &Stage<'_>) -> Result<(), Fall> {
    let mut scene = stage.open()?;
    let first = arrive(&mut scene, &[])?;
    let stays = arrive(&mut scene, &[&first])?;
    scene.step(format!("{} closed (FIN)", first.guest.name));
    first.guest.client.close();
    buried(&mut scene, &first)?;
    settle(&mut scene).map_err(|stuck| ended(&mut scene, stuck))?;
    let next = scene.connect()?;
    let child = child_of(&mut scene, &next, &[&first, &stays]);
    let next = match child {
        Ok(child) => Pair { guest: next, child },
        Err(stuck) => return Err(not_taken(&mut scene, &next, stuck)),
    };
    for pair in [stays, next] {
        scene.step(format!("{} closed (FIN)", pair.guest.name));
        pair.guest.client.close();
        buried(&mut scene, &pair)?;
    }
    come_and_go(&mut scene)
}

/// After one child has ended, the next client finds nobody who accepts.
fn not_taken(scene: &mut Scene, next: &Guest, stuck: Stuck) -> Fall {
    let is_reaping = waits_for_a_child(scene);
    let fall = no_child(scene, next, stuck);
    if is_reaping { fall } else { fall.blocks("own-child") }
}

/// A child that ends is gone, with nobody connecting to bring that about.
fn buried(scene: &mut Scene, left: &Pair) -> Result<(), Fall> {
    until_ended(scene, left.child).map_err(|stuck| lives_on(scene, stuck))?;
    let gone = scene.server.until(|now| Ok((!now.zombies()?.contains(&left.child)).then_some(())));
    let Err(stuck) = gone else { return Ok(()) };
    if let Stuck::Ended(_) = stuck {
        return Err(ended(scene, stuck));
    }
    let name = &left.guest.name;
    let (mistake, summary) = if is_reaped_by_the_next(scene, left) {
        ("reaps-late", format!("{name}'s child was a zombie until the next client connected."))
    } else {
        ("never-reaps", format!("{name}'s child has ended, and nobody has reaped it."))
    };
    let blame = Blame {
        id: "zombie",
        mistake: Some(mistake),
        summary,
        expected: format!("{name}'s child is gone, with nobody else coming"),
        observed: "it was a zombie when the server had come to rest".to_owned(),
    };
    Err(evidence::fail(scene, Some(stuck), blame))
}

/// Whether another client's coming is what the parent waits for to reap.
fn is_reaped_by_the_next(scene: &mut Scene, left: &Pair) -> bool {
    let came = scene.connect().is_ok() && scene.server.until_quiet().is_ok();
    came && scene.server.zombies().is_ok_and(|zombies| !zombies.contains(&left.child))
}

/// 50 clients, some at a time, whose children end while the parent cannot look: one SIGCHLD tells it
/// of several, for a signal that is pending already is not queued again (signal(7)).
fn come_and_go(scene: &mut Scene) -> Result<(), Fall> {
    let before = living(&scene.server)?;
    scene.step(format!(
        "{CROWD} clients came and left, {WAVE} at a time, the parent being stopped meanwhile (SIGSTOP)"
    ));
    for round in 0..CROWD / WAVE {
        let wave: Vec<Client> = (0..WAVE).map(|_| take_one(scene)).collect::<Result<_, _>>()?;
        scene.still_runs().map_err(|stuck| ended(scene, stuck))?;
        scene.server.stop().map_err(|stuck| ended(scene, stuck))?;
        for (index, client) in wave.iter().enumerate() {
            if (round + index) % 2 == 0 { client.close() } else { client.reset() }
        }
        let died = scene.server.until(|now| Ok((living(now)? <= before).then_some(())));
        died.map_err(|stuck| lives_on(scene, stuck))?;
        scene.server.go_on().map_err(|stuck| ended(scene, stuck))?;
    }
    let gone = scene.server.until(|now| Ok(now.zombies()?.is_empty().then_some(())));
    let Err(stuck) = gone else { return Ok(()) };
    if let Stuck::Ended(_) = stuck {
        return Err(ended(scene, stuck));
    }
    let left = scene.server.zombies()?.len();
    let blame = Blame {
        id: "zombies",
        mistake: Some("reaps-one"),
        summary: format!("Children ended {WAVE} at a time, and {left} of {CROWD} were not reaped."),
        expected: "no zombie".to_owned(),
        observed: format!("{left} zombies when the server had come to rest"),
    };
    Err(evidence::fail(scene, Some(stuck), blame))
}

/// A client whom the server has accepted.
fn take_one(scene: &mut Scene) -> Result<Client, Fall> {
    let client = scene.server.connect();
    let client = client.map_err(|error| scene.no_connection("one of them", &error))?;
    let accepted = scene.server.until(|now| {
        let socket = now.connection(&client)?;
        Ok(socket.is_some_and(|socket| socket.inode != 0).then_some(()))
    });
    accepted.map_err(|stuck| ended(scene, stuck))?;
    Ok(client)
}

fn living(server: &Server) -> Result<usize, Unseen> {
    let mut count = 0;
    for process in server.processes()? {
        count += usize::from(!process.is_zombie()?);
    }
    Ok(count)
}

fn lives_on(scene: &mut Scene, stuck: Stuck) -> Fall {
    let blame = Blame {
        id: "child-lives-on",
        summary: "A client has left, and its child does not end.".to_owned(),
        expected: "the child ends with its client".to_owned(),
        observed: stuck.to_string(),
        ..Blame::default()
    };
    evidence::fail(scene, Some(stuck), blame).blocks("hangup")
}
