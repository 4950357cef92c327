//! The criterion that the server reads all bytes, also if bytes arrive faster than the server
//! reads.

use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::shared::diagnosis;
use crate::test_run::TestRun;
use witness::{Client, Socket, WaitError};

/// The number of bytes that the lesson names. This is more than a socket's buffers hold.
const SENT: u64 = 1 << 20;
/// How often they are sent. A server that reads once for each event may be fast enough now and then.
const ROUNDS: u64 = 3;
/// The length of a line with its newline. A server that reads lines, such as a chat room, may refuse
/// a long one.
const LINE: usize = 64;
static CHUNK: [u8; 1 << 16] = lines();

/// Short lines, each with its newline.
const fn lines() -> [u8; 1 << 16] {
    let mut bytes = [b'x'; 1 << 16];
    let mut end = LINE - 1;
    while end < bytes.len() {
        bytes[end] = b'\n';
        end += LINE;
    }
    bytes
}

/// 1 MiB of short lines that are sent at once is read to the end. epoll reports bytes to an
/// edge-triggered server only when the bytes arrive.
pub(crate) fn drained(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start()?;
    let (client, fd) = run.connect_accepted()?;
    // The bytes must arrive later than the connection. A server may read a new connection right
    // after it has accepted the connection. Therefore wait until the server is asleep.
    let _ = run.check_alive();
    for round in 1..=ROUNDS {
        run.step(format!("{} sent 1 MiB of short lines at once", client.name));
        let read = read_all(&mut run, &client.connection, round * SENT);
        read.map_err(|wait_error| {
            not_drained(&mut run, (&client.name, fd), &client.connection, wait_error)
        })?;
    }
    Ok(())
}

/// Sends [`SENT`] bytes. Waits until the server has read them, which are `all` bytes with those before.
fn read_all(run: &mut TestRun, connection: &Client, all: u64) -> Result<(), WaitError> {
    let mut left = SENT as usize;
    run.server.wait_for(|now| {
        send(connection, &mut left);
        let socket = now.connection(connection)?;
        let is_read = |socket: &Socket| socket.received >= all && socket.unread == 0;
        Ok((left == 0 && socket.as_ref().is_some_and(is_read)).then_some(()))
    })
}

/// Sends as many bytes as the connection accepts, and reads the bytes that come back. Therefore
/// neither side has to wait for the other.
fn send(connection: &Client, left: &mut usize) {
    while *left > 0 {
        // Go on in the line in which the last send has stopped.
        let begin = (SENT as usize - *left) % LINE;
        let chunk = &CHUNK[begin..CHUNK.len().min(begin + *left)];
        match connection.send(chunk) {
            Ok(sent @ 1..) => *left -= sent,
            _ => break,
        }
    }
    // This call reads all bytes that have arrived.
    let _ = connection.ended();
}

fn not_drained(
    run: &mut TestRun,
    (name, fd): (&str, i32),
    connection: &Client,
    wait_error: WaitError,
) -> CheckError {
    let socket = run.server.connection(connection).ok().flatten();
    let is_closed = connection.ended().is_some();
    let read = socket.map(|it| it.received - u64::from(it.unread).min(it.received));
    let observed = match (&wait_error, read) {
        _ if is_closed => format!("{name} was closed, and {}", run.logged_text()),
        (WaitError::Idle { .. }, Some(read)) => {
            format!("{read} bytes were read, and the server went to sleep")
        }
        _ => wait_error.to_string(),
    };
    let failure = Failure {
        id: "not-drained",
        mistake: diagnosis::of(run, &wait_error),
        summary: match read {
            _ if is_closed => {
                format!("{name} sent 1 MiB, and the server closed the connection before the end.")
            }
            Some(0) => format!("{name} sent 1 MiB, and the server reads nothing of it."),
            _ => format!("{name} sent 1 MiB, and the server stopped reading before the end."),
        },
        expected: format!("all bytes are read from descriptor {fd}"),
        observed,
    };
    run.fail(wait_error, failure)
}
