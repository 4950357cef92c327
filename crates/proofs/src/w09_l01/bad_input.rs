//! The criterion of malformed input, which a correct client does not send.

mod half_commands;
mod inputs;
mod limits;

use super::diagnosis;
use super::draws::Draws;
use super::resp::{Reply, bulk, error, ok, quoted, simple};
use super::resp_client::{Received, RespClient};
use super::store_run::StoreRun;
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::shared::fd_leaks::kept_socket;
use crate::shared::memory::memory;
use inputs::{Answer, BadInput};
use witness::WaitError;

/// The maximum memory that a server may use for clients that send no command, in bytes.
const MAX_MEMORY: u64 = 64 << 20;

/// A wrong command is answered with an error, and the connection stays open. Input that is no
/// command is answered with an error, and the connection is closed. No other client is affected.
pub(super) fn bad_input(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let (mut store, mut draws) = (StoreRun::start(context)?, Draws::new(context, "bad-input"));
    let mut bystander = store.connect()?;
    expect_errors(&mut store, &mut bystander, &mut draws)?;
    half_commands::half_commands(&mut store, &mut draws)?;
    limits::within_limits(&mut store, &mut draws)?;
    let before = memory(&store.run.server)?;

    // Each bad input comes from a client of its own. After each input, the server must still run,
    // serve the client `bystander`, and not have reserved the memory that the input announces.
    let (from, mut clients) = (store.run.step_count(), Vec::new());
    for input in inputs::inputs(&mut draws) {
        let mut client = store.connect()?;
        send(&mut store, &mut client, &input, before)?;
        store.expect_alive(input.row())?;
        store.expect_reply(&mut bystander, &[b"PING"], simple("PONG"))?;
        expect_bounded_memory(&mut store, before)?;
        clients.push(client);
        let text = format!("{} other clients sent bad input, A was served", clients.len());
        store.run.merge_steps(from, text);
    }

    expect_released(&mut store, &clients)?;
    store.expect_reply(&mut bystander, &[b"PING"], simple("PONG"))
}

/// A command that is well-formed but wrong is answered with an error, and the connection stays
/// open.
fn expect_errors(
    store: &mut StoreRun,
    client: &mut RespClient,
    draws: &mut Draws,
) -> Result<(), CheckError> {
    let [name, word, key] = draws.words();
    let mut lines = vec![
        name.clone(),
        format!("{name} {word} {key}"),
        "GET".to_owned(),
        format!("GET {key} {word}"),
        format!("SET {key}"),
        "ECHO".to_owned(),
        format!("MGET{word} {key}"),
        format!("INCR {key} {word}"),
        format!("DBSIZE {word}"),
        format!("EXPIRE {key}"),
        "AUTH".to_owned(),
        format!("AUTH {word}"),
        format!("AUTH {name} {word} {key}"),
    ];
    draws.shuffle(&mut lines);
    for line in lines {
        store.expect_replies(client, [(line, error("ERR"))])?;
        store
            .expect_replies(client, [("PING", simple("PONG"))])
            .map_err(diagnosis::if_closed("error-closes"))?;
    }
    // An empty line and an empty array are no command, and get no reply.
    for bytes in [&b"\r\n"[..], b"*0\r\n"] {
        store.send(client, bytes)?;
        store
            .expect_replies(client, [("PING", simple("PONG"))])
            .map_err(|error| empty_was_answered(error, bytes))?;
    }
    // None of these commands has set the key.
    store.expect_replies(client, [(format!("GET {key}"), Reply::Nil)])?;
    store.expect_replies(client, [(format!("SET {key} {word}"), ok())])?;
    store.expect_replies(client, [(format!("GET {key}"), bulk(&word))])
}

/// The failure of a server that answers an empty line or an empty array. The client can read this
/// answer only with the next command's answer.
fn empty_was_answered(mut error: CheckError, bytes: &[u8]) -> CheckError {
    if let CheckError::Failed(cause) = &mut error
        && cause.id == diagnosis::WRONG_REPLY
    {
        let sent = quoted(bytes);
        cause.summary = format!("{sent} is no command, and was answered {}.", cause.observed);
        cause.expected = format!("no answer to {sent}, and +PONG to the command after it");
    }
    error
}

/// Sends `input`, and checks what the server does. `before` is the server's memory before the first
/// bad input.
fn send(
    store: &mut StoreRun,
    client: &mut RespClient,
    input: &BadInput,
    before: u64,
) -> Result<(), CheckError> {
    store.send(client, &input.bytes)?;
    if input.answer == Answer::Optional {
        return store.wait_read(client);
    }
    if input.answer == Answer::Nothing {
        return expect_nothing(store, client, input, before);
    }
    match store.wait_received(client) {
        Ok(Received::Reply(Reply::Error(_))) => expect_closed(store, client, input),
        // If input arrives after the server has closed the connection, a reset can overtake the
        // error.
        Ok(Received::Closed) if input.answer == Answer::ErrorOrClose => Ok(()),
        // The caller reports a server that has ended.
        Err(WaitError::Ended(_)) => Ok(()),
        Ok(Received::Reply(got)) => Err(not_refused(store, client, input, got.to_string(), None)),
        Ok(Received::Malformed(_)) => {
            let observed = client.inbox_text();
            Err(not_refused(store, client, input, observed, None))
        }
        Ok(Received::Closed) => {
            store.expect_alive(input.row())?;
            let observed = "an end of file, and no error before it".to_owned();
            Err(not_refused(store, client, input, observed, None))
        }
        Err(wait_error) => {
            let observed = wait_error.to_string();
            Err(not_refused(store, client, input, observed, Some(wait_error)))
        }
    }
}

