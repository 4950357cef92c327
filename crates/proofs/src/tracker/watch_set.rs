//! The criterion that a server waits for its listener and its clients, and for nothing else.

mod difference;

use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::named_client::NamedClient;
use crate::shared::few_slots::expect_slots;
use crate::shared::watch_entries::{WatchEntry, current_entries, sampled_entries};
use crate::shared::{WaitCall, diagnosis};
use crate::test_run::TestRun;
use difference::{Difference, Expected};
use witness::{Unobservable, WaitError};

/// At every step, the entries that the server passes to the kernel are the listener and the clients
/// that are connected.
pub(crate) fn watch_set(context: &CheckContext<'_>, wait: WaitCall) -> Result<(), CheckError> {
    let mut run = context.start()?;

    // Check the listener alone. Then check after each new client.
    let mut live = Vec::new();
    expect_exact(&mut run, wait, &live, Change::None)?;
    for _ in 0..run.capacity.min(3) {
        live.push(run.connect_accepted()?);
        expect_exact(&mut run, wait, &live, Change::Came)?;
    }

    // Check after bytes from a client.
    let Some((last, _)) = live.last() else { return Ok(()) };
    run.step(format!("{} sent \"hello\"", last.name));
    let _ = last.connection.send(b"hello");
    expect_exact(&mut run, wait, &live, Change::None)?;

    // The first client leaves. A server may move the last entry to the free position. Then a new
    // client gets the free slot.
    first_leaves(&mut run, wait, &mut live)?;
    live.push(run.connect_accepted()?);
    expect_exact(&mut run, wait, &live, Change::Came)?;
    while !live.is_empty() {
        first_leaves(&mut run, wait, &mut live)?;
    }
    expect_slots(&run, 2, "whose entry is removed")
}

/// A client, and the descriptor that the kernel connects to the client.
pub(crate) type AcceptedClient = (NamedClient, i32);

/// What has just happened. A difference between the entries and the clients may be a consequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// The newest client has connected.
    Came,
    /// A client has left.
    Left,
    /// No client has come or left.
    None,
}

/// The client that has been connected for the longest time leaves.
fn first_leaves(
    run: &mut TestRun,
    wait: WaitCall,
    live: &mut Vec<AcceptedClient>,
) -> Result<(), CheckError> {
    let (client, _) = live.remove(0);
    // Wait until the server has sent its whole answer. If bytes arrived after the client's
    // close(2), these bytes would cause a reset.
    let is_alive = run.check_alive();
    is_alive.map_err(|error| wrong_entries(run, wait, live, Change::None, error))?;
    run.step(format!("{} closed", client.name));
    client.connection.close();
    expect_exact(run, wait, live, Change::Left)
}

/// Waits until the entries contain the listener and each client of `live` exactly once.
pub(crate) fn expect_once_each(
    run: &mut TestRun,
    wait: WaitCall,
    live: &[AcceptedClient],
    change: Change,
) -> Result<(), CheckError> {
    wait_entries(run, wait, live, change, |expected, entries| expected.not_once(entries))
}

/// Waits until the entries are exactly the listener and the clients of `live`, each for input.
fn expect_exact(
    run: &mut TestRun,
    wait: WaitCall,
    live: &[AcceptedClient],
    change: Change,
) -> Result<(), CheckError> {
    wait_entries(run, wait, live, change, |expected, entries| expected.difference(entries))
}

/// Waits until the server sleeps in the call `wait` and `find` finds no difference in its entries.
fn wait_entries(
    run: &mut TestRun,
    wait: WaitCall,
    live: &[AcceptedClient],
    change: Change,
    find: impl Fn(&Expected<'_>, &[WatchEntry]) -> Result<Option<Difference>, Unobservable>,
) -> Result<(), CheckError> {
    let (clients, capacity) = (run.clients.clone(), run.capacity);
    let matched = run.server.wait_for(|now| match current_entries(now, &clients, wait)? {
        Some(entries) => {
            let expected =
                Expected { server: now, clients: &clients, live, wait, change, capacity };
            Ok(find(&expected, &entries)?.is_none().then_some(()))
        }
        None => Ok(None),
    });
    matched.map_err(|wait_error| wrong_entries(run, wait, live, change, wait_error))
}

/// The failure of a server that waits for wrong descriptors.
fn wrong_entries(
    run: &mut TestRun,
    wait: WaitCall,
    live: &[AcceptedClient],
    change: Change,
    wait_error: WaitError,
) -> CheckError {
    let (server, clients, capacity) = (&run.server, &run.clients, run.capacity);
    let entries = match &wait_error {
        WaitError::Spinning(sample) => sampled_entries(sample, server, clients).ok().flatten(),
        _ => current_entries(server, clients, wait).ok().flatten(),
    };
    let expected = Expected { server, clients, live, wait, change, capacity };
    let name = wait.name();
    let found = match &entries {
        Some(entries) => expected.difference(entries).ok().flatten(),
        None => Some(Difference {
            mistake: diagnosis::of_wait(run, wait, &wait_error),
            summary: format!(
                "The server is not asleep in {name}, so it does not wait for its clients there."
            ),
            depends_on: Some(difference::criterion_of_call(wait)),
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
            Some(entries) => entries_text(entries),
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

/// The descriptors that the server waits for, for a sentence.
fn entries_text(entries: &[WatchEntry]) -> String {
    let text_of = |entry: &WatchEntry| match entry.for_input {
        true => entry.fd.to_string(),
        false => format!("{} (not for input)", entry.fd),
    };
    let texts: Vec<_> = entries.iter().map(text_of).collect();
    if texts.is_empty() {
        "no descriptor".to_owned()
    } else {
        format!("descriptors {}", texts.join(" "))
    }
}

fn list_of(wait: WaitCall) -> &'static str {
    if wait == WaitCall::Epoll { "interest list" } else { "array" }
}
