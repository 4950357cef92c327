//! Finds the Common Mistakes row that explains the state of an echo server. The row does not depend
//! on the check that has failed.

use crate::check_error::{CheckError, Failure};
use crate::named_client::NamedClient;
use crate::test_run::{TestRun, has_result};
use witness::{Call, ServerClose, SyscallSample, WaitError};

const READS: &[&str] = &["read", "recvfrom", "recvmsg", "readv"];
const WRITES: &[&str] = &["write", "sendto", "sendmsg", "writev"];
/// The result of a call that fails with EAGAIN.
const EAGAIN: i64 = -(libc::EAGAIN as i64);

/// The failure of a server. `wait_error` is `None` if no wait has failed.
///
/// If the server has ended, its end is reported, and no row: the check has seen no evidence of what
/// has ended the server. A server that repeats the same failed calls for ever fails many checks for
/// this reason. Then the failure depends on the criterion that reports this reason.
pub(super) fn fail(
    run: &mut TestRun,
    wait_error: Option<WaitError>,
    failure: Failure,
) -> CheckError {
    let wait_error = wait_error.or_else(|| run.check_alive().err());
    match &wait_error {
        Some(WaitError::Ended(_)) => {
            let failure = Failure { mistake: None, ..failure };
            run.fail_after(wait_error, failure)
        }
        Some(WaitError::Spinning(sample)) if has_result(sample, READS, |count| count == 0) => {
            let failure = Failure { mistake: Some("misses-eof"), ..failure };
            run.fail_after(wait_error, failure).depends_on("next-client")
        }
        // A write fails with EAGAIN as long as the client is connected and does not read.
        Some(WaitError::Spinning(sample))
            if has_result(sample, WRITES, |count| count == EAGAIN) =>
        {
            let failure = Failure {
                id: "spins-on-write",
                mistake: None,
                summary: format!("A client does not read, and the server {}.", sample.activity()),
                ..failure
            };
            run.fail_after(wait_error, failure).depends_on("every-byte")
        }
        Some(WaitError::Spinning(sample)) if has_result(sample, WRITES, |count| count < 0) => {
            let failure = Failure {
                id: "spins-on-write",
                mistake: Some(mistake_of_writes(sample)),
                summary: format!("A client has left, and the server {}.", sample.activity()),
                ..failure
            };
            run.fail_after(wait_error, failure).depends_on("reset")
        }
        _ => run.fail_after(wait_error, failure),
    }
}

/// The row of a server that repeats a failed write. If the server takes the result -1 for a number
/// of bytes, each write begins a byte earlier than the one before it.
fn mistake_of_writes(sample: &SyscallSample) -> &'static str {
    let is_write = |call: &&Call| WRITES.contains(&call.name());
    let starts: Vec<u64> = sample
        .calls
        .iter()
        .map(|(call, _)| call)
        .filter(is_write)
        .map(|it| it.arguments[1])
        .collect();
    let goes_back = starts.windows(2).all(|pair| pair[1] == pair[0].wrapping_sub(1));
    if goes_back && starts.len() > 2 { "adds-minus-one" } else { "spins-on-epipe" }
}

/// The number of bytes that a thread of the server asks for, which sleeps in a read of the client's
/// connection. `None` if no thread sleeps in such a read.
pub(super) fn bytes_asked(run: &TestRun, client: &NamedClient, calls: &[Call]) -> Option<u64> {
    let fd = run.server.descriptor_of(&client.connection).ok()??;
    let is_read =
        |call: &&Call| matches!(call.name(), "read" | "recvfrom") && call.arguments[0] as i32 == fd;
    calls.iter().find(is_read).map(|call| call.arguments[2])
}

/// Whether nothing listens on the port although the server runs.
pub(super) fn has_no_listener(run: &TestRun) -> bool {
    run.server.exit().is_none() && matches!(run.server.listener(), Ok(None))
}

/// How the server has ended a connection, as the beginning of a sentence.
pub(super) fn ended_text(end: ServerClose) -> &'static str {
    match end {
        ServerClose::Closed => "The server closed the connection",
        ServerClose::Reset => "The server reset the connection",
    }
}
