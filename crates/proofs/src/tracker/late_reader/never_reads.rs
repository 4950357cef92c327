//! A client that sends much and never reads.

use super::{Other, connect_slow, expect_asleep};
use crate::check_error::{CheckError, Failure};
use crate::named_client::NamedClient;
use crate::shared::memory::memory;
use crate::test_run::TestRun;
use std::time::{Duration, Instant};
use witness::WaitError;

/// The number of bytes that a client sends. The server's kernel stores less than a third of them.
const SENT: usize = 3 << 20;
/// The maximum growth of the server's memory for one client, in bytes.
const MAX_GROWTH: u64 = 1 << 20;
/// The number of clients that all must have made the server grow. The memory of a language's
/// run-time also grows for other reasons, but not for each client again.
const CLIENTS: usize = 3;
/// The time after which a client stops sending to a server that reads slowly.
const MAX_TIME: Duration = Duration::from_secs(4);
/// What a client sends again and again.
pub(super) static CHUNK: [u8; 1 << 16] = [b'x'; 1 << 16];

/// A client sends 3 MiB and reads nothing. The server's memory grows by at most 1 MiB, the server
/// sleeps, and another client is served. The server may close the client that does not read. Returns
/// this client.
pub(super) fn check(run: &mut TestRun, other: &mut Other) -> Result<NamedClient, CheckError> {
    let before = memory(&run.server)?;
    let mut smallest = u64::MAX;
    for count in 1..=CLIENTS as u64 {
        let silent = connect_slow(run)?;
        let is_enough = send_all(run, &silent);
        expect_asleep(run, &silent.name)?;
        other.expect_served(run)?;
        smallest = smallest.min(memory(&run.server)?.saturating_sub(before) / count);
        if smallest <= MAX_GROWTH && is_enough {
            return Ok(silent);
        }
        if smallest <= MAX_GROWTH {
            return Err(CheckError::Inconclusive(format!(
                "how much the server keeps for a client that never reads: it had not read {} MiB \
                 within {} s",
                SENT >> 20,
                MAX_TIME.as_secs()
            )));
        }
    }
    let kib = smallest >> 10;
    Err(run.fail_now(Failure {
        id: "unbounded-output",
        mistake: Some("unbounded-output"),
        summary: format!("For each client that reads nothing, the server keeps {kib} KiB."),
        expected: format!("at most {} KiB more for each such client", MAX_GROWTH >> 10),
        observed: format!("{kib} KiB more"),
    }))
}

/// Sends until everything is sent, or the server takes no more bytes, or the server has closed the
/// connection. Returns `false` if the server still reads, and the time is over.
fn send_all(run: &mut TestRun, silent: &NamedClient) -> bool {
    run.step(format!("{} sent up to 3 MiB, and reads nothing", silent.name));
    let connection = silent.connection.clone();
    let (mut left, begun) = (SENT, Instant::now());
    // The caller checks what the server does afterwards.
    loop {
        let before = left;
        let sent = run.server.wait_for(|_| {
            while left > 0 {
                match connection.send(&CHUNK[..CHUNK.len().min(left)]) {
                    Ok(0) => break,
                    Ok(count) => left -= count,
                    Err(_) => return Ok(Some(())),
                }
            }
            Ok((left == 0 || begun.elapsed() > MAX_TIME).then_some(()))
        });
        match sent {
            Ok(()) => return left == 0 || begun.elapsed() <= MAX_TIME,
            Err(WaitError::Idle { .. }) => return true,
            // The server repeats its calls, and reads more bytes each time.
            Err(WaitError::Spinning(_)) if left < before => {}
            Err(_) => return false,
        }
    }
}
