//! Finds the Common Mistakes row that explains the state of an echo server. The row does not depend
//! on the check that has failed.

use crate::check_error::{CheckError, Failure};
use crate::test_run::{TestRun, has_result};
use witness::{Call, WaitError};

const READS: &[&str] = &["read", "recvfrom", "recvmsg", "readv"];
const WRITES: &[&str] = &["write", "sendto", "sendmsg", "writev"];

/// The failure of a server. `wait_error` is `None` if no wait has failed. A server that ignores the
/// end of file fails every check for this reason, and the criterion `next-client` reports it.
/// Therefore the failure then depends on `next-client`.
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

/// Whether a thread sleeps in a call that sends bytes.
pub(super) fn is_in_write(calls: &[Call]) -> bool {
    calls.iter().any(|call| WRITES.contains(&call.name()))
}
