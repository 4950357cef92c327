//! What the server waits for, beside what it should wait for.

use crate::fall::Fall;
use crate::scene::{Blame, Guest, Scene, Stage};
use crate::shared::watch::{Entry, File, entries, entries_of};
use crate::shared::{Wait, rows};
use witness::{Stuck, Target, Unseen};

/// What the server hands to the kernel to watch is the listener and the live clients, at every
/// step.
pub(crate) fn watch_set(stage: &Stage<'_>, wait: Wait) -> Result<(), Fall> {
    let mut scene = stage.open()?;
    let mut live = Vec::new();
    in_step(&mut scene, wait, &live)?;
    for _ in 0..scene.capacity.min(3) {
        live.push(scene.admit()?);
        in_step(&mut scene, wait, &live)?;
    }
    let Some((speaker, _)) = live.last() else { return Ok(()) };
    scene.step(format!("{} sent \"hello\"", speaker.name));
    let _ = speaker.client.send(b"hello");
    in_step(&mut scene, wait, &live)?;

    // The first leaves, so that the last may have to move; then another takes the room.
    departs(&mut scene, wait, &mut live)?;
    live.push(scene.admit()?);
    in_step(&mut scene, wait, &live)?;
    while !live.is_empty() {
        departs(&mut scene, wait, &mut live)?;
    }
    Ok(())
}

/// A client, and the descriptor that the kernel connects to it.
pub(crate) type Seat = (Guest, i32);

/// The client that has been there longest leaves.
fn departs(scene: &mut Scene, wait: Wait, live: &mut Vec<Seat>) -> Result<(), Fall> {
    let (guest, _) = live.remove(0);
    // Whatever the server has answered must not meet a closed socket.
    scene.still_runs().map_err(|stuck| out_of_step(scene, wait, live, stuck))?;
    scene.step(format!("{} closed", guest.name));
    guest.client.close();
    in_step(scene, wait, live)
}

/// Waits until the kernel is given the listener and `live`, each once.
pub(crate) fn once_each(scene: &mut Scene, wait: Wait, live: &[Seat]) -> Result<(), Fall> {
    let guests = scene.guests.clone();
    let matched = scene.server.until(|now| match entries(now, &guests, wait)? {
        Some(set) => Ok(not_once(now, wait, &set, live)?.is_none().then_some(())),
        None => Ok(None),
    });
    matched.map_err(|stuck| out_of_step(scene, wait, live, stuck))
}

/// Waits until the kernel is given the listener and `live`, each once, and nothing that is no more.
fn in_step(scene: &mut Scene, wait: Wait, live: &[Seat]) -> Result<(), Fall> {
    let guests = scene.guests.clone();
    let matched = scene.server.until(|now| match entries(now, &guests, wait)? {
        Some(set) => Ok(difference(now, &guests, wait, &set, live)?.is_none().then_some(())),
        None => Ok(None),
    });
    matched.map_err(|stuck| out_of_step(scene, wait, live, stuck))
}

fn out_of_step(scene: &mut Scene, wait: Wait, live: &[Seat], stuck: Stuck) -> Fall {
    let (server, guests, name) = (&scene.server, &scene.guests, wait.name());
    let set = match &stuck {
        Stuck::Spinning(strobe) => entries_of(strobe, server, guests).ok().flatten(),
        _ => entries(server, guests, wait).ok().flatten(),
    };
    let found = match &set {
        Some(set) => difference(server, guests, wait, set, live).ok().flatten(),
        None => Some(Difference {
            mistake: rows::elsewhere(wait, &stuck).or_else(|| rows::of(scene, &stuck)),
            summary: format!("The server is not asleep in {name}, so it watches nobody."),
            on: asked_by_epoll(wait),
        }),
    };
    let found = found.unwrap_or_else(|| {
        let set = set_of(wait);
        let summary = format!("The {set} is right, but the server never sleeps in {name}.");
        Difference { mistake: rows::of(scene, &stuck), summary, on: Some("idle") }
    });
    let wanted: Vec<i32> = live.iter().map(|(_, fd)| *fd).collect();
    let expected = format!("the listener and {}", list(&wanted));
    let observed = match &set {
        Some(set) => list(&set.iter().map(|entry| entry.fd).collect::<Vec<_>>()),
        None => stuck.to_string(),
    };
    let Difference { mistake, summary, on } = found;
    let fall = scene.fail(stuck, Blame { id: "out-of-step", mistake, summary, expected, observed });
    match on {
        Some(on) => fall.blocks(on),
        None => fall,
    }
}

