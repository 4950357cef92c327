//! Which Common Mistakes row the state of an echo server shows, whatever a check has asked.

use crate::check_error::{CheckError, Failure};
use crate::test_run::{TestRun, has_result};
use witness::{Call, WaitError};

const READS: &[&str] = &["read", "recvfrom", "recvmsg", "readv"];
const WRITES: &[&str] = &["write", "sendto", "sendmsg", "writev"];

/// The failure of a server, after a wait that has failed or with none. A server that ignores the end
/// of file fails every check for that reason; the criterion `next-client` reports it.
pub(super) fn fail(
    run: &mut TestRun,
    wait_error: Option<WaitError>,
    failure: Failure,
) -> CheckError {
    if wait_error.as_ref().is_some_and(ignores_eof) {
        let failure = Failure { mistake: Some("misses-eof"), ..failure };
        return run.fail_after(wait_error, failure).depends_on("next-client");
    }
    run.fail_after(wait_error, failure)
}

fn ignores_eof(wait_error: &WaitError) -> bool {
    matches!(wait_error, WaitError::Spinning(sample) if has_result(sample, READS, |count| count == 0))
}

/// Whether a thread sleeps in a call that sends.
pub(super) fn is_in_write(calls: &[Call]) -> bool {
    calls.iter().any(|call| WRITES.contains(&call.name()))
}
