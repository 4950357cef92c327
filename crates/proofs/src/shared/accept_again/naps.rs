//! Recognizes a server that wakes up again and again after it has run out of descriptors.

use crate::check_error::{CheckError, Failure};
use crate::shared::idle::{nap, time_text};
use crate::shared::service::{Clients, Service};
use crate::shared::wait_call::WaitCall;
use crate::test_run::TestRun;
use std::time::{Duration, Instant};

/// The time in which a server has to stop looking for a free descriptor again and again.
const LONGEST: Duration = Duration::from_secs(2);

/// Whether the thread that waits for several clients wakes up again and again with nothing to do. The
/// criterion `idle` reports such a server.
pub(super) fn is_napping(run: &mut TestRun, service: &Service) -> Result<bool, CheckError> {
    Ok(service.clients == Clients::Together && nap(run, WaitCall::Any)?.is_some())
}

/// All clients are served, and descriptors are free. The server must not wake up again and again,
/// as it may while no descriptor is free.
pub(super) fn expect_no_naps(run: &mut TestRun, service: &Service) -> Result<(), CheckError> {
    let end = Instant::now() + LONGEST;
    while is_napping(run, service)? {
        if Instant::now() >= end {
            return still_naps(run);
        }
    }
    Ok(())
}

/// The failure of a server that wakes up again and again. The server may stop just now.
fn still_naps(run: &mut TestRun) -> Result<(), CheckError> {
    let Some((call, time)) = nap(run, WaitCall::Any)? else { return Ok(()) };
    let (name, time) = (call.name(), time_text(time));
    Err(run.fail_now(Failure {
        id: "naps",
        mistake: Some("naps"),
        summary: format!(
            "Descriptors are free again, every client is served, and the server wakes up every \
             {time}: it sleeps in {name} for {time} at a time."
        ),
        expected: "the server sleeps until there is something to do, as before".to_owned(),
        observed: format!("{name} with a time-out of {time}, for {} s", LONGEST.as_secs()),
    }))
}
