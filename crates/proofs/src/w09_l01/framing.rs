//! The criteria of commands that arrive in parts or together. TCP keeps no boundaries between
//! commands.

use super::diagnosis;
use super::resp::{Reply, bulk, command, number, ok, quoted, simple};
use super::resp_client::{Received, RespClient};
use super::store_run::{StoreRun, has_read};
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use witness::WaitError;

/// A command that arrives one byte at a time is answered as one command.
pub(super) fn split(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut store = StoreRun::start(context)?;
    let mut client = store.connect()?;
    store
        .expect_replies(&mut client, [("SET color red", ok()), ("GET color", bulk("red"))])
        .map_err(|error| error.depends_on("get-set"))?;
    split_arrays(&mut store, &mut client).map_err(|error| error.with_mistake("read-is-command"))?;
    expect_split(&mut store, &mut client, &[b"PI", b"NG\r", b"\n"], &simple("PONG"))
}

fn split_arrays(store: &mut StoreRun, client: &mut RespClient) -> Result<(), CheckError> {
    let set = command(&[b"SET", b"color", b"blue"]);
    let get = command(&[b"GET", b"color"]);

    // Send GET in two parts, split at every byte. A server that fails only if the split is within a
    // number makes another mistake than a server that fails at every split.
    let cuts = 1..get.len();
    let (numbers, others): (Vec<_>, Vec<_>) = cuts.partition(|cut| ends_in_number(&get[..*cut]));
    for (cuts, mistake) in [(others, "read-is-command"), (numbers, "half-a-number")] {
        let from = store.run.step_count();
        for cut in cuts {
            expect_split(store, client, &[&get[..cut], &get[cut..]], &bulk("red"))
                .map_err(|error| error.with_mistake(mistake))?;
        }
        store.merge_steps(from);
    }

    // Send SET one byte at a time.
    let bytes: Vec<_> = set.chunks(1).collect();
    expect_split(store, client, &bytes, &ok())?;

    // Send two commands in two parts. The first part also has the start of the second command.
    let both = [set, get].concat();
    store.run.step(format!("{} sent {} in two parts", client.name(), quoted(&both)));
    let (one, two) = both.split_at(both.len() - 4);
    send_part(store, client, one)?;
    client.send(two);
    for wanted in [ok(), bulk("blue")] {
        expect_due(store, client, &wanted)?;
    }
    split_long_value(store, client)
}

/// Whether `part` ends within the line of a count or a length.
fn ends_in_number(part: &[u8]) -> bool {
    let line = part.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    line.starts_with(b"*") || line.starts_with(b"$")
}

/// Sends one command in parts. The server must read each part before the next part is sent. The
/// server must answer once, after the last part.
fn expect_split(
    store: &mut StoreRun,
    client: &mut RespClient,
    parts: &[&[u8]],
    wanted: &Reply,
) -> Result<(), CheckError> {
    let Some((last, first)) = parts.split_last() else { return Ok(()) };
    let name = client.name();
    let shown: Vec<_> = parts.iter().map(|part| quoted(part)).collect();
    store.run.step(format!("{name} sent, part by part, {}", shown.join(" ")));
    for part in first {
        send_part(store, client, part)?;
    }
    // Wait until the server is idle. Then the server has sent all of its answers.
    let _ = store.run.check_alive();
    if !client.has_received_nothing() {
        return Err(answered_too_soon(store, client, &first.concat()));
    }
    client.send(last);
    expect_due(store, client, wanted)
}

fn send_part(store: &mut StoreRun, client: &mut RespClient, part: &[u8]) -> Result<(), CheckError> {
    client.send(part);
    store.wait_read(client)
}

fn expect_due(
    store: &mut StoreRun,
    client: &mut RespClient,
    wanted: &Reply,
) -> Result<(), CheckError> {
    store.expect_next_reply(client, "The command in parts", wanted)
}

fn answered_too_soon(store: &mut StoreRun, client: &RespClient, part: &[u8]) -> CheckError {
    let answer = client.inbox_text();
    store.run.fail_now(Failure {
        id: "answered-too-soon",
        mistake: None,
        summary: format!("The server answered a part of a command with {answer}."),
        expected: format!("nothing, after {}", quoted(part)),
        observed: answer,
    })
}

