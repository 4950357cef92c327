//! The criterion that one thread serves all clients.

use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::test_run::TestRun;

/// The number of threads and processes does not grow with the number of clients.
pub(crate) fn one_thread(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start()?;

    // Count the threads after the first client. A language's runtime may start its own threads for
    // the first client.
    run.connect_accepted()?;
    let before = count_threads(&run)?;
    let more = run.capacity.saturating_sub(1).min(8);
    for _ in 0..more {
        run.connect_accepted()?;
    }

    // Wait until the server is idle. Then the server has started all of its threads.
    if let Err(wait_error) = run.check_alive() {
        let failure = Failure {
            id: "ended",
            mistake: None,
            summary: "The server ended while its clients were connected.".to_owned(),
            expected: format!("{} clients are served", more + 1),
            observed: wait_error.to_string(),
        };
        return Err(run.fail(wait_error, failure));
    }

    // The check fails if there is one new thread for every two clients. A few new helper threads
    // are permitted.
    let after = count_threads(&run)?;
    if (after.saturating_sub(before)) * 2 < more.max(1) {
        return Ok(());
    }
    Err(run.fail_now(Failure {
        id: "thread-per-client",
        mistake: Some("thread-per-client"),
        summary: format!(
            "{} clients are served by {after} threads or processes: this lesson asks for one.",
            more + 1
        ),
        expected: format!("{before} threads and processes, as with the first client"),
        observed: format!("{after} with {} clients", more + 1),
    }))
}

/// The number of threads in all processes of the server.
fn count_threads(run: &TestRun) -> Result<usize, CheckError> {
    let mut count = 0;
    for process in run.server.processes()? {
        count += process.threads()?.len();
    }
    Ok(count)
}
