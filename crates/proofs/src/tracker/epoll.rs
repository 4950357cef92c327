//! The criterion that the server waits in epoll_wait, and that each connection is on the interest
//! list once.

use super::watch_set::{AcceptedClient, Change, expect_once_each};
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::shared::{WaitCall, diagnosis};
use crate::test_run::TestRun;
use witness::WaitError;

/// The server waits in `epoll_wait`, `epoll_pwait` or `epoll_pwait2`. The interest list has each
/// live connection once.
pub(crate) fn epoll(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start()?;
    expect_epoll_wait(&mut run)?;
    let mut live: Vec<AcceptedClient> = Vec::new();
    for _ in 0..run.capacity.min(5) {
        live.push(run.connect_accepted()?);
        expect_once_each(&mut run, WaitCall::Epoll, &live, Change::Came)?;
    }
    for (client, _) in &live {
        run.step(format!("{} sent \"hello\"", client.name));
        let _ = client.connection.send(b"hello");
    }
    expect_epoll_wait(&mut run)?;
    expect_once_each(&mut run, WaitCall::Epoll, &live, Change::None)
}

fn expect_epoll_wait(run: &mut TestRun) -> Result<(), CheckError> {
    let calls = match run.server.wait_asleep() {
        Ok(calls) => calls,
        Err(wait_error) => {
            let summary = "The server does not go to sleep in epoll_wait.".to_owned();
            let error = not_in_epoll(run, wait_error, summary);
            // If the server never sleeps, the criterion `idle` reports this failure. If the server
            // has ended, the reason is the server's interest list.
            return Err(if run.server.exit().is_some() { error } else { error.depends_on("idle") });
        }
    };
    if WaitCall::Epoll.find_in(&calls).is_some() {
        return Ok(());
    }
    let names: Vec<_> = calls.iter().map(|call| call.name()).collect();
    let summary = format!("The server waits in {}, not in epoll_wait.", names.join(", "));
    Err(not_in_epoll(run, WaitError::Idle { calls }, summary))
}

fn not_in_epoll(run: &mut TestRun, wait_error: WaitError, summary: String) -> CheckError {
    let failure = Failure {
        id: "not-in-epoll",
        mistake: diagnosis::of_wait(run, WaitCall::Epoll, &wait_error),
        summary,
        expected: "asleep in epoll_wait, epoll_pwait or epoll_pwait2".to_owned(),
        observed: wait_error.to_string(),
    };
    run.fail(wait_error, failure)
}