/// The start of a command gets no answer: the server waits for the rest.
fn expect_nothing(
    store: &mut StoreRun,
    client: &mut RespClient,
    input: &BadInput,
    before: u64,
) -> Result<(), CheckError> {
    let (observed, wait_error) = match store.wait_received(client) {
        // The caller reports a server that has ended.
        Err(WaitError::Idle { .. } | WaitError::Ended(_)) => return Ok(()),
        Ok(Received::Reply(reply)) => (reply.to_string(), None),
        Ok(Received::Malformed(_)) => (client.inbox_text(), None),
        Ok(Received::Closed) => {
            store.expect_alive(input.row())?;
            ("an end of file".to_owned(), None)
        }
        Err(wait_error) => {
            // A server that fills the announced memory may be busy for a long time.
            expect_bounded_memory(store, before)?;
            (wait_error.to_string(), Some(wait_error))
        }
    };
    let what = match &wait_error {
        Some(WaitError::Spinning(sample)) => {
            format!("does not sleep until the rest comes: it {}", sample.activity())
        }
        _ => "did not wait for the rest".to_owned(),
    };
    let failure = Failure {
        id: "not-awaited",
        mistake: None,
        summary: format!(
            "{} sent {}, the start of a command, and the server {what}.",
            client.name(),
            quoted(&input.bytes)
        ),
        expected: "no answer until the rest has arrived".to_owned(),
        observed,
    };
    Err(store.run.fail_after(wait_error, failure))
}

fn not_refused(
    store: &mut StoreRun,
    client: &RespClient,
    input: &BadInput,
    observed: String,
    wait_error: Option<WaitError>,
) -> CheckError {
    let failure = Failure {
        id: "not-refused",
        mistake: input.mistake.filter(|_| client.named.connection.ended().is_none()),
        summary: format!(
            "{} sent {}, which is no command, and got no error.",
            client.name(),
            quoted(&input.bytes)
        ),
        expected: "an error, and then the end of the connection".to_owned(),
        observed,
    };
    store.run.fail_after(wait_error, failure)
}

/// After the error, the server must close the connection: it cannot know where the next command
/// begins.
fn expect_closed(
    store: &mut StoreRun,
    client: &mut RespClient,
    input: &BadInput,
) -> Result<(), CheckError> {
    let (observed, wait_error) = match store.wait_received(client) {
        Ok(Received::Closed) | Err(WaitError::Ended(_)) => return Ok(()),
        Ok(Received::Reply(reply)) => (format!("another reply: {reply}"), None),
        Ok(Received::Malformed(_)) => (client.inbox_text(), None),
        Err(wait_error) => (wait_error.to_string(), Some(wait_error)),
    };
    let failure = Failure {
        id: "not-closed",
        mistake: Some("goes-on-after-error"),
        summary: format!(
            "{} sent {}, which is no command, got an error, and was not disconnected.",
            client.name(),
            quoted(&input.bytes)
        ),
        expected: "the end of the connection after the error".to_owned(),
        observed,
    };
    Err(store.run.fail_after(wait_error, failure))
}

fn expect_bounded_memory(store: &mut StoreRun, before: u64) -> Result<(), CheckError> {
    let grown = memory(&store.run.server)?.saturating_sub(before);
    if grown < MAX_MEMORY {
        return Ok(());
    }
    Err(store.run.fail_now(Failure {
        id: "memory-claimed",
        mistake: None,
        summary: "Clients that sent no command fill the server's memory.".to_owned(),
        expected: format!("less than {} MiB more than before", MAX_MEMORY >> 20),
        observed: format!("{} MiB more", grown >> 20),
    }))
}

/// The clients leave. The server must close their descriptors.
fn expect_released(store: &mut StoreRun, clients: &[RespClient]) -> Result<(), CheckError> {
    store.run.step("the clients that sent bad input reset their connections");
    for client in clients {
        client.named.connection.reset();
    }
    for client in clients {
        let Err(wait_error) = store.run.wait_released(&client.named) else { continue };
        let mistake = diagnosis::of_wait(&store.run, &wait_error).or(Some("forgot-close"));
        let failure = kept_socket(&client.named, mistake, wait_error.to_string());
        return Err(store.run.fail(wait_error, failure));
    }
    Ok(())
}
