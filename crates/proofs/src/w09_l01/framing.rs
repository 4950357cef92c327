//! Where one command ends and the next begins: the connection does not say.

use super::resp::{Reply, bulk, command, number, ok, simple};
use super::resp_client::{Received, RespClient};
use super::store_run::{StoreRun, has_read};
use super::{diagnosis, quoted};
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use witness::Stuck;

/// A command that arrives a byte at a time is one command.
pub(super) fn split(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut store = StoreRun::open(context)?;
    let mut client = store.client()?;
    store
        .dialogue(&mut client, [("SET color red", ok()), ("GET color", bulk("red"))])
        .map_err(|error| error.depends_on("get-set"))?;
    arrays(&mut store, &mut client).map_err(|error| error.with_mistake("read-is-command"))?;
    in_pieces(&mut store, &mut client, &[b"PI", b"NG\r", b"\n"], &simple("PONG"))
}

fn arrays(store: &mut StoreRun, client: &mut RespClient) -> Result<(), CheckError> {
    let set = command(&[b"SET", b"color", b"blue"]);
    let get = command(&[b"GET", b"color"]);
    let cuts = 1..get.len();
    let (numbers, others): (Vec<_>, Vec<_>) = cuts.partition(|cut| ends_in_number(&get[..*cut]));
    for (cuts, mistake) in [(others, "read-is-command"), (numbers, "half-a-number")] {
        let from = store.run.step_count();
        for cut in cuts {
            in_pieces(store, client, &[&get[..cut], &get[cut..]], &bulk("red"))
                .map_err(|error| error.with_mistake(mistake))?;
        }
        store.settle(from);
    }
    let bytes: Vec<_> = set.chunks(1).collect();
    in_pieces(store, client, &bytes, &ok())?;

    // The end of one command and the start of the next come in one read.
    let both = [set, get].concat();
    store.run.step(format!("{} sent {} in two parts", client.named.name, quoted(&both)));
    let (one, two) = both.split_at(both.len() - 4);
    send_part(store, client, one)?;
    client.send(two);
    for wanted in [ok(), bulk("blue")] {
        due(store, client, &wanted)?;
    }
    long_value(store, client)
}

/// Whether `part` is cut within the line of a count or a length.
fn ends_in_number(part: &[u8]) -> bool {
    let line = part.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    line.starts_with(b"*") || line.starts_with(b"$")
}

/// Sends one command in pieces, each read before the next is sent: it is answered once, at its end.
fn in_pieces(
    store: &mut StoreRun,
    client: &mut RespClient,
    pieces: &[&[u8]],
    wanted: &Reply,
) -> Result<(), CheckError> {
    let Some((last, first)) = pieces.split_last() else { return Ok(()) };
    let name = &client.named.name;
    let shown: Vec<_> = pieces.iter().map(|piece| quoted(piece)).collect();
    store.run.step(format!("{name} sent, piece by piece, {}", shown.join(" ")));
    for piece in first {
        send_part(store, client, piece)?;
    }
    let _ = store.run.check_alive();
    if !client.has_heard_nothing() {
        return Err(too_soon(store, client, &first.concat()));
    }
    client.send(last);
    due(store, client, wanted)
}

fn send_part(store: &mut StoreRun, client: &mut RespClient, part: &[u8]) -> Result<(), CheckError> {
    client.send(part);
    store.until_read(client)
}

fn due(store: &mut StoreRun, client: &mut RespClient, wanted: &Reply) -> Result<(), CheckError> {
    let asked = "The command in pieces";
    let got = store.reply(client, asked, &wanted.to_string())?;
    match got.is(wanted) {
        true => Ok(()),
        false => Err(store.wrong(asked, &wanted.to_string(), &got, None)),
    }
}

fn too_soon(store: &mut StoreRun, client: &RespClient, part: &[u8]) -> CheckError {
    let heard = client.heard();
    store.run.fail_now(Failure {
        id: "answered-too-soon",
        mistake: None,
        summary: format!("A part of a command is no command, and it was answered: {heard}."),
        expected: format!("nothing, after {}", quoted(part)),
        observed: heard,
    })
}

