//! The criterion that a server waits for its listener and its clients, and for nothing else.

use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::named_client::NamedClient;
use crate::shared::watch_entries::{WatchEntry, WatchedFile, current_entries, sampled_entries};
use crate::shared::{WaitCall, diagnosis};
use crate::test_run::TestRun;
use witness::{Server, Target, Unobservable, WaitError};

/// At every step, the entries that the server passes to the kernel are the listener and the clients
/// that are connected.
pub(crate) fn watch_set(context: &CheckContext<'_>, wait: WaitCall) -> Result<(), CheckError> {
    let mut run = context.start()?;

    // Check the listener alone. Then check after each new client.
    let mut live = Vec::new();
    expect_exact(&mut run, wait, &live)?;
    for _ in 0..run.capacity.min(3) {
        live.push(run.connect_accepted()?);
        expect_exact(&mut run, wait, &live)?;
    }

    // Check after bytes from a client.
    let Some((last, _)) = live.last() else { return Ok(()) };
    run.step(format!("{} sent \"hello\"", last.name));
    let _ = last.connection.send(b"hello");
    expect_exact(&mut run, wait, &live)?;

    // The first client leaves. A server may move the last entry to the free position. Then a new
    // client gets the free slot.
    first_leaves(&mut run, wait, &mut live)?;
    live.push(run.connect_accepted()?);
    expect_exact(&mut run, wait, &live)?;
    while !live.is_empty() {
        first_leaves(&mut run, wait, &mut live)?;
    }
    Ok(())
}

/// A client, and the descriptor that the kernel connects to the client.
pub(crate) type AcceptedClient = (NamedClient, i32);

/// The client that has been connected for the longest time leaves.
fn first_leaves(
    run: &mut TestRun,
    wait: WaitCall,
    live: &mut Vec<AcceptedClient>,
) -> Result<(), CheckError> {
    let (client, _) = live.remove(0);
    // Wait until the server has sent its whole answer. If bytes arrived after the client's
    // close(2), these bytes would cause a reset.
    run.check_alive().map_err(|wait_error| wrong_entries(run, wait, live, wait_error))?;
    run.step(format!("{} closed", client.name));
    client.connection.close();
    expect_exact(run, wait, live)
}

/// Waits until the entries contain the listener and each client of `live` exactly once.
pub(crate) fn expect_once_each(
    run: &mut TestRun,
    wait: WaitCall,
    live: &[AcceptedClient],
) -> Result<(), CheckError> {
    wait_entries(run, wait, live, |now, _, entries| not_once(now, wait, entries, live))
}

/// Waits until the entries are exactly the listener and the clients of `live`, each for input.
fn expect_exact(
    run: &mut TestRun,
    wait: WaitCall,
    live: &[AcceptedClient],
) -> Result<(), CheckError> {
    wait_entries(run, wait, live, |now, clients, entries| {
        difference(now, clients, wait, entries, live)
    })
}

/// Waits until the server sleeps in the call `wait` and `find` finds no difference in its entries.
fn wait_entries(
    run: &mut TestRun,
    wait: WaitCall,
    live: &[AcceptedClient],
    find: impl Fn(&Server, &[NamedClient], &[WatchEntry]) -> Result<Option<Difference>, Unobservable>,
) -> Result<(), CheckError> {
    let clients = run.clients.clone();
    let matched = run.server.wait_for(|now| match current_entries(now, &clients, wait)? {
        Some(entries) => Ok(find(now, &clients, &entries)?.is_none().then_some(())),
        None => Ok(None),
    });
    matched.map_err(|wait_error| wrong_entries(run, wait, live, wait_error))
}

/// The failure of a server that waits for wrong descriptors.
fn wrong_entries(
    run: &mut TestRun,
    wait: WaitCall,
    live: &[AcceptedClient],
    wait_error: WaitError,
) -> CheckError {
    let (server, clients, name) = (&run.server, &run.clients, wait.name());
    let entries = match &wait_error {
        WaitError::Spinning(sample) => sampled_entries(sample, server, clients).ok().flatten(),
        _ => current_entries(server, clients, wait).ok().flatten(),
    };
    let found = match &entries {
        Some(entries) => difference(server, clients, wait, entries, live).ok().flatten(),
        None => Some(Difference {
            mistake: diagnosis::of_wait(run, wait, &wait_error),
            summary: format!("The server is not asleep in {name}, so it waits for no client."),
            depends_on: asked_by_epoll(wait),
        }),
    };
    // If the entries are right, the wait has failed for another reason.
    let found = found.unwrap_or_else(|| Difference {
        mistake: diagnosis::of(run, &wait_error),
        summary: format!("The {} is right, but the server never sleeps in {name}.", list_of(wait)),
        depends_on: Some("idle"),
    });
    let wanted: Vec<i32> = live.iter().map(|(_, fd)| *fd).collect();
    let failure = Failure {
        id: "out-of-step",
        mistake: found.mistake,
        summary: found.summary,
        expected: format!("the listener and {}", fds_text(&wanted)),
        observed: match &entries {
            Some(entries) => fds_text(&entries.iter().map(|entry| entry.fd).collect::<Vec<_>>()),
            None => wait_error.to_string(),
        },
    };
    let error = run.fail(wait_error, failure);
    match found.depends_on {
        Some(id) => error.depends_on(id),
        None => error,
    }
}

