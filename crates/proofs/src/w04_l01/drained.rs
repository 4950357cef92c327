//! Bytes that come faster than they are read.

use crate::fall::Fall;
use crate::scene::{Blame, Scene, Stage};
use crate::shared::rows;
use witness::{Client, Stuck};

/// As the lesson has it; more than a socket's buffers hold.
const SENT: u64 = 1 << 20;
static PIECE: [u8; 1 << 16] = [b'x'; 1 << 16];

/// 1 MiB sent at once is read to the end: an edge-triggered server is told of it only as it comes.
pub(super) fn drained(stage: &Stage<'_>) -> Result<(), Fall> {
    let mut scene = stage.open()?;
    let (guest, fd) = scene.admit()?;
    // Whatever the server does for a newcomer, it has done: what is asked here are later bytes.
    let _ = scene.still_runs();
    scene.step(format!("{} sent 1 MiB at once", guest.name));
    let client = guest.client.clone();
    let mut left = SENT as usize;
    let read = scene.server.until(|now| {
        send(&client, &mut left);
        let socket = now.connection(&client)?;
        let all = |socket: &witness::Socket| socket.received >= SENT && socket.unread == 0;
        Ok((left == 0 && socket.as_ref().is_some_and(all)).then_some(()))
    });
    read.map_err(|stuck| not_drained(&mut scene, (&guest.name, fd), &client, stuck))
}

/// Sends what the connection takes, and takes in what comes back, so that neither side waits.
fn send(client: &Client, left: &mut usize) {
    while *left > 0 {
        let piece = &PIECE[..PIECE.len().min(*left)];
        match client.send(piece) {
            Ok(sent @ 1..) => *left -= sent,
            _ => break,
        }
    }
    // To ask is to read.
    let _ = client.ended();
}

fn not_drained(scene: &mut Scene, (name, fd): (&str, i32), client: &Client, stuck: Stuck) -> Fall {
    let socket = scene.server.connection(client).ok().flatten();
    let observed = match (&stuck, socket) {
        (Stuck::Quiet { .. }, Some(socket)) => {
            let read = socket.received - u64::from(socket.unread).min(socket.received);
            format!("{read} bytes were read, and the server went to sleep")
        }
        _ => stuck.to_string(),
    };
    let blame = Blame {
        id: "not-drained",
        mistake: rows::of(scene, &stuck),
        summary: format!("{name} sent 1 MiB, and the server stopped reading before the end."),
        expected: format!("{SENT} bytes are read from descriptor {fd}"),
        observed,
    };
    scene.fail(stuck, blame)
}
