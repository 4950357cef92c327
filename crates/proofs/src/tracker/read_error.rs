//! A client whose connection is lost in a way that only an error of read tells.

use super::service::SERVICE;
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::log_event::LogEvent;
use crate::named_client::NamedClient;
use crate::shared::{diagnosis, interrupted_with};
use crate::test_run::TestRun;
use witness::{Errno, WaitError};

/// The calls that read from a connection.
const READS: [&str; 4] = ["read", "readv", "recvfrom", "recvmsg"];
/// The name of the error with which one of them is made to fail. It is the error of a connection whose
/// other end cannot be reached any more (ip(7)). A client can cause ECONNRESET, but not this error.
const ERROR: &str = "EHOSTUNREACH";

/// As the criterion `interrupted` of the other lessons. At the end, a read from one client fails with an error
/// that is not temporary, and the server removes this client alone.
pub(crate) fn interrupted(context: &CheckContext<'_>) -> Result<(), CheckError> {
    interrupted_with(context, &SERVICE, &READS, expect_removed)
}

fn expect_removed(run: &mut TestRun, client: &NamedClient) -> Result<(), CheckError> {
    let (name, connection) = (&client.name, client.connection.clone());
    let Some(fd) = run.server.descriptor_of(&connection)? else { return Ok(()) };
    let _ = run.server.wait_asleep();
    run.step(format!(
        "{name} sent \"hello\\n\", and the read from it is made to fail with {ERROR}"
    ));
    run.server.fail_next_on(fd, Errno::EHOSTUNREACH);
    let _ = connection.send(SERVICE.message);
    let from = run.step_log_start();
    let removed = run.server.wait_for(|now| {
        let mut events = now.log()[from..].iter().filter_map(LogEvent::of);
        let is_logged = events.any(|event| matches!(event, LogEvent::Disconnect { .. }));
        Ok((is_logged && connection.ended().is_some()).then_some(()))
    });
    // A server that reads by another call has met no error.
    if run.server.faults_left() > 0 && run.server.exit().is_none() {
        return Ok(());
    }
    match removed.and_then(|()| run.check_alive()) {
        Ok(()) => {
            let next = (SERVICE.serve)(run).map(drop);
            next.map_err(|error| error.independent().depends_on("reuse"))
        }
        Err(wait_error) => Err(not_removed(run, client, wait_error)),
    }
}

/// The failure of a server that does not remove the client, or ends.
fn not_removed(run: &mut TestRun, client: &NamedClient, wait_error: WaitError) -> CheckError {
    let name = &client.name;
    let failed = format!("read from {name} failed with {ERROR}");
    let failure = Failure {
        id: "read-error",
        mistake: diagnosis::of(run, &wait_error),
        summary: match &wait_error {
            WaitError::Ended(_) => format!("The server ended when a {failed}."),
            _ if client.connection.ended().is_some() => {
                format!("A {failed}. The server closed its descriptor, and logged no [DISCONNECT].")
            }
            _ => format!("A {failed}, and the server did not close its descriptor."),
        },
        expected: format!("{name} is removed, and no other client is affected"),
        observed: match &wait_error {
            WaitError::Idle { .. } => run.logged_text(),
            _ => wait_error.to_string(),
        },
    };
    // Other criteria check what the server does with clients that leave in other ways.
    let is_left = |event: &LogEvent| matches!(event, LogEvent::Disconnect { .. }).then_some(());
    let is_logged = run.wait_logged(is_left).is_ok();
    run.fail(wait_error, failure).depends_on(if is_logged { "no-fd-leak" } else { "reuse" })
}
