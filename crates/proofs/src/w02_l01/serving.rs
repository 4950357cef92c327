//! The criteria `flips` (a child's answer) and `hangup` (the end of a connection).

use super::children::{
    ClientAndChild, connect_with_child, holders, stopped_serving, wait_child_ended, wait_settled,
};
use super::exchange::{Exchange, closed_too_early, expect_answer, too_many_bytes};
use super::process_evidence;
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::named_client::NamedClient;
use crate::test_run::{TestRun, has_result};
use witness::{ServerClose, WaitError};

/// Letters change case, and other bytes do not change, for any division of the bytes into chunks.
pub(super) fn flips(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start()?;
    let silent = connect_with_child(&mut run, &[])?;
    let ClientAndChild { client, .. } = connect_with_child(&mut run, &[&silent])?;
    let every: Vec<u8> = (0..=u8::MAX).collect();
    let long: Vec<u8> = every.iter().copied().cycle().take(20_000).collect();
    let exchanges = [
        Exchange::at_once(r#""Hello, World 2!\n""#, b"Hello, World 2!\n"),
        Exchange::at_once(r#""and Again\n""#, b"and Again\n"),
        Exchange::at_once(r#""Before\0After""#, b"Before\0After"),
        Exchange::at_once("every byte from 0 to 255", &every),
        Exchange { text: "the same, a byte at a time", bytes: &every, chunk: 1 },
        Exchange { text: "20,000 bytes, 997 at a time", bytes: &long, chunk: 997 },
    ];
    for exchange in &exchanges {
        expect_answer(&mut run, &client, exchange)?;
    }
    expect_answer(&mut run, &silent.client, &Exchange::at_once(r#""Now Me""#, b"Now Me"))?;
    let sent = exchanges.iter().map(|exchange| exchange.bytes.len()).sum();
    expect_nothing_more(&mut run, &client, sent)
}

/// Checks that all answers together are as long as the sent bytes, and that the server adds nothing
/// later.
fn expect_nothing_more(
    run: &mut TestRun,
    client: &NamedClient,
    sent: usize,
) -> Result<(), CheckError> {
    let wait_error = run.check_alive().err();
    let answered = client.connection.received().len();
    if wait_error.is_none() && answered == sent {
        return Ok(());
    }
    let failure = Failure {
        id: "wrong-answer",
        summary: too_many_bytes(client),
        expected: format!("{sent} bytes, a byte for each byte"),
        observed: format!("{answered} bytes"),
        ..Failure::default()
    };
    Err(process_evidence::fail(run, wait_error, failure))
}

/// The client's end of file ends the child. The client receives the server's FIN.
pub(super) fn hangup(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start()?;

    // The client shuts down its sending side. The client must still receive the answer, and then a
    // FIN.
    let pair = connect_with_child(&mut run, &[])?;
    let name = &pair.client.name;
    run.step(format!("{name} sent \"Goodbye\" and shut down its sending side (half-close)"));
    let (connection, message) = (pair.client.connection.clone(), b"Goodbye");
    let _ = connection.send(message);
    connection.half_close();
    let ended = run.server.wait_for(|_| {
        let has_too_much = connection.received().len() > message.len();
        Ok((has_too_much || connection.ended().is_some()).then_some(()))
    });
    if connection.received().len() > message.len() {
        return Err(never_stops_sending(&mut run, &pair));
    }
    let is_answered = connection.received().len() == message.len();
    if !(is_answered && connection.ended() == Some(ServerClose::Closed)) {
        return Err(not_closed(&mut run, &pair, ended.err()));
    }
    expect_child_ends(&mut run, &pair)?;
    // The criterion `interrupted` checks what the parent does when a child ends.
    wait_settled(&mut run).map_err(|wait_error| stopped_serving(&mut run, wait_error))?;

    // The client closes its connection without sending anything.
    let silent = connect_with_child(&mut run, &[&pair])?;
    run.step(format!("{} closed (FIN)", silent.client.name));
    silent.client.connection.close();
    expect_child_ends(&mut run, &silent)
}

fn expect_child_ends(run: &mut TestRun, pair: &ClientAndChild) -> Result<(), CheckError> {
    wait_child_ended(run, pair.child).map_err(|wait_error| not_closed(run, pair, Some(wait_error)))
}

/// The failure of a server whose child never stops sending. The client resets its connection,
/// because a reset ends the child.
fn never_stops_sending(run: &mut TestRun, pair: &ClientAndChild) -> CheckError {
    let name = &pair.client.name;
    let received = pair.client.connection.received().len();
    run.step(format!("{name} had received {received} bytes, and reset its connection (RST)"));
    pair.client.connection.reset();
    let failure = Failure {
        id: "no-goodbye",
        mistake: Some("ignores-eof"),
        summary: format!("{name} has sent its last byte, and its child keeps sending."),
        expected: expected_end(name),
        observed: format!("{received} bytes and no end of file; {name} had sent 7 bytes"),
    };
    process_evidence::fail(run, None, failure)
}

/// The failure of a server that closes the connection too early or never.
fn not_closed(
    run: &mut TestRun,
    pair: &ClientAndChild,
    wait_error: Option<WaitError>,
) -> CheckError {
    let name = &pair.client.name;
    let received = pair.client.connection.received().len();
    let holders = holders(&run.server, &pair.client.connection).unwrap_or_default();
    let (mistake, summary, observed) = match &wait_error {
        Some(WaitError::Spinning(sample)) => (
            has_result(sample, &["read", "recvfrom", "recvmsg"], |count| count == 0)
                .then_some("ignores-eof"),
            format!("{name} has left, and its child never sleeps."),
            wait_error.as_ref().map(WaitError::to_string).unwrap_or_default(),
        ),
        _ if is_in_accept(pair) => (
            Some("child-accepts"),
            format!("{name} has left, and its child has begun to accept clients itself."),
            "the child is asleep in accept".to_owned(),
        ),
        _ if holders == [run.server.process()] => (
            Some("parent-keeps-client"),
            format!("{name}'s child has ended; the parent keeps the connection open."),
            format!("{name} receives no FIN"),
        ),
        Some(_) => (
            None,
            format!("{name} will send no more, and its child does not end."),
            format!("{received} of 7 bytes answered, and the child still runs"),
        ),
        None => (
            None,
            closed_too_early(&pair.client),
            format!("{received} of 7 bytes answered, then {:?}", pair.client.connection.ended()),
        ),
    };
    let expected = expected_end(name);
    let failure = Failure { id: "no-goodbye", mistake, summary, expected, observed };
    process_evidence::fail(run, wait_error, failure)
}

fn expected_end(name: &str) -> String {
    format!("the rest of its answer, then a FIN, and {name}'s child has ended")
}

/// Whether the child sleeps in accept. Only the parent should call accept.
fn is_in_accept(pair: &ClientAndChild) -> bool {
    let threads = pair.child.threads().unwrap_or_default();
    threads.iter().filter_map(|it| it.call).any(|call| matches!(call.name(), "accept" | "accept4"))
}
