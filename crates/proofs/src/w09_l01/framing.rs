//! Where one command ends and the next begins: the connection does not say.

use super::caller::{Caller, Heard};
use super::resp::{Reply, bulk, command, number, ok, simple};
use super::store::{Store, has_read};
use super::{quoted, rows};
use crate::fall::Fall;
use crate::scene::{Blame, Stage};
use witness::Stuck;

/// A command that arrives a byte at a time is one command.
pub(super) fn split(stage: &Stage<'_>) -> Result<(), Fall> {
    let mut store = Store::open(stage)?;
    let mut client = store.caller()?;
    store
        .dialogue(&mut client, [("SET color red", ok()), ("GET color", bulk("red"))])
        .map_err(|fall| fall.blocks("get-set"))?;
    arrays(&mut store, &mut client).map_err(|fall| fall.row("read-is-command"))?;
    in_pieces(&mut store, &mut client, &[b"PI", b"NG\r", b"\n"], &simple("PONG"))
}

fn arrays(store: &mut Store, client: &mut Caller) -> Result<(), Fall> {
    let set = command(&[b"SET", b"color", b"blue"]);
    let get = command(&[b"GET", b"color"]);
    let cuts = 1..get.len();
    let (numbers, others): (Vec<_>, Vec<_>) = cuts.partition(|cut| ends_in_number(&get[..*cut]));
    for (cuts, row) in [(others, "read-is-command"), (numbers, "half-a-number")] {
        let from = store.scene.steps();
        for cut in cuts {
            in_pieces(store, client, &[&get[..cut], &get[cut..]], &bulk("red"))
                .map_err(|fall| fall.row(row))?;
        }
        store.settle(from);
    }
    let bytes: Vec<_> = set.chunks(1).collect();
    in_pieces(store, client, &bytes, &ok())?;

    // The end of one command and the start of the next come in one read.
    let both = [set, get].concat();
    store.scene.step(format!("{} sent {} in two parts", client.guest.name, quoted(&both)));
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
    store: &mut Store,
    client: &mut Caller,
    pieces: &[&[u8]],
    wanted: &Reply,
) -> Result<(), Fall> {
    let Some((last, first)) = pieces.split_last() else { return Ok(()) };
    let name = &client.guest.name;
    let shown: Vec<_> = pieces.iter().map(|piece| quoted(piece)).collect();
    store.scene.step(format!("{name} sent, piece by piece, {}", shown.join(" ")));
    for piece in first {
        send_part(store, client, piece)?;
    }
    let _ = store.scene.still_runs();
    if !client.has_heard_nothing() {
        return Err(too_soon(store, client, &first.concat()));
    }
    client.send(last);
    due(store, client, wanted)
}

fn send_part(store: &mut Store, client: &mut Caller, part: &[u8]) -> Result<(), Fall> {
    client.send(part);
    store.until_read(client)
}

fn due(store: &mut Store, client: &mut Caller, wanted: &Reply) -> Result<(), Fall> {
    let asked = "The command in pieces";
    let got = store.reply(client, asked, &wanted.to_string())?;
    match got.is(wanted) {
        true => Ok(()),
        false => Err(store.wrong(asked, &wanted.to_string(), &got, None)),
    }
}

fn too_soon(store: &mut Store, client: &Caller, part: &[u8]) -> Fall {
    let heard = client.heard();
    store.scene.refute(Blame {
        id: "answered-too-soon",
        mistake: None,
        summary: format!("A part of a command is no command, and it was answered: {heard}."),
        expected: format!("nothing, after {}", quoted(part)),
        observed: heard,
    })
}

