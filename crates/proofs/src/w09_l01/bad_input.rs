//! What no client should send, and some do.

use super::resp::{Reply, error, simple};
use super::resp_client::{Received, RespClient};
use super::store_run::StoreRun;
use super::{diagnosis, memory};
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use witness::Stuck;

/// Memory that a server may fill for clients that send nothing of use.
const BOUND: u64 = 64 << 20;

/// Malformed, oversized and endless input gets a Redis error or a close, and costs nobody else
/// anything.
pub(super) fn bad_input(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut store = StoreRun::open(context)?;
    let mut bystander = store.client()?;
    wrong_commands(&mut store, &mut bystander)?;
    let before = memory(&store.run.server)?;
    let (from, mut callers) = (store.run.step_count(), Vec::new());
    for junk in junk() {
        let mut client = store.client()?;
        send(&mut store, &mut client, &junk)?;
        store.survives(junk.mistake.unwrap_or("error-ends-server"))?;
        store.expect(&mut bystander, &[b"PING"], simple("PONG"))?;
        bounded(&mut store, before)?;
        callers.push(client);
        let text = format!("{} other clients sent bad input, A was served", callers.len());
        store.run.merge_steps(from, text);
    }
    wait_released(&mut store, &callers)?;
    store.expect(&mut bystander, &[b"PING"], simple("PONG"))
}

/// What is well-formed and still wrong costs an error, and the connection goes on.
fn wrong_commands(store: &mut StoreRun, client: &mut RespClient) -> Result<(), CheckError> {
    store.dialogue(
        client,
        [
            ("NO-SUCH-COMMAND", error("ERR")),
            ("NO-SUCH-COMMAND with arguments", error("ERR")),
            ("GET", error("ERR")),
            ("GET too many", error("ERR")),
            ("SET alone", error("ERR")),
            ("ECHO", error("ERR")),
            ("PING", simple("PONG")),
        ],
    )
}

/// Bytes that are no command.
struct BadInput {
    bytes: Vec<u8>,
    answer: Answer,
    /// What explains a server that does not refuse it, or does not survive it.
    mistake: Option<&'static str>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    /// An error, or the end of the connection.
    Refusal,
    /// The same, or none: more of it could still make sense, or it says nothing at all.
    Optional,
}

fn junk() -> Vec<BadInput> {
    let junk = |answer, mistake, bytes: &[u8]| BadInput { bytes: bytes.to_vec(), answer, mistake };
    let wrong = |bytes| junk(Answer::Refusal, None, bytes);
    let negative = |bytes| junk(Answer::Refusal, Some("negative-length"), bytes);
    let endless = |bytes| junk(Answer::Refusal, Some("endless-line"), bytes);
    let odd = |bytes| junk(Answer::Optional, None, bytes);
    vec![
        wrong(b"*one\r\n$4\r\nPING\r\n"),
        wrong(b"*1\r\n$four\r\nPING\r\n"),
        wrong(b"*1\r\n:4\r\nPING\r\n"),
        wrong(b"*1\r\n*1\r\n$4\r\nPING\r\n"),
        wrong(b"*1\r\n$99999999999999999999\r\nPING\r\n"),
        wrong(b"*1\r\n$9223372036854775807\r\nPING\r\n"),
        wrong(b"*1\r\n$1099511627776\r\nPING\r\n"),
        wrong(b"*99999999999999999999\r\n$4\r\nPING\r\n"),
        wrong(b"*9223372036854775807\r\n$4\r\nPING\r\n"),
        wrong(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        negative(b"*1\r\n$-5\r\nPING\r\n"),
        negative(b"*1\r\n$-1\r\nPING\r\n"),
        endless(&[b'x'; 4 << 20]),
        endless(&[&b"*1\r\n$"[..], &[b'1'; 4 << 20]].concat()),
        odd(b"*3\r\n$3\r\nSET\r\n$5\r\nco"),
        odd(b"*-1\r\n*0\r\n"),
        odd(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n"),
        odd(b"\0\0\r\n\0\r\n"),
        odd(b"*2147483647\r\n$4\r\nPING\r\n"),
        odd(&[&b"*1048576\r\n"[..], &b"$1\r\na\r\n".repeat(1000)].concat()),
        odd(&b"*1\r\n".repeat(100_000)),
        odd(&b"\r\n".repeat(1_000_000)),
        odd(&claim("GET")),
        odd(&claim("SET")),
        odd(&claim("ECHO")),
        odd(&claim("NO-SUCH-COMMAND")),
    ]
}

/// A string of 512 MB is announced, and little of it comes.
fn claim(name: &str) -> Vec<u8> {
    let head = format!("*2\r\n${}\r\n{name}\r\n$536870912\r\n", name.len());
    [head.into_bytes(), vec![b'x'; 1000]].concat()
}

fn send(store: &mut StoreRun, client: &mut RespClient, junk: &BadInput) -> Result<(), CheckError> {
    store.say(client, &junk.bytes)?;
    if junk.answer == Answer::Optional {
        return store.until_read(client);
    }
    let (observed, wait_error) = match store.hear(client) {
        Ok(Received::Reply(Reply::Error(_)) | Received::Closed) => return Ok(()),
        Ok(Received::Reply(got)) => (got.to_string(), None),
        Ok(Received::Garbage(_)) => (client.heard(), None),
        Err(Stuck::Ended(_)) => return Ok(()), // which is told next
        Err(wait_error) => (wait_error.to_string(), Some(wait_error)),
    };
    let failure = Failure {
        id: "not-refused",
        mistake: junk.mistake,
        summary: format!("{} sent what is no command, and was not refused.", client.named.name),
        expected: "an error, or the end of the connection".to_owned(),
        observed,
    };
    Err(match wait_error {
        Some(wait_error) => store.run.fail(wait_error, failure),
        None => store.run.fail_now(failure),
    })
}

/// What was announced has not been made room for.
fn bounded(store: &mut StoreRun, before: u64) -> Result<(), CheckError> {
    let grown = memory(&store.run.server)?.saturating_sub(before);
    if grown < BOUND {
        return Ok(());
    }
    Err(store.run.fail_now(Failure {
        id: "memory-claimed",
        mistake: None,
        summary: "Clients that sent nothing of use fill the server's memory.".to_owned(),
        expected: format!("less than {} MiB more than before", BOUND >> 20),
        observed: format!("{} MiB more", grown >> 20),
    }))
}

/// They leave, and their descriptors go with them.
fn wait_released(store: &mut StoreRun, callers: &[RespClient]) -> Result<(), CheckError> {
    store.run.step("those who sent bad input reset their connections");
    for client in callers {
        client.named.connection.reset();
    }
    for client in callers {
        let Err(wait_error) = store.run.wait_released(&client.named) else { continue };
        let name = &client.named.name;
        let failure = Failure {
            id: "fd-leak",
            mistake: diagnosis::of_rest(&store.run, &wait_error).or(Some("forgot-close")),
            summary: format!("{name} left, and the server never closed its socket."),
            expected: format!("{name}'s descriptor is closed"),
            observed: wait_error.to_string(),
        };
        return Err(store.run.fail(wait_error, failure));
    }
    Ok(())
}
