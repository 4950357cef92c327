//! A client that has to wait for its turn.

use super::{diagnosis, echo};
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::named_client::NamedClient;
use crate::test_run::TestRun;
use witness::Stuck;

/// A second client waits, unserved, while the first is connected, and is served after it with
/// nothing lost.
pub(super) fn next_client(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start()?;
    let first = echo::greeted(&mut run)?;
    let second = echo::arrives(&mut run)?;
    let logged_text: [&[u8]; 3] = [b"I wait\n", b"and have more to say,\n", b"line by line\n"];
    run.step(format!("{} sent {} messages", second.name, logged_text.len()));
    for message in logged_text {
        let _ = second.connection.send(message);
    }
    waits(&mut run, &first, &second)?;
    echo::comes_back(&mut run, &first, b"still here\n")
        .map_err(|error| error.depends_on("echo"))?;
    run.step(format!("{} closed", first.name));
    first.connection.close();
    is_served(&mut run, &second, &logged_text.concat())
}

/// While the first client is connected, the second hears nothing.
fn waits(run: &mut TestRun, first: &NamedClient, second: &NamedClient) -> Result<(), CheckError> {
    let connection = &second.connection;
    let disturbed = run.server.until(|_| {
        let over = !connection.received().is_empty() || connection.ended().is_some();
        Ok(over.then_some(()))
    });
    if first.connection.ended().is_some() {
        return Err(echo::misheard(run, first, b"", b"", disturbed.err()).depends_on("echo"));
    }
    let name = &second.name;
    let expected = format!("{name} waits until A has left");
    let wait_error = match disturbed {
        Err(Stuck::Quiet { .. }) => return Ok(()),
        Err(wait_error) => wait_error,
        Ok(()) if connection.ended().is_some() => {
            return Err(run.fail_now(Failure {
                id: "turned-away",
                mistake: Some("closes-listener"),
                summary: format!("{name} came while A was served, and was turned away."),
                expected,
                observed: format!("{name} reads an end of file, or a reset"),
            }));
        }
        Ok(()) => {
            let heard = echo::shown(&connection.received());
            return Err(run.fail_now(Failure {
                id: "two-at-once",
                mistake: Some("two-at-once"),
                summary: format!("{name} is served while A is still connected."),
                expected,
                observed: format!("{name} received {heard}"),
            }));
        }
    };
    let summary = format!("{name} came, and the server does not rest.");
    let observed = wait_error.to_string();
    let failure = Failure { id: "restless", mistake: None, summary, expected, observed };
    Err(diagnosis::fail(run, Some(wait_error), failure))
}

/// The first has left: the second hears all that it said meanwhile.
fn is_served(
    run: &mut TestRun,
    second: &NamedClient,
    logged_text: &[u8],
) -> Result<(), CheckError> {
    let wait_error = echo::hears(run, second, logged_text.len()).err();
    let heard = second.connection.received();
    if heard == logged_text {
        return Ok(());
    }
    let name = &second.name;
    let hung_up = second.connection.ended().is_some();
    let failure = Failure {
        id: "next-not-served",
        mistake: hung_up.then_some("closes-listener"),
        summary: match heard.as_slice() {
            [] if hung_up => format!("It was {name}'s turn, and the server hung up."),
            [] => format!("It was {name}'s turn, and it was not served."),
            _ => format!("{name} was served, and what came back is not what it had sent."),
        },
        expected: format!("{name} receives {}", echo::shown(logged_text)),
        observed: format!("{name} received {}", echo::shown(&heard)),
    };
    Err(diagnosis::fail(run, wait_error, failure))
}
