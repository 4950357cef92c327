//! The criterion `hangup`: the end of a connection, and of the child that has served it.

use super::children::{
    ClientAndChild, connect_with_child, connect_with_child_over_ethernet, signal_and_settle,
    stopped_serving, wait_child_ended, wait_settled,
};
use super::hangup_failures::{child_runs_on, never_stops_sending, wrong_end};
use super::message::{flipped, phrase};
use super::queued::reset_in_queue;
use super::slow_client::SlowClient;
use crate::check_context::CheckContext;
use crate::check_error::CheckError;
use crate::shared::departure::Departure;
use crate::test_run::TestRun;
use witness::{ServerClose, Signal};

/// The number of bytes that a client sends without reading an answer. The kernel's buffers for a
/// connection over Ethernet hold fewer bytes.
const UNREAD: usize = 4 << 20;

/// When a client has left, in any way, its child ends. A client that can still read receives the
/// rest of its answer, and then a FIN. A client that leaves before the parent has accepted it costs the
/// server nothing.
pub(crate) fn hangup(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start()?;
    half_closes(&mut run, &phrase(&mut context.random("hangup")))?;
    leaves_silently(&mut run, Departure::Close)?;
    leaves_silently(&mut run, Departure::Reset)?;
    resets_in_the_middle_of_an_answer(&mut run)?;
    resets_before_an_answer(&mut run, &phrase(&mut context.random("reset")))?;
    reset_in_queue(&mut run)
}

/// The client says its last words and shuts down its sending side. It must still receive the
/// answer, and then a FIN.
fn half_closes(run: &mut TestRun, words: &[u8]) -> Result<(), CheckError> {
    let pair = connect_with_child(run, &[])?;
    let (name, text) = (&pair.client.name, words.escape_ascii());
    run.step(format!("{name} sent \"{text}\" and shut down its sending side (half-close)"));
    let connection = pair.client.connection.clone();
    let _ = connection.send(words);
    connection.half_close();
    let ended = run.server.wait_for(|_| {
        let has_too_much = connection.received().len() > words.len();
        Ok((has_too_much || connection.ended().is_some()).then_some(()))
    });
    let received = connection.received();
    if received.len() > words.len() {
        return Err(never_stops_sending(run, &pair, words.len()));
    }
    if received != flipped(words) || connection.ended() != Some(ServerClose::Closed) {
        return Err(wrong_end(run, &pair, words, ended.err()));
    }
    expect_child_ends(run, &pair)
}

/// The client leaves without having sent anything.
fn leaves_silently(run: &mut TestRun, departure: Departure) -> Result<(), CheckError> {
    let pair = connect_with_child(run, &[])?;
    // Wait until the server is idle. Then the child is in its first read.
    let _ = run.check_alive();
    run.step(format!("{} {}", pair.client.name, departure.text()));
    departure.apply(&pair.client.connection);
    expect_child_ends(run, &pair)
}

/// The client resets its connection while its child sends. Then the child's send fails with
/// ECONNRESET, and every later one with EPIPE (send(2)).
fn resets_in_the_middle_of_an_answer(run: &mut TestRun) -> Result<(), CheckError> {
    let pair = connect_with_child_over_ethernet(run, &[])?;
    let name = &pair.client.name;
    run.step(format!("{name} sent as many bytes as its connection took, and read nothing"));
    let line = b"One line of many\n";
    let bytes: Vec<u8> = line.iter().copied().cycle().take(UNREAD).collect();
    // The criterion `every-byte` reports a child that does not wait for its client.
    let _ = SlowClient::new(&pair.client, &bytes).send_until_idle(run);
    run.step(format!("{name} reset its connection (RST), in the middle of its answer"));
    pair.client.connection.reset();
    expect_child_ends(run, &pair)
}

/// The client shuts down its sending side and resets its connection before its child has read the
/// words. After a FIN, the child's first send fails with EPIPE (tcp_reset() in
/// net/ipv4/tcp_input.c).
fn resets_before_an_answer(run: &mut TestRun, words: &[u8]) -> Result<(), CheckError> {
    let pair = connect_with_child(run, &[])?;
    run.step(format!(
        "{} sent \"{}\", shut down its sending side and reset its connection (RST), while its child \
         was stopped (SIGSTOP)",
        pair.client.name,
        words.escape_ascii()
    ));
    signal_and_settle(run, &pair, Signal::SIGSTOP);
    let _ = pair.client.connection.send(words);
    pair.client.connection.half_close();
    pair.client.connection.reset();
    let _ = run.server.wait_delivered();
    run.server.signal_process(pair.child, Signal::SIGCONT);
    expect_child_ends(run, &pair)
}

/// Checks that the child ends, and that the parent runs on.
fn expect_child_ends(run: &mut TestRun, pair: &ClientAndChild) -> Result<(), CheckError> {
    wait_child_ended(run, pair.child).map_err(|wait_error| child_runs_on(run, pair, wait_error))?;
    // The criterion `interrupted` checks what the parent does when a child ends.
    wait_settled(run).map_err(|wait_error| stopped_serving(run, wait_error))
}
