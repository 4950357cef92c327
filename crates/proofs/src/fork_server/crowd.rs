//! The criterion `ends`, with many children at the same time.

use super::children::stopped_serving;
use super::many_children::{connect_accepted, connect_and_count_threads};
use crate::check_context::CheckContext;
use crate::check_error::CheckError;
use crate::shared::expect_ends;
use witness::Client;

/// The number of children. A server that stores its children in an array has to have room for them:
/// more than a table of 64 has.
const CHILDREN: usize = 70;

/// SIGTERM ends a server with 70 silent clients, and the child of each. A server that accepts fewer
/// clients at the same time, such as 40 with Python's `ForkingMixIn`, ends with those that it has
/// accepted.
pub(super) fn ends_with_many(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start()?;
    let (_first, threads) = connect_and_count_threads(&mut run)?;
    // A sandboxed program may have a limited number of threads.
    if threads > 1 {
        return Ok(());
    }
    run.step(format!("{CHILDREN} clients connected, and sent nothing"));
    let accepted = (1..CHILDREN).map_while(|_| connect_accepted(&mut run).ok());
    let _clients: Vec<Client> = accepted.collect();
    run.check_alive().map_err(|wait_error| stopped_serving(&mut run, wait_error))?;
    expect_ends(&mut run)
}
