//! Clients that leave in other ways than by a goodbye.

use super::{rows, talk};
use crate::fall::Fall;
use crate::scene::{Blame, Guest, Scene, Stage};
use crate::shared::ways::Way;
use witness::{Descriptor, Exit, Stuck};

/// A client that resets the connection ends neither the server nor the next client's service.
pub(super) fn reset(stage: &Stage<'_>) -> Result<(), Fall> {
    let mut scene = stage.open()?;
    after_a_goodbye(&mut scene)?;
    while_it_reads(&mut scene)?;
    before_it_writes(&mut scene, Way::Reset)?;
    before_it_writes(&mut scene, Way::HalfClose)?;
    talk::greeted(&mut scene).map(drop)
}

/// What holds after a reset holds after a goodbye, or it is not the reset's doing.
fn after_a_goodbye(scene: &mut Scene) -> Result<(), Fall> {
    let guest = talk::greeted(scene)?;
    scene.step(format!("{} closed", guest.name));
    guest.client.close();
    scene.still_runs().map_err(|stuck| kept(scene, &guest, stuck, Way::Close))
}

/// The server is in a read, which fails with ECONNRESET.
fn while_it_reads(scene: &mut Scene) -> Result<(), Fall> {
    let guest = talk::greeted(scene)?;
    let _ = scene.still_runs(); // it is back in its read
    scene.step(format!("{} reset its connection (RST)", guest.name));
    guest.client.reset();
    survives(scene, &guest, "read-reset")
}

/// The client is gone by the time that the server answers: the write fails with ECONNRESET; or
/// with EPIPE, where a FIN came before the RST (tcp_reset() in net/ipv4/tcp_input.c).
fn before_it_writes(scene: &mut Scene, first: Way) -> Result<(), Fall> {
    let guest = talk::greeted(scene)?;
    let name = &guest.name;
    scene.server.stop().map_err(|stuck| ended(scene, &guest, stuck, "write-reset"))?;
    let left = match first {
        Way::HalfClose => ", shut down its sending side and reset",
        _ => " and reset",
    };
    scene.step(format!("{name} sent \"bye\\n\"{left}, while the server was stopped"));
    let _ = guest.client.send(b"bye\n");
    first.go(&guest.client);
    guest.client.reset();
    scene.server.go_on().map_err(|stuck| ended(scene, &guest, stuck, "write-reset"))?;
    survives(scene, &guest, "write-reset")
}

/// The server goes on, and the next client is served.
fn survives(scene: &mut Scene, guest: &Guest, row: &'static str) -> Result<(), Fall> {
    scene.still_runs().map_err(|stuck| ended(scene, guest, stuck, row))?;
    let next = talk::arrives(scene)?;
    scene.step(format!("{} sent \"next\\n\"", next.name));
    let _ = next.client.send(b"next\n");
    let stuck = talk::hears(scene, &next, 5).err();
    if next.client.received() == b"next\n" {
        next.client.close();
        return Ok(());
    }
    let blame = Blame {
        id: "next-not-served",
        mistake: Some(row),
        summary: format!("{} reset, and {} is not served after it.", guest.name, next.name),
        expected: format!("{} receives \"next\\n\"", next.name),
        observed: format!("{} received {}", next.name, talk::shown(&next.client.received())),
    };
    Err(rows::fail(scene, stuck, blame))
}

fn ended(scene: &mut Scene, guest: &Guest, stuck: Stuck, row: &'static str) -> Fall {
    let by_sigpipe = matches!(&stuck, Stuck::Ended(Exit::Signal(name)) if name == "SIGPIPE");
    let blame = Blame {
        id: "ended-by-reset",
        mistake: Some(if by_sigpipe { "sigpipe" } else { row }),
        summary: format!("The server did not survive the reset of {}.", guest.name),
        expected: "the server goes on, and serves the next client".to_owned(),
        observed: stuck.to_string(),
    };
    scene.fail(stuck, blame)
}

/// How many come and go.
const CROWD: usize = 50;

