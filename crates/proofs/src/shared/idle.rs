//! Sleep, where there is nothing to do.

use super::diagnosis;
use super::wait_call::WaitCall;
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::test_run::TestRun;
use witness::{Call, Stuck};

/// Shorter time-outs than this are no sleep: 100 wake-ups a second with nothing to do.
const NAP: i32 = 10;

/// With nothing to do it sleeps in `wait`: no spinning, after an EOF least of all.
pub(crate) fn idle(context: &CheckContext<'_>, wait: WaitCall) -> Result<(), CheckError> {
    let mut run = context.start()?;
    asleep(&mut run, wait)?;
    let (stays, _) = run.connect_accepted()?;
    let leaves = if run.capacity > 1 { run.connect_accepted()?.0 } else { stays.clone() };
    asleep(&mut run, wait)?;
    run.step(format!("{} sent \"hello\"", leaves.name));
    let _ = leaves.connection.send(b"hello");
    asleep(&mut run, wait)?;
    run.step(format!("{} closed", leaves.name));
    leaves.connection.close();
    asleep(&mut run, wait)
}

fn asleep(run: &mut TestRun, wait: WaitCall) -> Result<(), CheckError> {
    let expected = format!("asleep in {}", wait.name());
    let calls = match run.server.until_resting() {
        Ok(calls) => calls,
        Err(wait_error) => {
            let id =
                if matches!(wait_error, Stuck::Spinning(_)) { "spinning" } else { "not-asleep" };
            let mistake = diagnosis::of(run, &wait_error);
            let summary = "With nothing to do, the server does not go to sleep.".to_owned();
            let observed = wait_error.to_string();
            return Err(run.fail(wait_error, Failure { id, mistake, summary, expected, observed }));
        }
    };
    let Some(call) = wait.among(&calls) else {
        let observed = calls.iter().map(|call| call.name()).collect::<Vec<_>>().join(", ");
        let wait_error = Stuck::Quiet { calls };
        let mistake =
            diagnosis::elsewhere(wait, &wait_error).or_else(|| diagnosis::of(run, &wait_error));
        let name = wait.name();
        let summary =
            format!("With nothing to do, the server sleeps in {observed}, not in {name}.");
        return Err(run.fail(
            wait_error,
            Failure { id: "asleep-elsewhere", mistake, summary, expected, observed },
        ));
    };
    match naps(run, wait, call) {
        Some(call) => Err(restless(run, call, expected)),
        None => Ok(()),
    }
}

/// The second short sleep in a row, if there is one: one alone may be what is left of a longer one.
fn naps(run: &mut TestRun, wait: WaitCall, call: Call) -> Option<Call> {
    let is_nap = |call: &Call| call.timeout().is_some_and(|millis| (0..NAP).contains(&millis));
    is_nap(&call).then_some(())?;
    let next = run.server.until_quiet().ok()?;
    wait.among(&next).filter(is_nap)
}

fn restless(run: &mut TestRun, call: Call, expected: String) -> CheckError {
    let timeout = call.timeout().unwrap_or(0);
    let name = call.name();
    let summary = format!("With nothing to do, the server wakes up every {timeout} ms.");
    let observed = format!("{name} with a time-out of {timeout} ms");
    let mistake = Some("zero-timeout");
    run.fail_now(Failure { id: "restless", mistake, summary, expected, observed })
}
