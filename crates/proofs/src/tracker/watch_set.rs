//! What the server waits for, beside what it should wait for.

use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::named_client::NamedClient;
use crate::shared::watch_entries::{WatchEntry, WatchedFile, current_entries, sampled_entries};
use crate::shared::{WaitCall, diagnosis};
use crate::test_run::TestRun;
use witness::{Stuck, Target, Unseen};

/// What the server hands to the kernel to watch is the listener and the live clients, at every
/// step.
pub(crate) fn watch_set(context: &CheckContext<'_>, wait: WaitCall) -> Result<(), CheckError> {
    let mut run = context.start()?;
    let mut live = Vec::new();
    in_step(&mut run, wait, &live)?;
    for _ in 0..run.capacity.min(3) {
        live.push(run.connect_accepted()?);
        in_step(&mut run, wait, &live)?;
    }
    let Some((speaker, _)) = live.last() else { return Ok(()) };
    run.step(format!("{} sent \"hello\"", speaker.name));
    let _ = speaker.connection.send(b"hello");
    in_step(&mut run, wait, &live)?;

    // The first leaves, so that the last may have to move; then another takes the room.
    departs(&mut run, wait, &mut live)?;
    live.push(run.connect_accepted()?);
    in_step(&mut run, wait, &live)?;
    while !live.is_empty() {
        departs(&mut run, wait, &mut live)?;
    }
    Ok(())
}

/// A client, and the descriptor that the kernel connects to it.
pub(crate) type AcceptedClient = (NamedClient, i32);

/// The client that has been there longest leaves.
fn departs(
    run: &mut TestRun,
    wait: WaitCall,
    live: &mut Vec<AcceptedClient>,
) -> Result<(), CheckError> {
    let (client, _) = live.remove(0);
    // Whatever the server has answered must not meet a closed socket.
    run.check_alive().map_err(|wait_error| out_of_step(run, wait, live, wait_error))?;
    run.step(format!("{} closed", client.name));
    client.connection.close();
    in_step(run, wait, live)
}

/// Waits until the kernel is given the listener and `live`, each once.
pub(crate) fn once_each(
    run: &mut TestRun,
    wait: WaitCall,
    live: &[AcceptedClient],
) -> Result<(), CheckError> {
    let clients = run.clients.clone();
    let matched = run.server.until(|now| match current_entries(now, &clients, wait)? {
        Some(set) => Ok(not_once(now, wait, &set, live)?.is_none().then_some(())),
        None => Ok(None),
    });
    matched.map_err(|wait_error| out_of_step(run, wait, live, wait_error))
}

/// Waits until the kernel is given the listener and `live`, each once, and nothing that is no more.
fn in_step(run: &mut TestRun, wait: WaitCall, live: &[AcceptedClient]) -> Result<(), CheckError> {
    let clients = run.clients.clone();
    let matched = run.server.until(|now| match current_entries(now, &clients, wait)? {
        Some(set) => Ok(difference(now, &clients, wait, &set, live)?.is_none().then_some(())),
        None => Ok(None),
    });
    matched.map_err(|wait_error| out_of_step(run, wait, live, wait_error))
}

fn out_of_step(
    run: &mut TestRun,
    wait: WaitCall,
    live: &[AcceptedClient],
    wait_error: Stuck,
) -> CheckError {
    let (server, clients, name) = (&run.server, &run.clients, wait.name());
    let set = match &wait_error {
        Stuck::Spinning(sample) => sampled_entries(sample, server, clients).ok().flatten(),
        _ => current_entries(server, clients, wait).ok().flatten(),
    };
    let found = match &set {
        Some(set) => difference(server, clients, wait, set, live).ok().flatten(),
        None => Some(Difference {
            mistake: diagnosis::elsewhere(wait, &wait_error)
                .or_else(|| diagnosis::of(run, &wait_error)),
            summary: format!("The server is not asleep in {name}, so it watches nobody."),
            on: asked_by_epoll(wait),
        }),
    };
    let found = found.unwrap_or_else(|| {
        let set = set_of(wait);
        let summary = format!("The {set} is right, but the server never sleeps in {name}.");
        Difference { mistake: diagnosis::of(run, &wait_error), summary, on: Some("idle") }
    });
    let wanted: Vec<i32> = live.iter().map(|(_, fd)| *fd).collect();
    let expected = format!("the listener and {}", list(&wanted));
    let observed = match &set {
        Some(set) => list(&set.iter().map(|entry| entry.fd).collect::<Vec<_>>()),
        None => wait_error.to_string(),
    };
    let Difference { mistake, summary, on } = found;
    let error =
        run.fail(wait_error, Failure { id: "out-of-step", mistake, summary, expected, observed });
    match on {
        Some(on) => error.depends_on(on),
        None => error,
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

fn set_of(wait: WaitCall) -> &'static str {
    if wait == WaitCall::Epoll { "interest list" } else { "array" }
}

/// How what is watched differs from what should be.
struct Difference {
    mistake: Option<&'static str>,
    summary: String,
    /// The criterion that asks for this by itself.
    on: Option<&'static str>,
}

/// `epoll` asks where the server sleeps, and that nobody is missing or there twice.
fn asked_by_epoll(wait: WaitCall) -> Option<&'static str> {
    (wait == WaitCall::Epoll).then_some("epoll")
}

