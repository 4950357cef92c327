//! The criterion that the room starts.

use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::test_run::TestRun;
use crate::tracker::starts_with;

/// The number of clients for which the listener's backlog has room at least, as the lesson says.
const BACKLOG: u32 = 20;

/// The room starts as a tracker does, and its backlog has room for [`BACKLOG`] clients.
pub(crate) fn starts(context: &CheckContext<'_>) -> Result<(), CheckError> {
    starts_with(context, expect_backlog)
}

/// The kernel accepts one connection more than the number that listen(2) was called with. A kernel that
/// shows no number shows 0.
fn expect_backlog(run: &mut TestRun) -> Result<(), CheckError> {
    let shown = run.server.listener()?.map_or(0, |listener| listener.unacknowledged);
    if shown == 0 || shown + 1 >= BACKLOG {
        return Ok(());
    }
    Err(run.fail_now(Failure {
        id: "short-backlog",
        mistake: Some("short-backlog"),
        summary: format!(
            "The kernel shows a backlog of {shown} for the listener, which has to hold {BACKLOG} \
             clients."
        ),
        expected: format!("listen is called with a backlog of {BACKLOG} or more"),
        observed: format!("a backlog of {shown} (ss -lnt, Send-Q)"),
    }))
}
