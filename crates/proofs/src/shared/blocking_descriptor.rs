//! The failure of a server that has a client's descriptor in blocking mode.

use crate::check_error::{CheckError, Failure};
use crate::named_client::NamedClient;
use crate::test_run::TestRun;
use witness::WaitError;

/// The client's descriptor `fd` has no O_NONBLOCK.
pub(crate) fn blocking_descriptor(
    run: &mut TestRun,
    client: &NamedClient,
    fd: i32,
    wait_error: WaitError,
) -> CheckError {
    let failure = Failure {
        id: "blocking-descriptor",
        mistake: Some("blocking-client"),
        summary: format!("{}'s descriptor {fd} is in blocking mode.", client.name),
        expected: format!("O_NONBLOCK among the flags of descriptor {fd}"),
        observed: format!("/proc/PID/fdinfo/{fd} has no O_NONBLOCK"),
    };
    run.fail(wait_error, failure)
}
