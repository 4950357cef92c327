//! Children that have ended: each must be reaped, or it stays a zombie.

use super::evidence::{self, is_dead};
use super::family::{
    Pair, arrive, child_of, ended, no_child, settle, until_ended, waits_for_a_child,
};
use crate::fall::Fall;
use crate::scene::{Blame, Scene, Stage};
use witness::{Client, Process, Server, Stuck, Unseen};

const CROWD: usize = 50;

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
    if let Err(stuck) = child_of(&mut scene, &next, &[&first, &stays]) {
        let is_reaping = waits_for_a_child(&scene);
        let fall = no_child(&mut scene, &next, stuck);
        return Err(if is_reaping { fall } else { fall.blocks("own-child") });
    }
    all_at_once(&mut scene)
}

/// A child that ends is gone, with nobody connecting to bring that about.
fn buried(scene: &mut Scene, left: &Pair) -> Result<(), Fall> {
    until_ended(scene, left.child).map_err(|stuck| lives_on(scene, stuck))?;
    let gone =
        scene.server.until(|now| Ok((!now.processes()?.contains(&left.child)).then_some(())));
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
    came && scene.server.processes().is_ok_and(|now| !now.contains(&left.child))
}

/// 50 children end while their parent cannot look: it is told of all of them by one SIGCHLD, for
/// a signal that is pending already is not queued again (signal(7)).
fn all_at_once(scene: &mut Scene) -> Result<(), Fall> {
    let before = scene.server.processes()?.len();
    scene.step(format!("{CROWD} clients connected"));
    let crowd: Vec<Client> = (0..CROWD).map(|_| take_one(scene)).collect::<Result<_, _>>()?;
    scene.still_runs().map_err(|stuck| ended(scene, stuck))?;
    scene.step(format!("the parent was stopped (SIGSTOP), and the {CROWD} clients left"));
    scene.server.stop().map_err(|stuck| ended(scene, stuck))?;
    for (index, client) in crowd.iter().enumerate() {
        if index % 3 == 0 { client.reset() } else { client.close() }
    }
    let died = scene.server.until(|now| Ok((living(now)? <= before).then_some(())));
    died.map_err(|stuck| lives_on(scene, stuck))?;
    scene.step("the parent was let go on (SIGCONT)");
    scene.server.go_on();
    let gone = scene.server.until(|now| Ok((zombies(now)? == 0).then_some(())));
    let Err(stuck) = gone else { return Ok(()) };
    if let Stuck::Ended(_) = stuck {
        return Err(ended(scene, stuck));
    }
    let left = zombies(&scene.server)?;
    let blame = Blame {
        id: "zombies",
        mistake: Some("reaps-one"),
        summary: format!("{CROWD} children ended at once, and {left} of them were never reaped."),
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
    let all = server.processes()?;
    Ok(all.len() - count_dead(&all)?)
}

fn zombies(server: &Server) -> Result<usize, Unseen> {
    count_dead(&server.processes()?)
}

fn count_dead(processes: &[Process]) -> Result<usize, Unseen> {
    let mut count = 0;
    for process in processes {
        count += usize::from(is_dead(*process)?);
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