/// 256 KiB in uneven pieces, which the server reads as it likes.
fn long_value(store: &mut Store, client: &mut Caller) -> Result<(), Fall> {
    let value = letters(1 << 18);
    let set = command(&[b"SET", b"long", &value]);
    let name = &client.guest.name;
    store.scene.step(format!("{name} sent SET long of {} bytes in pieces", value.len()));
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
pub(super) fn pipeline(stage: &Stage<'_>) -> Result<(), Fall> {
    let mut store = Store::open(stage)?;
    let mut client = store.caller()?;
    store
        .dialogue(&mut client, [("SET key 1", ok()), ("GET key", bulk("1"))])
        .map_err(|fall| fall.blocks("get-set"))?;
    let (mut bytes, mut wanted) = (Vec::new(), Vec::new());
    for round in 0..COMMANDS / 4 {
        let value = format!("value-{round}");
        bytes.extend(command(&[b"SET", b"key", value.as_bytes()]));
        bytes.extend(command(&[b"INCR", b"count"]));
        bytes.extend(command(&[b"GET", b"key"]));
        bytes.extend(command(&[b"PING"]));
        wanted.extend([ok(), number(round as i64 + 1), bulk(value), simple("PONG")]);
    }
    store.scene.step(format!(
        "{} sent {COMMANDS} commands in one write, {}",
        client.guest.name,
        quoted(&bytes)
    ));
    client.send(&bytes);
    replies(&mut store, &mut client, &wanted)?;
    unread(&mut store, &mut client)
}

/// The replies that are due, in their order, and nothing after them.
fn replies(store: &mut Store, client: &mut Caller, wanted: &[Reply]) -> Result<(), Fall> {
    for (index, due) in wanted.iter().enumerate() {
        let (number, heard) = (index + 1, store.hear(client));
        let (summary, observed, stuck) = match heard {
            Ok(Heard::Reply(got)) if got.is(due) => continue,
            Ok(Heard::Reply(got)) => {
                let text = format!("Reply {number} is {got}, where {due} belongs.");
                (text, got.to_string(), None)
            }
            Ok(Heard::Garbage(why)) => {
                (format!("Reply {number} is none: it {why}."), client.heard(), None)
            }
            Ok(Heard::Closed) => {
                let text = format!("After {index} replies the server closed the connection.");
                (text, format!("{index} replies"), None)
            }
            Err(stuck) => {
                let text = format!("Of {} commands, {index} were answered.", wanted.len());
                (text, format!("{index} replies, then {stuck}"), Some(stuck))
            }
        };
        let rest = stuck.as_ref().and_then(|stuck| rows::of_rest(&store.scene, stuck));
        let mistake = rest.or(match stuck {
            _ if index == 1 => Some("first-only"),
            Some(Stuck::Quiet { .. }) if keeps_commands(store, client) => Some("left-for-later"),
            _ => None,
        });
        let expected = format!("reply {number}: {due}");
        let blame = Blame { id: "out-of-line", mistake, summary, expected, observed };
        return Err(match stuck {
            Some(stuck) => store.scene.fail(stuck, blame),
            None => store.scene.refute(blame),
        });
    }
    store.expect(client, &[b"PING"], simple("PONG"))
}

/// Whether the server has read all commands and answered some of them, each in full.
fn keeps_commands(store: &Store, client: &Caller) -> bool {
    client.inbox().is_empty() && matches!(has_read(&store.scene.server, client), Ok(true))
}

/// More than the kernel's buffers hold (tcp(7), tcp_wmem: 4 MiB) and less than a store may keep.
const LARGE: usize = 1 << 20;
const LARGE_REPLIES: usize = 8;

/// The replies are read only when the server has written what there is room for.
fn unread(store: &mut Store, client: &mut Caller) -> Result<(), Fall> {
    let value = letters(LARGE);
    store.expect(client, &[b"SET", b"large", &value], ok())?;
    let name = &client.guest.name;
    store.scene.step(format!("{name} sent GET large {LARGE_REPLIES} times, and read late"));
    client.send(&command(&[b"GET", b"large"]).repeat(LARGE_REPLIES));
    store.until_read(client)?;
    let _ = store.scene.still_runs();
    replies(store, client, &vec![bulk(value); LARGE_REPLIES])
}
