//! The criterion that a server with nothing to do sleeps.

use super::diagnosis;
use super::wait_call::WaitCall;
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::test_run::TestRun;
use witness::{Call, WaitError};

/// The shortest time-out of a wait that counts as sleep, in milliseconds. With a shorter time-out,
/// the server would wake up more than 100 times a second with nothing to do.
const SHORTEST_SLEEP: i32 = 10;

/// With nothing to do, the server sleeps in the call `wait`. The server is never in a busy loop,
/// not even after an end of file.
pub(crate) fn idle(context: &CheckContext<'_>, wait: WaitCall) -> Result<(), CheckError> {
    let mut run = context.start()?;
    expect_asleep(&mut run, wait)?;

    // Check with clients that send nothing.
    let (stays, _) = run.connect_accepted()?;
    let leaves = if run.capacity > 1 { run.connect_accepted()?.0 } else { stays };
    expect_asleep(&mut run, wait)?;

    // Check after bytes from a client.
    run.step(format!("{} sent \"hello\"", leaves.name));
    let _ = leaves.connection.send(b"hello");
    expect_asleep(&mut run, wait)?;

    // Check after an end of file.
    run.step(format!("{} closed", leaves.name));
    leaves.connection.close();
    expect_asleep(&mut run, wait)
}

fn expect_asleep(run: &mut TestRun, wait: WaitCall) -> Result<(), CheckError> {
    let expected = format!("asleep in {}", wait.name());
    let calls = match run.server.wait_asleep() {
        Ok(calls) => calls,
        Err(wait_error) => return Err(not_asleep(run, wait_error, expected)),
    };
    let Some(call) = wait.find_in(&calls) else {
        return Err(asleep_in_other_call(run, wait, calls, expected));
    };
    match short_sleep(run, wait, call) {
        Some(call) => Err(wakes_too_often(run, call, expected)),
        None => Ok(()),
    }
}

fn not_asleep(run: &mut TestRun, wait_error: WaitError, expected: String) -> CheckError {
    let is_spinning = matches!(wait_error, WaitError::Spinning(_));
    let failure = Failure {
        id: if is_spinning { "spinning" } else { "not-asleep" },
        mistake: diagnosis::of(run, &wait_error),
        summary: "With nothing to do, the server does not go to sleep.".to_owned(),
        expected,
        observed: wait_error.to_string(),
    };
    run.fail(wait_error, failure)
}

fn asleep_in_other_call(
    run: &mut TestRun,
    wait: WaitCall,
    calls: Vec<Call>,
    expected: String,
) -> CheckError {
    let observed = calls.iter().map(|call| call.name()).collect::<Vec<_>>().join(", ");
    let wait_error = WaitError::Idle { calls };
    let name = wait.name();
    let failure = Failure {
        id: "asleep-elsewhere",
        mistake: diagnosis::of_wait(run, wait, &wait_error),
        summary: format!("With nothing to do, the server sleeps in {observed}, not in {name}."),
        expected,
        observed,
    };
    run.fail(wait_error, failure)
}

/// The second call of two short sleeps in a row. `None` if there are not two short sleeps in a row.
/// One short sleep alone may be the rest of a longer sleep.
fn short_sleep(run: &mut TestRun, wait: WaitCall, call: Call) -> Option<Call> {
    let is_short =
        |call: &Call| call.timeout().is_some_and(|millis| (0..SHORTEST_SLEEP).contains(&millis));
    is_short(&call).then_some(())?;
    let next = run.server.wait_idle().ok()?;
    wait.find_in(&next).filter(is_short)
}

fn wakes_too_often(run: &mut TestRun, call: Call, expected: String) -> CheckError {
    let timeout = call.timeout().unwrap_or(0);
    run.fail_now(Failure {
        id: "restless",
        mistake: Some("zero-timeout"),
        summary: format!("With nothing to do, the server wakes up every {timeout} ms."),
        expected,
        observed: format!("{} with a time-out of {timeout} ms", call.name()),
    })
}