fn fds_text(fds: &[i32]) -> String {
    match fds {
        [] => "no descriptor".to_owned(),
        fds => {
            format!("descriptors {}", fds.iter().map(i32::to_string).collect::<Vec<_>>().join(" "))
        }
    }
}

fn list_of(wait: WaitCall) -> &'static str {
    if wait == WaitCall::Epoll { "interest list" } else { "array" }
}

/// A difference between the entries and the expected entries.
struct Difference {
    mistake: Option<&'static str>,
    summary: String,
    /// The other criterion that checks for this difference, if there is one.
    depends_on: Option<&'static str>,
}

/// The criterion `epoll`, if the server should use epoll. This criterion checks in which call the
/// server sleeps, and that each connection is on the interest list once.
fn asked_by_epoll(wait: WaitCall) -> Option<&'static str> {
    (wait == WaitCall::Epoll).then_some("epoll")
}

fn difference(
    server: &Server,
    clients: &[NamedClient],
    wait: WaitCall,
    entries: &[WatchEntry],
    live: &[AcceptedClient],
) -> Result<Option<Difference>, Unobservable> {
    if let Some(found) = not_once(server, wait, entries, live)? {
        return Ok(Some(found));
    }
    Ok(stale(clients, wait, entries, live).or_else(|| not_for_input(entries, live)))
}

/// Finds a listener or a connected client that has no entry, or more than one entry.
fn not_once(
    server: &Server,
    wait: WaitCall,
    entries: &[WatchEntry],
    live: &[AcceptedClient],
) -> Result<Option<Difference>, Unobservable> {
    let count_of = |file| entries.iter().filter(|entry| Some(entry.file) == file).count();
    let clients = live
        .iter()
        .map(|(client, fd)| (*fd, count_of(client.connection.inode().map(WatchedFile::Socket))));
    let mut counts: Vec<_> = clients.collect();
    if let Some(socket) = server.listener()? {
        let open = server.descriptors()?;
        let listener = open.iter().find(|it| it.target == Target::Socket(socket.inode));
        let count = count_of(Some(WatchedFile::Socket(socket.inode)));
        // Several threads may each have the listener on an interest list (epoll_ctl(2),
        // EPOLLEXCLUSIVE).
        let count = if wait == WaitCall::Epoll { count.min(1) } else { count };
        counts.extend(listener.map(|listener| (listener.fd, count)));
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
    Ok(Some(Difference { mistake: Some(mistake), summary, depends_on: asked_by_epoll(wait) }))
}

/// Finds an entry that refers to a client that has left, or to a closed descriptor.
fn stale(
    clients: &[NamedClient],
    wait: WaitCall,
    entries: &[WatchEntry],
    live: &[AcceptedClient],
) -> Option<Difference> {
    let owns = |client: &NamedClient, file: WatchedFile| {
        client.connection.inode().map(WatchedFile::Socket) == Some(file)
    };
    let has_left = |entry: &&WatchEntry| match entry.file {
        WatchedFile::Closed => true,
        WatchedFile::Other => false,
        file => {
            let is_live = live.iter().any(|(client, _)| owns(client, file));
            !is_live && clients.iter().any(|client| owns(client, file))
        }
    };
    let entry = entries.iter().find(has_left)?;
    let state = match entry.file {
        WatchedFile::Closed => "it is closed",
        _ => "its client has left",
    };
    let (mistake, summary) = match wait {
        WaitCall::Epoll => (
            "stale-entry",
            format!("The interest list still has descriptor {}, and {state}.", entry.fd),
        ),
        _ => ("stale-pollfd", format!("poll is asked for descriptor {}, and {state}.", entry.fd)),
    };
    Some(Difference { mistake: Some(mistake), summary, depends_on: None })
}

/// Finds the entry of a connected client that does not wait for input.
fn not_for_input(entries: &[WatchEntry], live: &[AcceptedClient]) -> Option<Difference> {
    let is_live = |entry: &&WatchEntry| {
        live.iter().any(|(client, _)| {
            client.connection.inode().map(WatchedFile::Socket) == Some(entry.file)
        })
    };
    let entry = entries.iter().filter(is_live).find(|entry| !entry.for_input)?;
    let summary = format!("The server does not wait for what descriptor {} sends.", entry.fd);
    let mistake = entry.oneshot.then_some("oneshot-not-armed");
    Some(Difference { mistake, summary, depends_on: None })
}
