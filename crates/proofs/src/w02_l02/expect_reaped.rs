//! Checks the `[REAP]` lines of children that have ended.

use super::ended_child::EndedChild;
use super::reap_lines::{lines_of, reap_lines};
use super::wrong_line;
use crate::check_error::CheckError;
use crate::fork_server::children::wait_settled;
use crate::test_run::TestRun;

/// Checks that the server writes one line for each child, with the child's own process id and the
/// status that the kernel has for it, and no line for anything else.
pub(super) fn expect_reaped(run: &mut TestRun, ended: &[EndedChild]) -> Result<(), CheckError> {
    let from = run.step_log_start();
    let logged = run.server.wait_for(|now| {
        let lines = reap_lines(now, from);
        Ok(ended.iter().all(|child| !lines_of(&lines, child).is_empty()).then_some(()))
    });
    // A line too many may follow.
    let logged = logged.and_then(|()| wait_settled(run));
    let lines = reap_lines(&run.server, from);
    let is_right = |child: &EndedChild| match lines_of(&lines, child).as_slice() {
        [line] => line.is_right(child.status),
        _ => false,
    };
    match logged {
        Ok(()) if ended.iter().all(is_right) && lines.len() == ended.len() => Ok(()),
        logged => Err(wrong_line::explain(run, ended, &lines, logged.err())),
    }
}