/// 256 KiB in uneven pieces, which the server reads as it likes.
fn long_value(store: &mut StoreRun, client: &mut RespClient) -> Result<(), CheckError> {
    let value = letters(1 << 18);
    let set = command(&[b"SET", b"long", &value]);
    let name = &client.named.name;
    store.run.step(format!("{name} sent SET long of {} bytes in pieces", value.len()));
    for (index, piece) in set.chunks(30_011).enumerate() {
        client.send(piece);
        if index % 2 == 0 {
            store.until_read(client)?;
        }
    }
    due(store, client, &ok())?;
    store.expect(client, &[b"GET", b"long"], bulk(&value))
}

fn letters(count: usize) -> Vec<u8> {
    (b'a'..=b'w').cycle().take(count).collect()
}

const COMMANDS: usize = 1000;

/// 1,000 commands in one write: 1,000 replies in order.
pub(super) fn pipeline(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut store = StoreRun::open(context)?;
    let mut client = store.client()?;
    store
        .dialogue(&mut client, [("SET key 1", ok()), ("GET key", bulk("1"))])
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
        client.named.name,
        quoted(&bytes)
    ));
    client.send(&bytes);
    replies(&mut store, &mut client, &wanted)?;
    unread(&mut store, &mut client)
}

/// The replies that are due, in their order, and nothing after them.
fn replies(
    store: &mut StoreRun,
    client: &mut RespClient,
    wanted: &[Reply],
) -> Result<(), CheckError> {
    for (index, due) in wanted.iter().enumerate() {
        let (number, heard) = (index + 1, store.hear(client));
        let (summary, observed, wait_error) = match heard {
            Ok(Received::Reply(got)) if got.is(due) => continue,
            Ok(Received::Reply(got)) => {
                let text = format!("Reply {number} is {got}, where {due} belongs.");
                (text, got.to_string(), None)
            }
            Ok(Received::Garbage(why)) => {
                (format!("Reply {number} is none: it {why}."), client.heard(), None)
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
        let rest =
            wait_error.as_ref().and_then(|wait_error| diagnosis::of_rest(&store.run, wait_error));
        let mistake = rest.or(match wait_error {
            _ if index == 1 => Some("first-only"),
            Some(Stuck::Quiet { .. }) if keeps_commands(store, client) => Some("left-for-later"),
            _ => None,
        });
        let expected = format!("reply {number}: {due}");
        let failure = Failure { id: "out-of-line", mistake, summary, expected, observed };
        return Err(match wait_error {
            Some(wait_error) => store.run.fail(wait_error, failure),
            None => store.run.fail_now(failure),
        });
    }
    store.expect(client, &[b"PING"], simple("PONG"))
}

/// Whether the server has read all commands and answered some of them, each in full.
fn keeps_commands(store: &StoreRun, client: &RespClient) -> bool {
    client.inbox().is_empty() && matches!(has_read(&store.run.server, client), Ok(true))
}

/// More than the kernel's buffers hold (tcp(7), tcp_wmem: 4 MiB) and less than a store may keep.
const LARGE: usize = 1 << 20;
const LARGE_REPLIES: usize = 8;

/// The replies are read only when the server has written what there is room for.
fn unread(store: &mut StoreRun, client: &mut RespClient) -> Result<(), CheckError> {
    let value = letters(LARGE);
    store.expect(client, &[b"SET", b"large", &value], ok())?;
    let name = &client.named.name;
    store.run.step(format!("{name} sent GET large {LARGE_REPLIES} times, and read late"));
    client.send(&command(&[b"GET", b"large"]).repeat(LARGE_REPLIES));
    store.until_read(client)?;
    let _ = store.run.check_alive();
    replies(store, client, &vec![bulk(value); LARGE_REPLIES])
}
