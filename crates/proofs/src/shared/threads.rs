//! Who does the work.

use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::test_run::TestRun;

/// Threads and processes do not grow with clients.
pub(crate) fn one_thread(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start()?;
    // A run-time may start what it needs with the first client.
    run.connect_accepted()?;
    let before = workers(&run)?;
    let more = run.capacity.saturating_sub(1).min(8);
    for _ in 0..more {
        run.connect_accepted()?;
    }
    // A thread that is about to be started will have been once the server rests.
    if let Err(wait_error) = run.check_alive() {
        let summary = "The server ended while its clients were connected.".to_owned();
        let expected = format!("{} clients are served", more + 1);
        let observed = wait_error.to_string();
        let failure = Failure { id: "ended", mistake: None, summary, expected, observed };
        return Err(run.fail(wait_error, failure));
    }
    let after = workers(&run)?;
    if (after.saturating_sub(before)) * 2 < more.max(1) {
        return Ok(());
    }
    Err(run.fail_now(Failure {
        id: "thread-per-client",
        mistake: Some("thread-per-client"),
        summary: format!(
            "{} clients, {after} threads or processes: this lesson asks for one.",
            more + 1
        ),
        expected: format!("{before} threads and processes, as with the first client"),
        observed: format!("{after} with {} clients", more + 1),
    }))
}

/// The threads of every process.
fn workers(run: &TestRun) -> Result<usize, CheckError> {
    let mut count = 0;
    for process in run.server.processes()? {
        count += process.threads()?.len();
    }
    Ok(count)
}
