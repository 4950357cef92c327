//! What the server waits for, and how.

use crate::fall::Fall;
use crate::scene::{Blame, Guest, Scene, Stage};
use crate::shared::rows;
use witness::{Stuck, Target, Unseen, Watched};

/// The `pollfd` array that the server hands to the kernel is the listener and the live clients, at
/// every step.
pub(crate) fn watch_set(stage: &Stage<'_>) -> Result<(), Fall> {
    let mut scene = stage.open()?;
    let mut live = Vec::new();
    in_step(&mut scene, &live)?;
    for _ in 0..scene.capacity.min(3) {
        live.push(scene.admit()?);
        in_step(&mut scene, &live)?;
    }
    let Some((speaker, _)) = live.last() else { return Ok(()) };
    scene.step(format!("{} sent \"hello\"", speaker.name));
    let _ = speaker.client.send(b"hello");
    in_step(&mut scene, &live)?;

    // The first leaves, so that the last may have to move; then another takes the room.
    departs(&mut scene, &mut live, 0)?;
    live.push(scene.admit()?);
    in_step(&mut scene, &live)?;
    while !live.is_empty() {
        departs(&mut scene, &mut live, 0)?;
    }
    Ok(())
}

fn departs(scene: &mut Scene, live: &mut Vec<(Guest, i32)>, index: usize) -> Result<(), Fall> {
    let (guest, _) = live.remove(index);
    // Whatever the server has answered must not meet a closed socket.
    scene.still_runs().map_err(|stuck| out_of_step(scene, live, stuck))?;
    scene.step(format!("{} closed", guest.name));
    guest.client.close();
    in_step(scene, live)
}

/// Waits until poll is given the listener and `live`, each once, and nothing that is no more.
fn in_step(scene: &mut Scene, live: &[(Guest, i32)]) -> Result<(), Fall> {
    let wanted: Vec<i32> = live.iter().map(|(_, fd)| *fd).collect();
    let matched = scene.server.until(|now| match now.watched()? {
        Some(watched) => Ok(difference(now, &watched, &wanted)?.is_none().then_some(())),
        None => Ok(None),
    });
    match matched {
        Ok(()) => Ok(()),
        Err(stuck) => Err(out_of_step(scene, live, stuck)),
    }
}

fn out_of_step(scene: &mut Scene, live: &[(Guest, i32)], stuck: Stuck) -> Fall {
    let wanted: Vec<i32> = live.iter().map(|(_, fd)| *fd).collect();
    let watched = match &stuck {
        Stuck::Spinning(strobe) => strobe.watched.clone(),
        _ => scene.server.watched().ok().flatten(),
    };
    let found = match &watched {
        Some(watched) => difference(&scene.server, watched, &wanted).ok().flatten(),
        None => Some(Difference {
            mistake: rows::of(scene, &stuck),
            summary: "The server is not asleep in poll, so it watches nobody.".to_owned(),
        }),
    };
    // Right, and yet never asleep: that is what `idle` is about.
    let (found, on) = match found {
        Some(found) => (found, None),
        None => {
            let summary = "The array is right, but the server never sleeps in poll.".to_owned();
            (Difference { mistake: rows::of(scene, &stuck), summary }, Some("idle"))
        }
    };
    let expected = format!("the listener and {}", list(&wanted));
    let observed = match &watched {
        Some(watched) => list(&watched.iter().map(|entry| entry.fd).collect::<Vec<_>>()),
        None => stuck.to_string(),
    };
    let blame = Blame {
        id: "out-of-step",
        mistake: found.mistake,
        summary: found.summary,
        expected,
        observed,
    };
    let fall = scene.fail(stuck, blame);
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

/// How the array differs from what it should be.
struct Difference {
    mistake: Option<&'static str>,
    summary: String,
}

fn difference(
    server: &witness::Server,
    watched: &[Watched],
    live: &[i32],
) -> Result<Option<Difference>, Unseen> {
    let open = server.descriptors()?;
    let listener = server.listener()?.map(|socket| Target::Socket(socket.inode));
    let listener = open.iter().find(|it| Some(&it.target) == listener.as_ref()).map(|it| it.fd);
    let times = |fd: i32| watched.iter().filter(|entry| entry.fd == fd).count();
    let found = |mistake, summary: String| Ok(Some(Difference { mistake, summary }));

    for fd in listener.iter().chain(live) {
        match times(*fd) {
            1 => {}
            0 => {
                let text = format!("Descriptor {fd} is connected, and poll is not asked for it.");
                return found(Some("wrong-entry-removed"), text);
            }
            _ => {
                return found(
                    Some("watched-twice"),
                    format!("Descriptor {fd} is in the array more than once."),
                );
            }
        }
    }
    for entry in watched.iter().filter(|entry| entry.fd >= 0) {
        let known = Some(entry.fd) == listener || live.contains(&entry.fd);
        // A pipe or an eventfd that the server wakes itself with is its own affair.
        let target = open.iter().find(|it| it.fd == entry.fd).map(|it| &it.target);
        if !known && !matches!(target, Some(Target::Other(_))) {
            let state = if target.is_some() { "its client has left" } else { "it is closed" };
            let text = format!("poll is asked for descriptor {}, and {state}.", entry.fd);
            return found(Some("stale-pollfd"), text);
        }
    }
    let reads = libc::POLLIN | libc::POLLRDNORM;
    let deaf = watched.iter().find(|entry| live.contains(&entry.fd) && entry.events & reads == 0);
    match deaf {
        Some(entry) => {
            found(None, format!("The server does not wait for what descriptor {} sends.", entry.fd))
        }
        None => Ok(None),
    }
}
