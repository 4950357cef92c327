//! The criterion that a server with nothing to do sleeps.

use super::diagnosis;
use super::naps::{time_out, whole_time_out};
use super::wait_call::WaitCall;
use super::waiting_calls::waiting_calls;
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::test_run::TestRun;
use std::time::Duration;
use witness::{Call, WaitError};

/// The shortest time-out of a wait that counts as sleep. With a shorter time-out, the server would
/// wake up more than 100 times a second with nothing to do.
const SHORTEST_SLEEP: Duration = Duration::from_millis(10);
/// How often a thread that waits for the clients is looked for.
const MOST_LOOKS: usize = 50;

/// With nothing to do, the server sleeps in the call `wait`. The server is never in a busy loop,
/// not even after an end of file, and does not wake up again and again.
///
/// This is asked only of the threads that wait for the clients. Other threads may sleep as they
/// like.
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
    if wait.find_in(&calls).is_none() {
        return Err(asleep_in_other_call(run, wait, calls, expected));
    }
    match nap(run, wait)? {
        Some((call, time)) => Err(naps(run, call, time, expected)),
        None => Ok(()),
    }
}

fn not_asleep(run: &mut TestRun, wait_error: WaitError, expected: String) -> CheckError {
    let is_spinning = matches!(wait_error, WaitError::Spinning(_));
    let unread = run.clients.iter().any(|client| {
        let socket = run.server.connection(&client.connection).ok().flatten();
        socket.is_some_and(|socket| socket.unread > 0)
    });
    let failure = Failure {
        id: if is_spinning { "spinning" } else { "not-asleep" },
        mistake: diagnosis::of(run, &wait_error),
        summary: match (is_spinning, unread) {
            (true, true) => {
                "The server does not go to sleep, and never reads what has arrived.".to_owned()
            }
            _ => "With nothing to do, the server does not go to sleep.".to_owned(),
        },
        expected,
        observed: wait_error.to_string(),
    };
    run.fail(wait_error, failure)
}

/// The failure of a server that is asleep, and not in the call `wait`.
fn asleep_in_other_call(
    run: &mut TestRun,
    wait: WaitCall,
    calls: Vec<Call>,
    expected: String,
) -> CheckError {
    let process = run.server.process();
    let nap = calls.iter().find_map(|call| Some((*call, time_out(process, call)?)));
    let others = calls.iter().filter(|call| call.name() != "futex");
    let mut names: Vec<_> = others.map(|call| call.name()).collect();
    names.dedup();
    if let (Some((call, time)), 1) = (nap, names.len())
        && is_nap(&call, time)
    {
        let time = whole_time_out(run, &call, time);
        if is_nap(&call, time) {
            return naps(run, call, time, expected);
        }
    }
    let observed = names.join(", ");
    let name = wait.name();
    let waits_elsewhere = wait == WaitCall::Epoll && WaitCall::Any.find_in(&calls).is_some();
    let wait_error = WaitError::Idle { calls };
    let failure = Failure {
        id: "asleep-elsewhere",
        mistake: diagnosis::of_wait(run, wait, &wait_error),
        summary: format!("With nothing to do, the server sleeps in {observed}, not in {name}."),
        expected,
        observed,
    };
    let error = run.fail(wait_error, failure);
    // The criterion `epoll` checks in which call the server waits.
    if waits_elsewhere { error.depends_on("epoll") } else { error }
}

/// Whether a server that sleeps in this call looks for work again and again: the call waits for no
/// descriptor, or only for a short time.
fn is_nap(call: &Call, time: Duration) -> bool {
    let is_select = matches!(call.name(), "select" | "pselect6");
    let watches = call.waits_for_readiness() && !(is_select && call.arguments[0] == 0);
    !watches || time < SHORTEST_SLEEP
}

/// The second call of two short sleeps in a row, and its time-out. `None` if there are not two
/// short sleeps in a row. One short sleep alone may be the rest of a longer sleep.
pub(super) fn nap(
    run: &mut TestRun,
    wait: WaitCall,
) -> Result<Option<(Call, Duration)>, CheckError> {
    if short_wait(run, wait)?.is_none() {
        return Ok(None);
    }
    let _ = run.server.wait_idle();
    let Some((call, time)) = short_wait(run, wait)? else { return Ok(None) };
    let time = whole_time_out(run, &call, time);
    Ok(Some((call, time)).filter(|_| time < SHORTEST_SLEEP))
}

/// The call in which a thread waits for the clients with a short time-out. `None` if there is no
/// such thread.
fn short_wait(run: &mut TestRun, wait: WaitCall) -> Result<Option<(Call, Duration)>, CheckError> {
    let process = run.server.process();
    for _ in 0..MOST_LOOKS {
        let calls = waiting_calls(run)?.into_iter().map(|(_, call)| call);
        let of_kind: Vec<_> = calls.filter(|call| wait.find_in(&[*call]).is_some()).collect();
        if !of_kind.is_empty() {
            let short = |call: &Call| time_out(process, call).filter(|it| *it < SHORTEST_SLEEP);
            return Ok(of_kind.iter().find_map(|call| Some((*call, short(call)?))));
        }
        // The thread has woken. On a busy machine, a thread that naps is awake most of the time.
        let _ = run.server.wait_asleep();
    }
    Ok(None)
}

/// The failure of a server that wakes up again and again.
fn naps(run: &mut TestRun, call: Call, time: Duration, expected: String) -> CheckError {
    let (name, time) = (call.name(), time_text(time));
    run.fail_now(Failure {
        id: "naps",
        mistake: Some("naps"),
        summary: format!(
            "With nothing to do, the server wakes up every {time}: it sleeps in {name} for {time} \
             at a time."
        ),
        expected,
        observed: format!("{name} with a time-out of {time}, again and again"),
    })
}

pub(super) fn time_text(time: Duration) -> String {
    match time.as_micros() {
        micros @ 0..1000 => format!("{micros} µs"),
        micros if micros % 1000 == 0 => format!("{} ms", micros / 1000),
        micros => format!("{:.1} ms", micros as f64 / 1000.0),
    }
}
