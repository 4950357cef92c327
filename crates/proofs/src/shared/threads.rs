//! The criterion that one thread serves all clients.

mod readers;

use super::few_slots::expect_slots;
use super::waiting_calls::waiting_calls;
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::test_run::TestRun;
use readers::{READ_CALLS, expect_same_thread};
use witness::FaultInjector;

/// The number of clients that connect after the first one.
const MORE_CLIENTS: usize = 8;

/// The number of threads and processes does not grow with the number of clients, and the threads
/// that wait for the clients also read from them.
///
/// The second part needs fault injection. Without it, a server whose number of threads is right is
/// inconclusive.
pub(crate) fn one_thread(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let faults = FaultInjector::on(&READ_CALLS);
    match context.start_with(context.lesson.capacity, faults) {
        Ok(mut run) => {
            // The other criteria report a server that does not wait for its listener.
            if !waits(&mut run)? {
                drop(run);
                return expect_no_more_threads(&mut context.start()?);
            }
            expect_no_more_threads(&mut run)?;
            expect_same_thread(&mut run)?;
            expect_slots(&run, 2, "whether a second client gets a thread of its own")
        }
        Err(CheckError::Inconclusive(why)) => {
            expect_no_more_threads(&mut context.start()?)?;
            Err(CheckError::Inconclusive(why))
        }
        Err(error) => Err(error),
    }
}

/// Whether a thread of the server waits for the listener.
fn waits(run: &mut TestRun) -> Result<bool, CheckError> {
    let _ = run.check_alive();
    Ok(!waiting_calls(run)?.is_empty())
}

/// Connects clients, and counts the threads and processes.
fn expect_no_more_threads(run: &mut TestRun) -> Result<(), CheckError> {
    // Count the threads after the first client. A language's runtime may start its own threads for
    // the first client.
    run.connect_accepted()?;
    let before = count_threads(run)?;
    let more = run.capacity.saturating_sub(1).min(MORE_CLIENTS);
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
    let after = count_threads(run)?;
    if more == 0 || (after.saturating_sub(before)) * 2 < more {
        return Ok(());
    }
    Err(run.fail_now(Failure {
        id: "thread-per-client",
        mistake: Some("thread-per-client"),
        summary: format!(
            "With {} clients, the server has {after} threads and processes; with one it had {before}.",
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
