//! What a server's rest says about its mistake, whatever was asked of it.

use crate::check_error::{CheckError, Failure};
use crate::test_run::{TestRun, has_result};
use witness::Stuck;

const READS: &[&str] = &["read", "recvfrom", "recvmsg", "readv"];
const WRITES: &[&str] = &["write", "sendto", "sendmsg", "writev"];

/// The failure of a server that shows what it did wrong, or that is stuck. One that takes no end of
/// file for a goodbye fails everywhere for that reason, which `next-client` tells.
pub(super) fn fail(run: &mut TestRun, wait_error: Option<Stuck>, failure: Failure) -> CheckError {
    match wait_error {
        Some(wait_error) if misses_eof(&wait_error) => {
            let failure = Failure { mistake: Some("misses-eof"), ..failure };
            run.fail(wait_error, failure).depends_on("next-client")
        }
        Some(wait_error) => run.fail(wait_error, failure),
        None => run.fail_now(failure),
    }
}

fn misses_eof(wait_error: &Stuck) -> bool {
    matches!(wait_error, Stuck::Spinning(sample) if has_result(sample, READS, |count| count == 0))
}

/// Whether a thread sleeps in a call that sends.
pub(super) fn writes(calls: &[witness::Call]) -> bool {
    calls.iter().any(|call| WRITES.contains(&call.name()))
}
