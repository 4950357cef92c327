//! The criterion that the server starts.

use crate::check_context::CheckContext;
use crate::check_error::CheckError;
use crate::shared::starting::{
    expect_every_address, expect_no_line_before_listen, expect_start_line,
};
use crate::test_run::TestRun;
use witness::FaultInjector;

/// The server listens on PORT, at every IPv4 address, and then logs `[START] active=0/MAX_CLIENTS`.
pub(crate) fn starts(context: &CheckContext<'_>) -> Result<(), CheckError> {
    starts_with(context, |_| Ok(()))
}

/// The same as [`starts`], and the server that listens must pass one more check.
pub(crate) fn starts_with(
    context: &CheckContext<'_>,
    check: impl FnOnce(&mut TestRun) -> Result<(), CheckError>,
) -> Result<(), CheckError> {
    let mut run = context.launch(context.lesson.capacity, FaultInjector::default())?;
    run.wait_listening()?;
    let wanted = format!("0/{}", run.capacity);
    // The line of a server that logs its free slots instead of its used slots.
    let full = format!("[START] active={0}/{0}", run.capacity);
    expect_start_line(&mut run, "active", &wanted, |line| {
        line.starts_with(&full).then_some("start-count")
    })?;
    expect_every_address(&mut run)?;
    check(&mut run)?;
    drop(run); // it has the port
    expect_no_line_before_listen(context)
}
