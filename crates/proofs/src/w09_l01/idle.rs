//! The criterion that a store with nothing to do sleeps: `idle`.

use super::draws::Draws;
use super::expiry::wait_gone;
use super::resp::{number, ok};
use super::store_run::StoreRun;
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::shared::{self, WaitCall};
use std::time::{Duration, Instant};
use witness::WaitError;

/// With nothing to do, the store sleeps: also while keys have an expiry, and after such a key has
/// expired.
pub(super) fn idle(context: &CheckContext<'_>) -> Result<(), CheckError> {
    shared::idle(context, WaitCall::Any)?;
    let (mut store, mut draws) = (StoreRun::start(context)?, Draws::new(context, "idle"));
    let mut client = store.connect()?;
    let [later, first, second] = draws.words();
    let depends = |error: CheckError| error.depends_on("expiry");
    store
        .expect_replies(
            &mut client,
            [
                (format!("SET {later} 1"), ok()),
                (format!("EXPIRE {later} {}", draws.number(100..=900)), number(1)),
            ],
        )
        .map_err(depends)?;
    expect_asleep(&mut store)?;

    // No command asks for the first key. When the second key is gone, the time of the first key is
    // over, too.
    let (since, time) = (Instant::now(), Duration::from_millis(draws.number(30..=40) as u64));
    let millis = time.as_millis();
    store
        .expect_replies(
            &mut client,
            [
                (format!("SET {first} 1 PX {}", millis - 15), ok()),
                (format!("SET {second} 1 PX {millis}"), ok()),
            ],
        )
        .map_err(depends)?;
    wait_gone(&mut store, &mut client, &second, since, time).map_err(depends)?;
    expect_asleep(&mut store)
}

fn expect_asleep(store: &mut StoreRun) -> Result<(), CheckError> {
    let Err(wait_error) = store.run.server.wait_asleep() else { return Ok(()) };
    let is_spinning = matches!(wait_error, WaitError::Spinning(_));
    let failure = Failure {
        id: "not-asleep",
        mistake: is_spinning.then_some("spins-while-ttl"),
        summary: "Keys have an expiry, and the server does not go to sleep.".to_owned(),
        expected: "asleep until a client sends something or the next key expires".to_owned(),
        observed: wait_error.to_string(),
    };
    Err(store.run.fail(wait_error, failure))
}