fn difference(
    server: &witness::Server,
    clients: &[NamedClient],
    wait: WaitCall,
    set: &[WatchEntry],
    live: &[AcceptedClient],
) -> Result<Option<Difference>, Unseen> {
    if let Some(found) = not_once(server, wait, set, live)? {
        return Ok(Some(found));
    }
    Ok(stale(clients, wait, set, live).or_else(|| deaf(set, live)))
}

/// The listener, or a client that is here, is not there exactly once.
fn not_once(
    server: &witness::Server,
    wait: WaitCall,
    set: &[WatchEntry],
    live: &[AcceptedClient],
) -> Result<Option<Difference>, Unseen> {
    let times = |file| set.iter().filter(|entry| Some(entry.file) == file).count();
    let clients = live
        .iter()
        .map(|(client, fd)| (*fd, times(client.connection.inode().map(WatchedFile::Socket))));
    let mut counts: Vec<_> = clients.collect();
    if let Some(socket) = server.listener()? {
        let open = server.descriptors()?;
        let door = open.iter().find(|it| it.target == Target::Socket(socket.inode));
        let count = times(Some(WatchedFile::Socket(socket.inode)));
        // A listener may be on the lists of several threads (epoll_ctl(2), EPOLLEXCLUSIVE).
        let count = if wait == WaitCall::Epoll { count.min(1) } else { count };
        counts.extend(door.map(|door| (door.fd, count)));
    }
    let Some((fd, count)) = counts.into_iter().find(|(_, count)| *count != 1) else {
        return Ok(None);
    };
    let (mistake, summary) = match (count, wait) {
        (0, WaitCall::Epoll) => {
            ("not-added", format!("Descriptor {fd} is connected, and not on the interest list."))
        }
        (0, _) => (
            "wrong-entry-removed",
            format!("Descriptor {fd} is connected, and poll is not asked for it."),
        ),
        (_, WaitCall::Epoll) => {
            ("watched-twice", format!("Descriptor {fd} is on the interest list more than once."))
        }
        _ => ("watched-twice", format!("Descriptor {fd} is in the array more than once.")),
    };
    Ok(Some(Difference { mistake: Some(mistake), summary, on: asked_by_epoll(wait) }))
}

/// Somebody is watched who is not here any more.
fn stale(
    clients: &[NamedClient],
    wait: WaitCall,
    set: &[WatchEntry],
    live: &[AcceptedClient],
) -> Option<Difference> {
    let has = |client: &NamedClient, file: WatchedFile| {
        client.connection.inode().map(WatchedFile::Socket) == Some(file)
    };
    let gone = |entry: &&WatchEntry| match entry.file {
        WatchedFile::Closed => true,
        WatchedFile::Other => false,
        file => {
            let here = live.iter().any(|(client, _)| has(client, file));
            !here && clients.iter().any(|client| has(client, file))
        }
    };
    let entry = set.iter().find(gone)?;
    let state =
        if entry.file == WatchedFile::Closed { "it is closed" } else { "its client has left" };
    let (mistake, summary) = match wait {
        WaitCall::Epoll => (
            "stale-entry",
            format!("The interest list still has descriptor {}, and {state}.", entry.fd),
        ),
        _ => ("stale-pollfd", format!("poll is asked for descriptor {}, and {state}.", entry.fd)),
    };
    Some(Difference { mistake: Some(mistake), summary, on: None })
}

/// Somebody is watched, and not for what it sends.
fn deaf(set: &[WatchEntry], live: &[AcceptedClient]) -> Option<Difference> {
    let is_live = |entry: &&WatchEntry| {
        live.iter().any(|(client, _)| {
            client.connection.inode().map(WatchedFile::Socket) == Some(entry.file)
        })
    };
    let entry = set.iter().filter(is_live).find(|entry| !entry.for_input)?;
    let summary = format!("The server does not wait for what descriptor {} sends.", entry.fd);
    Some(Difference { mistake: entry.oneshot.then_some("oneshot-not-armed"), summary, on: None })
}