/// Sends a value of 256 KiB in parts of 30,011 bytes. After every second part, the check waits
/// until the server has read the part.
fn split_long_value(store: &mut StoreRun, client: &mut RespClient) -> Result<(), CheckError> {
    let value = letters(1 << 18);
    let set = command(&[b"SET", b"long", &value]);
    let name = client.name();
    store.run.step(format!("{name} sent SET long of {} bytes in parts", value.len()));
    for (index, part) in set.chunks(30_011).enumerate() {
        client.send(part);
        if index % 2 == 0 {
            store.wait_read(client)?;
        }
    }
    expect_due(store, client, &ok())?;
    store.expect_reply(client, &[b"GET", b"long"], bulk(&value))
}

fn letters(count: usize) -> Vec<u8> {
    (b'a'..=b'w').cycle().take(count).collect()
}

/// The number of commands that the client sends in one write.
const COMMANDS: usize = 1000;

/// 1,000 commands that are sent in one write get 1,000 replies in the same order.
pub(super) fn pipeline(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut store = StoreRun::start(context)?;
    let mut client = store.connect()?;
    store
        .expect_replies(&mut client, [("SET key 1", ok()), ("GET key", bulk("1"))])
        .map_err(|error| error.depends_on("get-set"))?;
    let (mut bytes, mut wanted) = (Vec::new(), Vec::new());
    for round in 0..COMMANDS / 4 {
        let value = format!("value-{round}");
        bytes.extend(command(&[b"SET", b"key", value.as_bytes()]));
        bytes.extend(command(&[b"INCR", b"count"]));
        bytes.extend(command(&[b"GET", b"key"]));
        bytes.extend(command(&[b"PING"]));
        wanted.extend([ok(), number(round as i64 + 1), bulk(value), simple("PONG")]);
    }
    store.run.step(format!(
        "{} sent {COMMANDS} commands in one write, {}",
        client.name(),
        quoted(&bytes)
    ));
    client.send(&bytes);
    expect_all(&mut store, &mut client, &wanted)?;
    read_late(&mut store, &mut client)
}

/// Waits for these replies in their order. After the last reply, the server must send nothing more.
fn expect_all(
    store: &mut StoreRun,
    client: &mut RespClient,
    wanted: &[Reply],
) -> Result<(), CheckError> {
    for (index, due) in wanted.iter().enumerate() {
        let (number, received) = (index + 1, store.wait_received(client));
        let (summary, observed, wait_error) = match received {
            Ok(Received::Reply(got)) if got.matches(due) => continue,
            Ok(Received::Reply(got)) => {
                let text = format!("Reply {number} is {got}, where {due} belongs.");
                (text, got.to_string(), None)
            }
            Ok(Received::Malformed(why)) => {
                (format!("Reply {number} is no RESP reply: it {why}."), client.inbox_text(), None)
            }
            Ok(Received::Closed) => {
                let text = format!("After {index} replies the server closed the connection.");
                (text, format!("{index} replies"), None)
            }
            Err(wait_error) => {
                let text = format!("Of {} commands, {index} were answered.", wanted.len());
                (text, format!("{index} replies, then {wait_error}"), Some(wait_error))
            }
        };
        let mistake = wait_error.as_ref().and_then(|error| diagnosis::of_wait(&store.run, error));
        let mistake = mistake.or(match wait_error {
            _ if index == 1 => Some("first-only"),
            Some(WaitError::Idle { .. }) if keeps_commands(store, client) => Some("left-for-later"),
            _ => None,
        });
        let expected = format!("reply {number}: {due}");
        let failure = Failure { id: "out-of-line", mistake, summary, expected, observed };
        return Err(store.run.fail_after(wait_error, failure));
    }
    store.expect_reply(client, &[b"PING"], simple("PONG"))
}

/// Whether the server has read all commands but answered only some of them, with complete replies.
fn keeps_commands(store: &StoreRun, client: &RespClient) -> bool {
    client.inbox().is_empty() && matches!(has_read(&store.run.server, client), Ok(true))
}

/// The size of one reply. All replies together are larger than the kernel's buffers (tcp(7),
/// tcp_wmem: 4 MiB), and smaller than the memory that a store may use.
const LARGE: usize = 1 << 20;
const LARGE_REPLIES: usize = 8;

/// The client reads the replies late: only after the server has filled the kernel's buffers.
fn read_late(store: &mut StoreRun, client: &mut RespClient) -> Result<(), CheckError> {
    let value = letters(LARGE);
    store.expect_reply(client, &[b"SET", b"large", &value], ok())?;
    let name = client.name();
    store.run.step(format!("{name} sent GET large {LARGE_REPLIES} times, and read late"));
    client.send(&command(&[b"GET", b"large"]).repeat(LARGE_REPLIES));
    store.wait_read(client)?;
    let _ = store.run.check_alive();
    expect_all(store, client, &vec![bulk(value); LARGE_REPLIES])
}
