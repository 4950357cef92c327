//! Where the server waits, and for whom.

use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::shared::{WaitCall, diagnosis};
use crate::test_run::TestRun;
use crate::tracker::{AcceptedClient, once_each};
use witness::Stuck;

/// It waits in `epoll_wait` or `epoll_pwait(2)`; the interest list holds each live connection once.
pub(super) fn epoll(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start()?;
    waits_in_epoll(&mut run)?;
    let mut live: Vec<AcceptedClient> = Vec::new();
    for _ in 0..run.capacity.min(5) {
        live.push(run.connect_accepted()?);
        once_each(&mut run, WaitCall::Epoll, &live)?;
    }
    for (client, _) in &live {
        run.step(format!("{} sent \"hello\"", client.name));
        let _ = client.connection.send(b"hello");
    }
    waits_in_epoll(&mut run)?;
    once_each(&mut run, WaitCall::Epoll, &live)
}

fn waits_in_epoll(run: &mut TestRun) -> Result<(), CheckError> {
    let calls = match run.server.until_resting() {
        Ok(calls) => calls,
        Err(wait_error) => {
            let summary = "The server does not come to rest in epoll_wait.".to_owned();
            let error = elsewhere(run, wait_error, summary);
            // One that never rests is what `idle` is about; one that ended did so over the list.
            return Err(if run.server.exit().is_some() { error } else { error.depends_on("idle") });
        }
    };
    if WaitCall::Epoll.among(&calls).is_some() {
        return Ok(());
    }
    let names: Vec<_> = calls.iter().map(|call| call.name()).collect();
    let summary = format!("The server waits in {}, not in epoll_wait.", names.join(", "));
    Err(elsewhere(run, Stuck::Quiet { calls }, summary))
}

fn elsewhere(run: &mut TestRun, wait_error: Stuck, summary: String) -> CheckError {
    let mistake = diagnosis::elsewhere(WaitCall::Epoll, &wait_error)
        .or_else(|| diagnosis::of(run, &wait_error));
    let observed = wait_error.to_string();
    let expected = "asleep in epoll_wait, epoll_pwait or epoll_pwait2".to_owned();
    run.fail(wait_error, Failure { id: "not-in-epoll", mistake, summary, expected, observed })
}