/// Its descriptors are the same before and after 50 clients that left in every way.
pub(super) fn no_fd_leak(stage: &Stage<'_>) -> Result<(), Fall> {
    let mut scene = stage.open()?;
    let mut before = scene.server.descriptors()?;
    for way in Way::ALL {
        let guest = talk::greeted(&mut scene)?;
        let _ = scene.still_runs(); // bytes that cross a FIN would turn it into a reset
        scene.step(format!("{} {}", guest.name, way.says()));
        way.go(&guest.client);
        let released = scene.released(&guest);
        released.map_err(|stuck| kept(&mut scene, &guest, stuck, way))?;
        if matches!(way, Way::Close) {
            before = with_its_own(before, scene.server.descriptors()?);
        }
    }
    scene.step(format!("{CROWD} clients came and left in every way, some before their turn"));
    for round in 0..CROWD / 2 {
        pair(&mut scene, round)?;
    }
    all_back(&mut scene, &before)
}

/// `before`, and what a run-time may open with the first client: files and pipes, but no socket.
fn with_its_own(before: Vec<Descriptor>, now: Vec<Descriptor>) -> Vec<Descriptor> {
    let is_socket = |it: &Descriptor| matches!(it.target, witness::Target::Socket(_));
    let kept = now.into_iter().filter(|it| !is_socket(it) || before.contains(it));
    kept.collect()
}

/// One is served, another waits behind it: both leave, the second before its turn.
fn pair(scene: &mut Scene, round: usize) -> Result<(), Fall> {
    let connect = |scene: &mut Scene| {
        scene.server.connect().map_err(|error| {
            let fall = scene.no_connection("one of them", &error).alone();
            fall.blocks(if scene.server.exit().is_some() { "reset" } else { "next-client" })
        })
    };
    let served = connect(scene)?;
    let _ = served.send(b"hello\n");
    let heard = scene
        .server
        .until(|_| Ok((served.received().len() >= 6 || served.ended().is_some()).then_some(())));
    heard.map_err(|stuck| stopped(scene, stuck, 2 * round))?;
    let waiting = connect(scene)?;
    let _ = waiting.send(b"I wait\n");
    Way::ALL[round % 3].go(&waiting);
    Way::ALL[(round / 3) % 3].go(&served);
    // A backlog may have room for one.
    let taken = |now: &mut witness::Server| {
        let queue = now.listener()?.map_or(0, |listener| listener.unread);
        Ok((queue == 0).then_some(()))
    };
    scene.server.until(taken).map_err(|stuck| stopped(scene, stuck, 2 * round + 1))
}

fn stopped(scene: &mut Scene, stuck: Stuck, served: usize) -> Fall {
    let blame = Blame {
        id: "stopped-serving",
        mistake: None,
        summary: format!(
            "After {served} of {CROWD} clients that came and left, it serves no more."
        ),
        expected: format!("{CROWD} clients are served"),
        observed: stuck.to_string(),
    };
    let has_ended = matches!(stuck, Stuck::Ended(_));
    let fall = rows::fail(scene, Some(stuck), blame);
    if has_ended { fall.blocks("reset") } else { fall }
}

fn kept(scene: &mut Scene, guest: &Guest, stuck: Stuck, way: Way) -> Fall {
    let blame = Blame {
        id: "fd-leak",
        mistake: Some("forgot-close"),
        summary: format!("{} left, and the server never closed its socket.", guest.name),
        expected: format!("{}'s descriptor is closed", guest.name),
        observed: "it is still open".to_owned(),
    };
    match (&stuck, way) {
        (Stuck::Ended(_), Way::Reset) => ended(scene, guest, stuck, "read-reset").blocks("reset"),
        (Stuck::Ended(_), _) => {
            let blame = Blame { mistake: Some("closes-listener"), ..blame };
            rows::fail(scene, Some(stuck), blame).blocks("next-client")
        }
        _ => rows::fail(scene, Some(stuck), blame),
    }
}

fn all_back(scene: &mut Scene, before: &[Descriptor]) -> Result<(), Fall> {
    let same = scene.server.until(|now| Ok((now.descriptors()? == before).then_some(())));
    let Err(stuck) = same else { return Ok(()) };
    let left = scene.server.descriptors()?.len().saturating_sub(before.len());
    let blame = Blame {
        id: "fd-leak",
        mistake: Some("forgot-close"),
        summary: format!("Every client has left; descriptors that stayed open: {left}."),
        expected: "the same descriptors as before the first client".to_owned(),
        observed: match &stuck {
            Stuck::Ended(_) => stuck.to_string(),
            _ => format!("{left} more"),
        },
    };
    let has_ended = matches!(stuck, Stuck::Ended(_));
    let fall = rows::fail(scene, Some(stuck), blame);
    Err(if has_ended { fall.blocks("reset") } else { fall })
}
