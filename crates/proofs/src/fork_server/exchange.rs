//! A client sends bytes, and must receive the right answer.

use super::children::ClientAndChild;
use super::message::{Exchange, flipped, phrase};
use super::wrong_answer;
use crate::check_error::CheckError;
use crate::named_client::NamedClient;
use crate::test_run::TestRun;
use fastrand::Rng;

/// The client sends all bytes, and must receive the right answer.
pub(crate) fn expect_answer(
    run: &mut TestRun,
    client: &NamedClient,
    exchange: &Exchange,
) -> Result<(), CheckError> {
    run.step(format!("{} sent {}", client.name, exchange.text));
    expect_answer_in_step(run, client, exchange)
}

/// As [`expect_answer`], and records no step: the caller has recorded one that mentions the bytes.
pub(crate) fn expect_answer_in_step(
    run: &mut TestRun,
    client: &NamedClient,
    exchange: &Exchange,
) -> Result<(), CheckError> {
    let (connection, wanted) = (client.connection.clone(), flipped(&exchange.bytes));
    let from = connection.received().len();
    let mut left = exchange.bytes.as_slice();
    let done = run.server.wait_for(|_| {
        // Send as many bytes as the connection accepts now.
        while let Some(chunk) = left.chunks(exchange.chunk).next() {
            match connection.send(chunk) {
                Ok(count @ 1..) => left = &left[count..],
                _ => break,
            }
        }
        // Stop waiting at a whole answer, at a wrong byte, or at the end of the connection.
        let has_ended = connection.ended().is_some();
        let answer = connection.received_from(from);
        let is_known = has_ended || answer.len() >= wanted.len() || !wanted.starts_with(&answer);
        Ok(is_known.then_some(()))
    });
    let answer = connection.received_from(from);
    if answer == wanted {
        return Ok(());
    }
    Err(wrong_answer::explain(run, client, exchange, &answer, done.err()))
}

/// Checks that clients that are connected receive their answers.
pub(crate) fn expect_served(
    run: &mut TestRun,
    rng: &mut Rng,
    pairs: &[&ClientAndChild],
) -> Result<(), CheckError> {
    for pair in pairs {
        expect_answer(run, &pair.client, &Exchange::at_once(phrase(rng)))
            .map_err(|error| error.depends_on("flips"))?;
    }
    Ok(())
}
