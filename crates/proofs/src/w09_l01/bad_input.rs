//! The criterion of malformed input, which a correct client does not send.

use super::diagnosis;
use super::resp::{Reply, error, simple};
use super::resp_client::{Received, RespClient};
use super::store_run::{StoreRun, memory};
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::shared::fd_leaks::kept_socket;
use witness::WaitError;

/// The maximum memory that a server may use for clients that send no command, in bytes.
const MAX_MEMORY: u64 = 64 << 20;

/// Malformed, oversized and endless input is answered with a Redis error or a close, and disturbs
/// no other client.
pub(super) fn bad_input(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut store = StoreRun::start(context)?;
    let mut bystander = store.connect()?;
    expect_errors(&mut store, &mut bystander)?;
    let before = memory(&store.run.server)?;

    // Each bad input comes from a client of its own. After each input, the server must still run,
    // serve the client `bystander`, and not have reserved the memory that the input announces.
    let (from, mut clients) = (store.run.step_count(), Vec::new());
    for input in inputs() {
        let mut client = store.connect()?;
        send(&mut store, &mut client, &input)?;
        store.expect_alive(input.mistake.unwrap_or("error-ends-server"))?;
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
fn expect_errors(store: &mut StoreRun, client: &mut RespClient) -> Result<(), CheckError> {
    store.expect_replies(
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

/// Bytes that are not a valid command.
struct BadInput {
    bytes: Vec<u8>,
    answer: Answer,
    /// The Common Mistakes row of a server that does not reject the input, or that ends because of
    /// the input.
    mistake: Option<&'static str>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    /// An error, or the end of the connection.
    Refusal,
    /// An error, the end of the connection, or no answer. The input is the start of a command, or
    /// is empty.
    Optional,
}

fn inputs() -> Vec<BadInput> {
    let input = |answer, mistake, bytes: &[u8]| BadInput { bytes: bytes.to_vec(), answer, mistake };
    let wrong = |bytes| input(Answer::Refusal, None, bytes);
    let negative = |bytes| input(Answer::Refusal, Some("negative-length"), bytes);
    let endless = |bytes| input(Answer::Refusal, Some("endless-line"), bytes);
    let odd = |bytes| input(Answer::Optional, None, bytes);
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
        odd(&long_announcement("GET")),
        odd(&long_announcement("SET")),
        odd(&long_announcement("ECHO")),
        odd(&long_announcement("NO-SUCH-COMMAND")),
    ]
}

/// A command that announces a string of 512 MB, and has only 1000 bytes of the string.
fn long_announcement(name: &str) -> Vec<u8> {
    let head = format!("*2\r\n${}\r\n{name}\r\n$536870912\r\n", name.len());
    [head.into_bytes(), vec![b'x'; 1000]].concat()
}

fn send(store: &mut StoreRun, client: &mut RespClient, input: &BadInput) -> Result<(), CheckError> {
    store.send(client, &input.bytes)?;
    if input.answer == Answer::Optional {
        return store.wait_read(client);
    }
    let (observed, wait_error) = match store.wait_received(client) {
        Ok(Received::Reply(Reply::Error(_)) | Received::Closed) => return Ok(()),
        Ok(Received::Reply(got)) => (got.to_string(), None),
        Ok(Received::Malformed(_)) => (client.inbox_text(), None),
        // The caller reports a server that has ended.
        Err(WaitError::Ended(_)) => return Ok(()),
        Err(wait_error) => (wait_error.to_string(), Some(wait_error)),
    };
    let failure = Failure {
        id: "not-refused",
        mistake: input.mistake,
        summary: format!("{} sent bytes that are no command, and was not refused.", client.name()),
        expected: "an error, or the end of the connection".to_owned(),
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
