//! The criterion of a client that shuts down its sending side, and waits for its replies.

use super::draws::Draws;
use super::framing::commands;
use super::resp::{Reply, bulk, command, quoted};
use super::resp_client::{Received, RespClient};
use super::store_run::StoreRun;
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use witness::WaitError;

/// A reply does not wait for the next command. A client that sends commands and then shuts down its
/// sending side gets every reply.
pub(super) fn half_close(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let (mut store, mut draws) = (StoreRun::start(context)?, Draws::new(context, "half-close"));
    let mut client = store.connect()?;
    let word = draws.word();
    store
        .expect_replies(&mut client, [(format!("ECHO {word}"), bulk(&word))])
        .map_err(|error| error.depends_on("ping"))?;
    next_command_begins(&mut store, &mut client, &mut draws)?;
    for ends_in_command in [false, true] {
        shut_down(&mut store, &mut draws, ends_in_command)?;
    }
    Ok(())
}

/// The client sends commands and the start of one more command. The complete commands must be
/// answered before the rest of the last command arrives.
fn next_command_begins(
    store: &mut StoreRun,
    client: &mut RespClient,
    draws: &mut Draws,
) -> Result<(), CheckError> {
    let count = draws.size(2..=5);
    let (bytes, wanted) = commands(draws, count);
    let word = draws.word();
    let last = command(&[b"ECHO", word.as_bytes()]);
    let (start, rest) = last.split_at(draws.size(1..=last.len() - 1));
    let sent = [&bytes, start].concat();
    store.run.step(format!("{} sent {}", client.name(), quoted(&sent)));
    client.send(&sent);
    if let Err(error) = expect_complete(store, client, &wanted, None) {
        // Only a server that sends all replies when the rest has arrived has waited for the rest.
        client.send(rest);
        let waits = is_received(store, client, &bulk(word));
        return Err(if waits { error.with_mistake("waits-for-next") } else { error });
    }
    store.run.step(format!("{} sent the rest of the last command", client.name()));
    client.send(rest);
    store
        .expect_next_reply(client, "The last command", &bulk(word))
        .map_err(|error| error.depends_on("split"))
}

/// Whether the client receives this reply, perhaps after others.
fn is_received(store: &mut StoreRun, client: &mut RespClient, last: &Reply) -> bool {
    while let Ok(Received::Reply(reply)) = store.wait_received(client) {
        if reply.matches(last) {
            return true;
        }
    }
    false
}

/// The client sends commands and shuts down its sending side while the server is paused. Therefore
/// the server finds the commands and the end of file together.
fn shut_down(
    store: &mut StoreRun,
    draws: &mut Draws,
    ends_in_command: bool,
) -> Result<(), CheckError> {
    let mut client = store.connect()?;
    store.expect_replies(&mut client, [("PING", super::resp::simple("PONG"))])?;
    let count = draws.size(100..=200);
    let (mut bytes, wanted) = commands(draws, count);
    let (name, mut text) = (client.name().to_owned(), format!("{count} commands"));
    let complete = bytes.len();
    if ends_in_command {
        let word = draws.word();
        let last = command(&[b"ECHO", word.as_bytes()]);
        bytes.extend_from_slice(&last[..draws.size(1..=last.len() - 1)]);
        text += " and the start of one more";
    }
    // The same commands without the shutdown.
    store.run.step(format!("{name} sent {text}"));
    client.send(&bytes[..complete]);
    expect_complete(store, &mut client, &wanted, Some("left-for-later"))
        .map_err(|error| error.depends_on("pipeline"))?;

    store.run.step("the server was paused");
    let paused = store.run.server.pause();
    store.run.step(format!("{name} sent {text}, and shut down its sending side"));
    client.send(&bytes);
    client.named.connection.half_close();
    store.run.step("the server was resumed");
    let resumed = store.run.server.resume();
    if let Err(WaitError::Unobservable(unseen)) = paused.and(resumed) {
        return Err(unseen.into());
    }
    let complete = expect_complete(store, &mut client, &wanted, Some("half-close-drops"));
    // A server that has ended may have ended by the pause.
    complete.map_err(|error| match store.run.server.exit() {
        Some(_) => error.depends_on("interrupted"),
        None => error,
    })
}

/// Waits for all replies. `mistake` is the row of a server that closes the connection before these
/// replies (`half-close-drops`), or that is idle before these replies (all other rows).
fn expect_complete(
    store: &mut StoreRun,
    client: &mut RespClient,
    wanted: &[Reply],
    mistake: Option<&'static str>,
) -> Result<(), CheckError> {
    let if_closed = mistake.filter(|row| *row == "half-close-drops");
    let if_idle = mistake.filter(|row| *row != "half-close-drops");
    for (index, due) in wanted.iter().enumerate() {
        let answered = format!("Of {} complete commands, {index} were answered", wanted.len());
        let (row, summary, observed, wait_error) = match store.wait_received(client) {
            Ok(Received::Reply(got)) if got.matches(due) => continue,
            Ok(Received::Reply(got)) => {
                let text = format!("Reply {} is {got}, where {due} belongs.", index + 1);
                (None, text, got.to_string(), None)
            }
            Ok(Received::Malformed(why)) => {
                let text = format!("Reply {} is no RESP reply: it {why}.", index + 1);
                (None, text, client.inbox_text(), None)
            }
            Ok(Received::Closed) => (
                if_closed,
                format!("{answered} before the server closed the connection."),
                format!("{index} replies, then the end of the connection"),
                None,
            ),
            Err(wait_error) => (
                if_idle.filter(|_| matches!(wait_error, WaitError::Idle { .. })),
                format!("{answered}."),
                format!("{index} replies, then {wait_error}"),
                Some(wait_error),
            ),
        };
        let expected = format!("reply {}: {due}", index + 1);
        if index > 0 {
            store.run.step(format!("{} received {index} right replies", client.name()));
        }
        let failure = Failure { id: "replies-lost", mistake: row, summary, expected, observed };
        return Err(store.run.fail_after(wait_error, failure));
    }
    Ok(())
}
