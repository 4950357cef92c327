//! The bytes that a client sends, and the answer that it must receive: letters in the other case,
//! and all other bytes unchanged.

use super::children::ClientAndChild;
use super::wrong_answer;
use crate::check_error::CheckError;
use crate::named_client::NamedClient;
use crate::test_run::TestRun;
use fastrand::Rng;

/// Bytes to send.
pub(super) struct Exchange {
    /// The name of the bytes in a step.
    pub(super) text: String,
    pub(super) bytes: Vec<u8>,
    /// The maximum number of bytes that are sent with one call.
    pub(super) chunk: usize,
}

impl Exchange {
    /// A few bytes that are sent with one call, and that a step shows in full.
    pub(super) fn at_once(bytes: Vec<u8>) -> Self {
        let (text, chunk) = (format!("\"{}\"", bytes.escape_ascii()), bytes.len());
        Exchange { text, bytes, chunk }
    }
}

/// A text that no server can know in advance: letters in both cases, digits and punctuation, e.g.
/// `Hqx zaW, 17!`.
pub(super) fn phrase(rng: &mut Rng) -> Vec<u8> {
    let mut word = |length| -> String { (0..length).map(|_| rng.alphabetic()).collect() };
    let (first, second) = (word(3), word(4));
    format!("A{first} z{second}, {}!", rng.u8(10..100)).into_bytes()
}

/// Every byte from 0 to 255 once, in an order that no server can know in advance.
pub(super) fn every_byte_value(rng: &mut Rng) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..=u8::MAX).collect();
    rng.shuffle(&mut bytes);
    bytes
}

/// What the server must answer.
pub(super) fn flipped(bytes: &[u8]) -> Vec<u8> {
    let flip = |byte: &u8| if byte.is_ascii_alphabetic() { byte ^ 0x20 } else { *byte };
    bytes.iter().map(flip).collect()
}

/// The client sends all bytes, and must receive the right answer.
pub(super) fn expect_answer(
    run: &mut TestRun,
    client: &NamedClient,
    exchange: &Exchange,
) -> Result<(), CheckError> {
    run.step(format!("{} sent {}", client.name, exchange.text));
    expect_answer_in_step(run, client, exchange)
}

/// As [`expect_answer`], and records no step: the caller has recorded one that mentions the bytes.
pub(super) fn expect_answer_in_step(
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
pub(super) fn expect_served(
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phrase_has_letters_of_both_cases_and_other_bytes() {
        let text = phrase(&mut Rng::with_seed(7));
        assert!(text.iter().any(u8::is_ascii_uppercase) && text.iter().any(u8::is_ascii_lowercase));
        assert!(text.iter().any(u8::is_ascii_digit) && text.contains(&b' '));
        assert_eq!(flipped(b"Ab[1\0\xff"), b"aB[1\0\xff");
    }
}
