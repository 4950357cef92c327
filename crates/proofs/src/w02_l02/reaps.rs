//! The criterion `reaps`: each child that ends is reaped and logged once, with its own process id
//! and the status that the kernel has for it.

use super::ended_child::{Child, end_while_paused};
use super::reap_lines::expect_reaped;
use crate::check_context::CheckContext;
use crate::check_error::CheckError;
use crate::fork_server::children::{
    ClientAndChild, connect_with_child, connect_with_child_over_ethernet,
};
use crate::fork_server::slow_client::SlowClient;
use crate::shared::departure::Departure;
use crate::test_run::TestRun;

/// The number of bytes that a client sends without reading an answer. The kernel's buffers for a
/// connection over Ethernet hold fewer bytes.
const UNREAD: usize = 4 << 20;

/// Children end in several ways, one after the other, while another client stays connected. The log
/// names each of them once.
pub(super) fn reaps(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start()?;
    let stays = connect_with_child(&mut run, &[])?;
    let mut earlier = vec![stays];
    for departure in [Departure::Close, Departure::Reset] {
        let pair = connect_after(&mut run, &earlier)?;
        leaves(&mut run, &pair, departure.text(), |pair| departure.apply(&pair.client.connection))?;
        earlier.push(pair);
    }
    resets_in_the_middle_of_an_answer(&mut run, &earlier)
}

fn connect_after(
    run: &mut TestRun,
    earlier: &[ClientAndChild],
) -> Result<ClientAndChild, CheckError> {
    let others: Vec<&ClientAndChild> = earlier.iter().collect();
    connect_with_child(run, &others)
}

/// The child of this client may end with another status than 0, or by SIGPIPE.
fn resets_in_the_middle_of_an_answer(
    run: &mut TestRun,
    earlier: &[ClientAndChild],
) -> Result<(), CheckError> {
    let others: Vec<&ClientAndChild> = earlier.iter().collect();
    let pair = connect_with_child_over_ethernet(run, &others)?;
    run.step(format!("{} sent as much as its connection took, and read nothing", pair.client.name));
    let bytes: Vec<u8> = b"One line of many\n".iter().copied().cycle().take(UNREAD).collect();
    // The criterion `every-byte` reports a child that does not wait for its client.
    let _ = SlowClient::new(&pair.client, &bytes).send_until_idle(run);
    let how = "reset its connection (RST), in the middle of its answer";
    leaves(run, &pair, how, |pair| pair.client.connection.reset())
}

/// The client leaves, and its child's line must follow. `how` is a part of the step's sentence.
fn leaves(
    run: &mut TestRun,
    pair: &ClientAndChild,
    how: &str,
    leave: impl FnOnce(&ClientAndChild),
) -> Result<(), CheckError> {
    let name = &pair.client.name;
    let child = Child::new(format!("{name}'s child"), pair.child)?;
    run.step(format!("{name} {how}"));
    let ended = end_while_paused(run, vec![child], |_| leave(pair))?;
    expect_reaped(run, &ended)
}
