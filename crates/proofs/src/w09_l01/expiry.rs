//! The criterion of keys that expire: `expiry`.

mod conditions;
mod past_time;
mod set_options;
mod time_left;

use super::draws::Draws;
use super::resp::ok;
use super::store_run::StoreRun;
use crate::check_context::CheckContext;
use crate::check_error::CheckError;

pub(super) use past_time::wait_gone;

/// SET's options, EXPIRE, PEXPIRE, TTL, PTTL and PERSIST work as in Redis, and no command sees a
/// key after its time.
pub(super) fn expiry(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let (mut store, mut draws) = (StoreRun::start(context)?, Draws::new(context, "expiry"));
    let mut client = store.connect()?;
    let [key, value] = draws.words();
    store
        .expect_replies(&mut client, [(format!("SET {key} {value}"), ok())])
        .map_err(|error| error.depends_on("get-set"))?;
    let parts = [
        set_options::accepted,
        set_options::refused,
        time_left::time_left,
        time_left::flushed,
        conditions::conditions,
        conditions::refused,
        conditions::at_once,
    ];
    for part in parts {
        let from = store.run.step_count();
        part(&mut store, &mut client, &mut draws)?;
        store.merge_steps(from);
    }
    past_time::gone_for_every_command(&mut store, &mut client, &mut draws)?;
    past_time::not_counted(&mut store, &mut client, &mut draws)?;
    past_time::gone_all_at_once(&mut store, &mut client, &mut draws)
}
