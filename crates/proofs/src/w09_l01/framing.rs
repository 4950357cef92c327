//! The criteria of commands that arrive in parts or together. TCP keeps no boundaries between
//! commands.

use super::diagnosis;
use super::draws::Draws;
use super::resp::{Reply, bulk, command, quoted, simple};
use super::resp_client::{Received, RespClient};
use super::store_run::{StoreRun, has_read};
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use witness::WaitError;

/// A command that arrives one byte at a time is answered as one command.
pub(super) fn split(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let (mut store, mut draws) = (StoreRun::start(context)?, Draws::new(context, "split"));
    let mut client = store.connect()?;
    let word = draws.word();
    store
        .expect_replies(&mut client, [(format!("ECHO {word}"), bulk(&word))])
        .map_err(|error| error.depends_on("ping"))?;
    split_at_each_byte(&mut store, &mut client, &mut draws)?;
    split_arrays(&mut store, &mut client, &mut draws)
        .map_err(|error| error.with_mistake("read-is-command"))?;
    expect_split(&mut store, &mut client, &[b"PI", b"NG\r", b"\n"], &simple("PONG"))
}

/// Sends a command in two parts, split at every byte. A server that fails only if the split is
/// within a number, or at the line break after a string, makes another mistake than a server that
/// fails at every split.
fn split_at_each_byte(
    store: &mut StoreRun,
    client: &mut RespClient,
    draws: &mut Draws,
) -> Result<(), CheckError> {
    let word = draws.word();
    let echo = command(&[b"ECHO", word.as_bytes()]);
    let (numbers, cuts): (Vec<_>, Vec<_>) =
        (1..echo.len()).partition(|cut| ends_in_number(&echo[..*cut]));
    let (line_breaks, mut others): (Vec<_>, Vec<_>) =
        cuts.into_iter().partition(|cut| matches!(echo[*cut], b'\r' | b'\n'));
    draws.shuffle(&mut others);
    let groups =
        [(others, Some("read-is-command")), (numbers, Some("half-a-number")), (line_breaks, None)];
    for (cuts, mistake) in groups {
        let from = store.run.step_count();
        for cut in cuts {
            let result = expect_split(store, client, &[&echo[..cut], &echo[cut..]], &bulk(&word));
            result.map_err(|error| match mistake {
                Some(mistake) => error.with_mistake(mistake),
                None => error,
            })?;
        }
        store.merge_steps(from);
    }
    Ok(())
}

fn split_arrays(
    store: &mut StoreRun,
    client: &mut RespClient,
    draws: &mut Draws,
) -> Result<(), CheckError> {
    let [one, two] = draws.words();
    let (first, second) =
        (command(&[b"ECHO", one.as_bytes()]), command(&[b"ECHO", two.as_bytes()]));

    // Send a command one byte at a time.
    let bytes: Vec<_> = second.chunks(1).collect();
    expect_split(store, client, &bytes, &bulk(&two))?;

    // Send two commands in two parts. The first part also has the start of the second command.
    let both = [first, second].concat();
    store.run.step(format!("{} sent {} in two parts", client.name(), quoted(&both)));
    let (start, rest) = both.split_at(both.len() - draws.size(2..=7));
    send_part(store, client, start)?;
    client.send(rest);
    for wanted in [bulk(one), bulk(two)] {
        expect_due(store, client, &wanted)?;
    }
    split_long_word(store, client, draws)
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
    // An answer that arrives later is not the wanted reply.
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

/// Sends a word of about 256 KiB in parts of about 30 KB. After every second part, the check waits
/// until the server has read the part.
fn split_long_word(
    store: &mut StoreRun,
    client: &mut RespClient,
    draws: &mut Draws,
) -> Result<(), CheckError> {
    let (length, part) = (draws.size(250_000..=270_000), draws.size(25_000..=35_000));
    let word = draws.letters(length);
    let echo = command(&[b"ECHO", word.as_bytes()]);
    let name = client.name();
    store.run.step(format!("{name} sent ECHO with {length} bytes in parts of {part} bytes"));
    for (index, part) in echo.chunks(part).enumerate() {
        client.send(part);
        if index % 2 == 0 {
            store.wait_read(client)?;
        }
    }
    expect_due(store, client, &bulk(word))
}

/// The number of commands that the client sends in one write.
const COMMANDS: usize = 1000;

/// 1,000 commands that are sent in one write get 1,000 replies in the same order.
pub(super) fn pipeline(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let (mut store, mut draws) = (StoreRun::start(context)?, Draws::new(context, "pipeline"));
    let mut client = store.connect()?;
    let word = draws.word();
    store
        .expect_replies(&mut client, [(format!("ECHO {word}"), bulk(&word))])
        .map_err(|error| error.depends_on("ping"))?;
    let (bytes, wanted) = commands(&mut draws, COMMANDS);
    let name = client.name();
    store.run.step(format!("{name} sent {COMMANDS} commands in one write, {}", quoted(&bytes)));
    client.send(&bytes);
    expect_all(&mut store, &mut client, &wanted)?;
    write_before_reading(&mut store, &mut client, &mut draws)
}

/// Draws `count` commands with short replies. Returns the commands' bytes, and their replies.
pub(super) fn commands(draws: &mut Draws, count: usize) -> (Vec<u8>, Vec<Reply>) {
    let (mut bytes, mut wanted) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let word = draws.word();
        let word = word.as_bytes();
        let (words, reply): (&[&[u8]], _) = match draws.number(0..=3) {
            0 => (&[b"PING"], simple("PONG")),
            1 => (&[b"PING", word], bulk(word)),
            _ => (&[b"ECHO", word], bulk(word)),
        };
        bytes.extend(command(words));
        wanted.push(reply);
    }
    (bytes, wanted)
}

/// Waits for these replies in their order. After the last reply, the server must send nothing more.
pub(super) fn expect_all(
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
            Some(WaitError::Idle { .. }) if keeps_commands(store, client) => {
                Some(if index == 1 { "first-only" } else { "left-for-later" })
            }
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

/// The number and the size of commands that, with their replies, are larger than the kernel's
/// buffers (tcp(7), tcp_rmem and tcp_wmem: about 6 MiB and 4 MiB).
const LARGE_COMMANDS: usize = 8;
const LARGE: usize = 1 << 20;

/// The client writes as much as the server reads before it reads the first reply.
fn write_before_reading(
    store: &mut StoreRun,
    client: &mut RespClient,
    draws: &mut Draws,
) -> Result<(), CheckError> {
    let bytes = draws.bytes(LARGE);
    let name = client.name();
    store.run.step(format!("{name} sent ECHO with 1 MiB {LARGE_COMMANDS} times, and read late"));
    client.send(&command(&[b"ECHO", &bytes]).repeat(LARGE_COMMANDS));
    store.wait_read(client)?;
    let _ = store.run.check_alive();
    expect_all(store, client, &vec![bulk(bytes); LARGE_COMMANDS])
}
