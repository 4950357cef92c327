//! Recognizes a server that uses a processor while it has no descriptor for the next client.

use super::looks::{Looks, wait_calm};
use super::phantom::expect_no_phantom;
use crate::check_error::{CheckError, Failure};
use crate::shared::diagnosis;
use crate::shared::refusal::is_nap;
use crate::shared::service::Clients;
use crate::test_run::TestRun;
use std::thread;
use std::time::{Duration, Instant};
use witness::{SyscallSample, Target, WaitError};

pub(super) const WHILE: &str = "all descriptors were used up (EMFILE)";

/// Processor time that says nothing about a server: it handles events in this time.
const LITTLE: Duration = Duration::from_millis(10);

/// Processor time of a burst. A server may call accept as often as its backlog is long before it
/// gives up, and may log each error, as Python's asyncio does. A busy loop goes on after that.
const BURST: Duration = Duration::from_millis(300);
/// The longest time of a burst, on a busy machine.
const LONGEST_BURST: Duration = Duration::from_secs(2);

/// The server must go to sleep, also if a timer wakes it now and then. It must not end, and must
/// not take a failed accept for a client. `clients` are the clients that such a server serves.
pub(super) fn expect_calm(run: &mut TestRun, clients: Clients) -> Result<(), CheckError> {
    let (begun, used_before) = (Instant::now(), run.server.cpu_time()?);
    let (mut idle, mut used);
    loop {
        idle = wait_calm(run);
        used = run.server.cpu_time()?.saturating_sub(used_before);
        if used >= BURST || !matches!(idle, Err(WaitError::Spinning(_))) {
            break;
        }
        wait_burst(run, used_before)?;
    }
    let is_calm = used < LITTLE || used * 2 < begun.elapsed();
    expect_no_phantom(run, WHILE)?;
    let wait_error = match idle {
        Ok(()) => return Ok(()),
        // A server that sleeps until an event may have used much time before.
        Err(WaitError::Idle { calls }) if is_calm || !is_nap(&calls) => return Ok(()),
        Err(WaitError::Spinning(sample)) if is_calm && has_pause(&sample) => return Ok(()),
        // On a busy machine, a busy loop gets only a part of a processor.
        Err(WaitError::TimedOut { .. }) if used * 10 < begun.elapsed() => return Ok(()),
        Err(WaitError::Unobservable(unseen)) => return Err(unseen.into()),
        Err(wait_error) => wait_error,
    };
    // A server that repeats other calls is busy for another reason.
    if matches!(&wait_error, WaitError::Spinning(sample) if !fails_to_accept(sample)) {
        return Err(busy_otherwise(run, wait_error));
    }
    let (id, summary) = match &wait_error {
        WaitError::Ended(_) => {
            ("accept-emfile", "The server ended when no descriptor was free (EMFILE).".to_owned())
        }
        WaitError::Spinning(sample) => (
            "emfile-spins",
            format!(
                "While no descriptor is free (EMFILE), the server does not sleep: it {}.",
                sample.activity()
            ),
        ),
        _ => (
            "emfile-spins",
            format!(
                "While no descriptor is free (EMFILE), the server used {} ms of processor time in {} ms.",
                used.as_millis(),
                begun.elapsed().as_millis()
            ),
        ),
    };
    if let Some(spare) = descriptor_above_limit(run) {
        return Err(CheckError::Inconclusive(format!(
            "whether the server goes on without descriptors: it keeps descriptor {spare}, which is \
             of no use below the lowered limit"
        )));
    }
    // A server with several clients waits in poll or epoll_wait, and the row of its lesson is about a
    // server that goes back there.
    let has_row = clients != Clients::Together || !never_waits(&wait_error);
    let failure = Failure {
        id,
        mistake: Some(id),
        summary,
        expected: "the server sleeps until a descriptor is free, or pauses before the next accept"
            .to_owned(),
        observed: wait_error.to_string(),
    };
    let error = run.fail(wait_error, failure);
    Err(if has_row { error } else { error.without_row() })
}

/// Whether none of the calls that the server repeats waits for descriptors.
fn never_waits(wait_error: &WaitError) -> bool {
    let waits = |sample: &SyscallSample| sample.calls.iter().any(|it| it.0.waits_for_readiness());
    matches!(wait_error, WaitError::Spinning(sample) if !waits(sample))
}

/// Whether accept fails among the repeated calls, because no descriptor is free (accept(2)).
fn fails_to_accept(sample: &SyscallSample) -> bool {
    const NO_DESCRIPTOR: [i64; 2] = [-(libc::EMFILE as i64), -(libc::ENFILE as i64)];
    sample
        .calls
        .iter()
        .any(|(call, result)| call.name().starts_with("accept") && NO_DESCRIPTOR.contains(result))
}

/// The failure of a server that is in a busy loop in which accept does not fail.
fn busy_otherwise(run: &mut TestRun, wait_error: WaitError) -> CheckError {
    let failure = Failure {
        id: "spinning",
        mistake: diagnosis::of(run, &wait_error),
        summary: format!(
            "With its clients connected, the server does not go to sleep: {}.",
            wait_error.to_string().replacen("the server is in a busy loop: ", "", 1)
        ),
        expected: "the server sleeps until there is something to do".to_owned(),
        observed: wait_error.to_string(),
    };
    run.fail(wait_error, failure)
}

/// Waits until the server has used the processor time of a burst, or sleeps. The server is not
/// traced meanwhile, which would slow it down.
fn wait_burst(run: &mut TestRun, used_before: Duration) -> Result<(), CheckError> {
    let (begun, mut looks) = (Instant::now(), Looks::default());
    while begun.elapsed() < LONGEST_BURST && run.server.exit().is_none() {
        let _ = run.server.catch_up();
        let used = run.server.cpu_time()?.saturating_sub(used_before);
        if used >= BURST || looks.find_asleep(&run.server)? {
            break;
        }
        thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

/// Whether the calls that the server repeats have a pause: a sleep, or a wait that ended by its
/// time-out.
pub(super) fn has_pause(sample: &SyscallSample) -> bool {
    sample.calls.iter().any(|(call, result)| match call.name() {
        "nanosleep" | "clock_nanosleep" => true,
        _ => call.waits_for_readiness() && *result == 0 && call.timeout() != Some(0),
    })
}

/// A descriptor of the server whose number its lowered limit does not allow any more. A client's
/// connection does not count: a thread that sleeps in accept(2) has taken the number of the next
/// descriptor before the limit was lowered.
fn descriptor_above_limit(run: &TestRun) -> Option<i32> {
    let limit = run.server.process().descriptor_limit().ok()?;
    let connections = run.server.sockets().ok()?;
    let is_connection =
        |target: &Target| connections.iter().any(|it| *target == Target::Socket(it.inode));
    let open = run.server.descriptors().ok()?;
    let mut spare = open.iter().filter(|it| it.fd as u64 >= limit && !is_connection(&it.target));
    spare.next().map(|it| it.fd)
}