fn list(fds: &[i32]) -> String {
    match fds {
        [] => "no descriptor".to_owned(),
        fds => {
            format!("descriptors {}", fds.iter().map(i32::to_string).collect::<Vec<_>>().join(" "))
        }
    }
}

fn set_of(wait: Wait) -> &'static str {
    if wait == Wait::Epoll { "interest list" } else { "array" }
}

/// How what is watched differs from what should be.
struct Difference {
    mistake: Option<&'static str>,
    summary: String,
    /// The criterion that asks for this by itself.
    on: Option<&'static str>,
}

/// `epoll` asks where the server sleeps, and that nobody is missing or there twice.
fn asked_by_epoll(wait: Wait) -> Option<&'static str> {
    (wait == Wait::Epoll).then_some("epoll")
}

fn difference(
    server: &witness::Server,
    guests: &[Guest],
    wait: Wait,
    set: &[Entry],
    live: &[Seat],
) -> Result<Option<Difference>, Unseen> {
    if let Some(found) = not_once(server, wait, set, live)? {
        return Ok(Some(found));
    }
    Ok(stale(guests, wait, set, live).or_else(|| deaf(set, live)))
}

/// The listener, or a client that is here, is not there exactly once.
fn not_once(
    server: &witness::Server,
    wait: Wait,
    set: &[Entry],
    live: &[Seat],
) -> Result<Option<Difference>, Unseen> {
    let times = |file| set.iter().filter(|entry| Some(entry.file) == file).count();
    let clients =
        live.iter().map(|(guest, fd)| (*fd, times(guest.client.inode().map(File::Socket))));
    let mut counts: Vec<_> = clients.collect();
    if let Some(socket) = server.listener()? {
        let open = server.descriptors()?;
        let door = open.iter().find(|it| it.target == Target::Socket(socket.inode));
        let count = times(Some(File::Socket(socket.inode)));
        // A listener may be on the lists of several threads (epoll_ctl(2), EPOLLEXCLUSIVE).
        let count = if wait == Wait::Epoll { count.min(1) } else { count };
        counts.extend(door.map(|door| (door.fd, count)));
    }
    let Some((fd, count)) = counts.into_iter().find(|(_, count)| *count != 1) else {
        return Ok(None);
    };
    let (mistake, summary) = match (count, wait) {
        (0, Wait::Epoll) => {
            ("not-added", format!("Descriptor {fd} is connected, and not on the interest list."))
        }
        (0, _) => (
            "wrong-entry-removed",
            format!("Descriptor {fd} is connected, and poll is not asked for it."),
        ),
        (_, Wait::Epoll) => {
            ("watched-twice", format!("Descriptor {fd} is on the interest list more than once."))
        }
        _ => ("watched-twice", format!("Descriptor {fd} is in the array more than once.")),
    };
    Ok(Some(Difference { mistake: Some(mistake), summary, on: asked_by_epoll(wait) }))
}

/// Somebody is watched who is not here any more.
fn stale(guests: &[Guest], wait: Wait, set: &[Entry], live: &[Seat]) -> Option<Difference> {
    let has = |guest: &Guest, file: File| guest.client.inode().map(File::Socket) == Some(file);
    let gone = |entry: &&Entry| match entry.file {
        File::Closed => true,
        File::Other => false,
        file => {
            let here = live.iter().any(|(guest, _)| has(guest, file));
            !here && guests.iter().any(|guest| has(guest, file))
        }
    };
    let entry = set.iter().find(gone)?;
    let state = if entry.file == File::Closed { "it is closed" } else { "its client has left" };
    let (mistake, summary) = match wait {
        Wait::Epoll => (
            "stale-entry",
            format!("The interest list still has descriptor {}, and {state}.", entry.fd),
        ),
        _ => ("stale-pollfd", format!("poll is asked for descriptor {}, and {state}.", entry.fd)),
    };
    Some(Difference { mistake: Some(mistake), summary, on: None })
}

/// Somebody is watched, and not for what it sends.
fn deaf(set: &[Entry], live: &[Seat]) -> Option<Difference> {
    let is_live = |entry: &&Entry| {
        live.iter().any(|(guest, _)| guest.client.inode().map(File::Socket) == Some(entry.file))
    };
    let entry = set.iter().filter(is_live).find(|entry| !entry.hears)?;
    let summary = format!("The server does not wait for what descriptor {} sends.", entry.fd);
    Some(Difference { mistake: entry.once.then_some("oneshot-not-armed"), summary, on: None })
}
