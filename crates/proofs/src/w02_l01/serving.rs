//! What a child says to its client, and how the two part.

use super::children::{ClientAndChild, arrive, ended, holders, settle, wait_child_ended};
use super::exchange::{Exchange, send_and_expect};
use super::process_evidence;
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::named_client::NamedClient;
use crate::test_run::{TestRun, has_result};
use witness::{End, Stuck};

/// Letters change case, other bytes do not change, in any chunking.
pub(super) fn flips(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start()?;
    let silent = arrive(&mut run, &[])?;
    let ClientAndChild { client, .. } = arrive(&mut run, &[&silent])?;
    let every: Vec<u8> = (0..=u8::MAX).collect();
    let long: Vec<u8> = every.iter().copied().cycle().take(20_000).collect();
    let exchanges = [
        Exchange::words(r#""Hello, World 2!\n""#, b"Hello, World 2!\n"),
        Exchange::words(r#""and Again\n""#, b"and Again\n"),
        Exchange::words(r#""Before\0After""#, b"Before\0After"),
        Exchange::words("every byte from 0 to 255", &every),
        Exchange { told: "the same, a byte at a time", bytes: &every, piece: 1 },
        Exchange { told: "20,000 bytes, 997 at a time", bytes: &long, piece: 997 },
    ];
    for exchange in &exchanges {
        send_and_expect(&mut run, &client, exchange)?;
    }
    send_and_expect(&mut run, &silent.client, &Exchange::words(r#""Now Me""#, b"Now Me"))?;
    let said = exchanges.iter().map(|exchange| exchange.bytes.len()).sum();
    nothing_more(&mut run, &client, said)
}

/// The answers were as long as what was said, and nothing was added to them later.
fn nothing_more(run: &mut TestRun, client: &NamedClient, said: usize) -> Result<(), CheckError> {
    let ended = run.check_alive().err();
    let answered = client.connection.received().len();
    if ended.is_none() && answered == said {
        return Ok(());
    }
    let failure = Failure {
        id: "wrong-answer",
        summary: format!("{} was sent more than it had said.", client.name),
        expected: format!("{said} bytes, a byte for each byte"),
        observed: format!("{answered} bytes"),
        ..Failure::default()
    };
    Err(process_evidence::fail(run, ended, failure))
}

/// The client's EOF ends the child; the client sees the server's FIN.
pub(super) fn hangup(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start()?;
    let polite = arrive(&mut run, &[])?;
    let name = &polite.client.name;
    run.step(format!("{name} sent \"Goodbye\" and shut down its sending side (half-close)"));
    let (connection, words) = (polite.client.connection.clone(), b"Goodbye");
    let _ = connection.send(words);
    connection.half_close();
    let parted = run.server.until(|_| {
        let flooded = connection.received().len() > words.len();
        Ok((flooded || connection.ended().is_some()).then_some(()))
    });
    if connection.received().len() > words.len() {
        return Err(talks_on(&mut run, &polite));
    }
    let answered = connection.received().len() == words.len();
    if !(answered && connection.ended() == Some(End::Closed)) {
        return Err(not_parted(&mut run, &polite, parted.err()));
    }
    child_ends(&mut run, &polite)?;
    // How the parent takes its child's end is for another criterion to ask.
    settle(&mut run).map_err(|wait_error| ended(&mut run, wait_error))?;

    let brief = arrive(&mut run, &[&polite])?;
    run.step(format!("{} closed (FIN)", brief.client.name));
    brief.client.connection.close();
    child_ends(&mut run, &brief)
}

fn child_ends(run: &mut TestRun, pair: &ClientAndChild) -> Result<(), CheckError> {
    wait_child_ended(run, pair.child).map_err(|wait_error| not_parted(run, pair, Some(wait_error)))
}

/// A child that never stops sending; it has to be ended before the story can be.
fn talks_on(run: &mut TestRun, pair: &ClientAndChild) -> CheckError {
    let name = &pair.client.name;
    let received = pair.client.connection.received().len();
    run.step(format!("{name} had {received} bytes, and reset its connection (RST)"));
    pair.client.connection.reset();
    let failure = Failure {
        id: "no-goodbye",
        mistake: Some("ignores-eof"),
        summary: format!("{name} has said its last word, and its child talks on."),
        expected: format!("the rest of its answer, then a FIN, and {name}'s child has ended"),
        observed: format!("{received} bytes and no end, for 7 that {name} had sent"),
    };
    process_evidence::fail(run, None, failure)
}

fn not_parted(run: &mut TestRun, pair: &ClientAndChild, wait_error: Option<Stuck>) -> CheckError {
    let name = &pair.client.name;
    let received = pair.client.connection.received().len();
    let open = holders(&run.server, &pair.client.connection).unwrap_or_default();
    let (mistake, summary, observed) = match &wait_error {
        Some(Stuck::Spinning(sample)) => (
            has_result(sample, &["read", "recvfrom", "recvmsg"], |count| count == 0)
                .then_some("ignores-eof"),
            format!("{name} has left, and its child never sleeps."),
            wait_error.as_ref().map(Stuck::to_string).unwrap_or_default(),
        ),
        _ if accepts(pair) => (
            Some("child-accepts"),
            format!("{name} has left, and its child has begun to accept clients itself."),
            "the child is asleep in accept".to_owned(),
        ),
        _ if open == [run.server.process()] => (
            Some("parent-keeps-client"),
            format!("{name}'s child has ended; the parent holds the connection open."),
            format!("{name} sees no FIN"),
        ),
        Some(_) => (
            None,
            format!("{name} will send no more, and its child does not end."),
            format!("{} of 7 bytes answered, and the child is still there", received),
        ),
        None => (
            None,
            format!("{name} was let go before it had its whole answer."),
            format!("{received} of 7 bytes answered, then {:?}", pair.client.connection.ended()),
        ),
    };
    let expected = format!("the rest of its answer, then a FIN, and {name}'s child has ended");
    let failure = Failure { id: "no-goodbye", mistake, summary, expected, observed };
    process_evidence::fail(run, wait_error, failure)
}

/// Whether the child sleeps where only the parent should.
fn accepts(pair: &ClientAndChild) -> bool {
    let threads = pair.child.threads().unwrap_or_default();
    threads.iter().filter_map(|it| it.call).any(|call| matches!(call.name(), "accept" | "accept4"))
}
