//! A thousand clients.

use crate::events::Event;
use crate::fall::Fall;
use crate::scene::{Blame, Scene, Stage, WAVE};
use crate::shared::descriptors::sockets_of;
use crate::shared::rows;
use std::collections::BTreeSet;
use witness::{Client, Line, Server, Stuck, Target, Unseen};

const CROWD: usize = 1000;

/// 1,000 clients are tracked at the same time, and released.
pub(super) fn crowd(stage: &Stage<'_>) -> Result<(), Fall> {
    let mut scene = stage.open()?;
    let before = sockets_of(&scene.server)?.len();
    let crowd = gather(&mut scene)?;
    all_tracked(&mut scene, &crowd, before)?;
    scene.step(format!("all {} closed", crowd.len()));
    crowd.iter().for_each(Client::close);
    all_released(&mut scene, crowd.len(), before)
}

/// Connects the crowd, as fast as the server takes them.
fn gather(scene: &mut Scene) -> Result<Vec<Client>, Fall> {
    let size = scene.capacity.min(CROWD);
    scene.step(format!("{size} clients connected, and stayed"));
    let mut crowd = Vec::with_capacity(size);
    while crowd.len() < size {
        for _ in 0..scene.wave()?.min(size - crowd.len()) {
            crowd.push(scene.join(Server::connect)?.client);
        }
        let taken = scene.server.until(|now| {
            let waiting = now.listener()?.map_or(0, |listener| listener.unread);
            Ok((waiting == 0).then_some(()))
        });
        taken.map_err(|stuck| lost(scene, stuck, &crowd))?;
    }
    Ok(crowd)
}

/// Waits until every client has a slot of its own in the log, and a descriptor in the kernel.
fn all_tracked(scene: &mut Scene, crowd: &[Client], before: usize) -> Result<(), Fall> {
    let from = scene.log_of_step();
    let entered = scene.server.until(|now| {
        Ok(if crowd.iter().rev().take(WAVE).any(|client| client.ended().is_some()) {
            Some(false) // it was turned away, and will not come back
        } else {
            let tracked = slots(&now.log()[from..]).len() == crowd.len();
            (tracked && sockets_of(now)?.len() == before + crowd.len()).then_some(true)
        })
    });
    match entered {
        Ok(true) => {}
        Ok(false) => return Err(lost(scene, Stuck::Quiet { calls: Vec::new() }, crowd)),
        Err(stuck) => return Err(lost(scene, stuck, crowd)),
    }
    let logged: BTreeSet<i32> = accepted(&scene.server.log()[from..]).map(|(fd, _)| fd).collect();
    if logged.len() == crowd.len() && logged.is_subset(&descriptors_of(&scene.server, crowd)?) {
        return Ok(());
    }
    let observed = "[ACCEPT] lines that name other descriptors".to_owned();
    let summary = "The log does not name the descriptors of the crowd.".to_owned();
    let expected = "the descriptors that the kernel connects to the clients".to_owned();
    let fall =
        scene.refute(Blame { id: "crowd-misnamed", mistake: None, summary, expected, observed });
    Err(fall.blocks("slots"))
}

/// The slots that were given, each once.
fn slots(lines: &[Line]) -> BTreeSet<usize> {
    accepted(lines).map(|(_, slot)| slot).collect()
}

/// The descriptor and the slot of each `[ACCEPT]`.
fn accepted(lines: &[Line]) -> impl Iterator<Item = (i32, usize)> {
    lines.iter().filter_map(|line| match Event::of(line)? {
        Event::Accept { fd, slot } => Some((fd?, slot?)),
        _ => None,
    })
}

/// The descriptors that the kernel connects to these clients.
fn descriptors_of(server: &Server, crowd: &[Client]) -> Result<BTreeSet<i32>, Unseen> {
    let mut inodes = BTreeSet::new();
    for client in crowd {
        server.connection(client)?;
        inodes.extend(client.inode());
    }
    let open = server.descriptors()?.into_iter();
    let is_theirs = |target: &Target| matches!(target, Target::Socket(it) if inodes.contains(it));
    Ok(open.filter(|it| is_theirs(&it.target)).map(|it| it.fd).collect())
}

fn lost(scene: &mut Scene, stuck: Stuck, crowd: &[Client]) -> Fall {
    let tracked = slots(&scene.server.log()[scene.log_of_step()..]).len();
    let away = crowd.iter().filter(|client| client.ended().is_some()).count();
    let turned_away = if away > 0 { format!(", {away} turned away") } else { String::new() };
    let blame = Blame {
        id: "crowd-lost",
        mistake: rows::of(scene, &stuck).or((away > 0).then_some("capped")),
        summary: format!("{} clients came, and {tracked} are tracked.", crowd.len()),
        expected: format!("a slot and a descriptor for each of {}", scene.capacity.min(CROWD)),
        observed: format!("{tracked} slots in the log{turned_away}"),
    };
    scene.fail(stuck, blame)
}

/// Waits until no client has a descriptor any more, and the log has seen each of them off.
fn all_released(scene: &mut Scene, count: usize, before: usize) -> Result<(), Fall> {
    let from = scene.log_of_step();
    let goodbyes = |server: &Server| {
        let is_one = |line: &&Line| line.tag() == Some("DISCONNECT");
        server.log()[from..].iter().filter(is_one).count()
    };
    let released = scene.server.until(|now| {
        let gone = goodbyes(now) == count && sockets_of(now)?.len() == before;
        Ok(gone.then_some(()))
    });
    let Err(stuck) = released else { return Ok(()) };
    let logged = goodbyes(&scene.server);
    let left = sockets_of(&scene.server)?.len().saturating_sub(before);
    let blame = Blame {
        id: "crowd-stays",
        mistake: rows::of(scene, &stuck).or((left > 0).then_some("forgot-close")),
        summary: format!("{count} clients left; descriptors that stayed open: {left}."),
        expected: format!("{count} [DISCONNECT] lines, and the descriptors of before"),
        observed: format!("{logged} [DISCONNECT] lines, {left} descriptors more than before"),
    };
    Err(scene.fail(stuck, blame))
}
