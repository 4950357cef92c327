//! The criterion `flips`: what a child answers.

use super::children::{ClientAndChild, connect_with_child};
use super::exchange::{expect_answer, expect_answer_in_step};
use super::message::{Exchange, every_byte_value, phrase};
use super::{process_evidence, wrong_answer};
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::named_client::NamedClient;
use crate::test_run::TestRun;
use fastrand::Rng;

/// The number of bytes of the longest text.
const LONG: usize = 20_000;

/// Letters change case, and other bytes do not change, for any division of the bytes into chunks.
pub(crate) fn flips(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut rng = context.random("flips");
    let mut run = context.start()?;
    let silent = connect_with_child(&mut run, &[])?;
    let ClientAndChild { client, .. } = connect_with_child(&mut run, &[&silent])?;

    // A server that answers whole lines, or stops at a NUL byte, fails at the first exchange that
    // shows this. Therefore the exchanges become harder step by step.
    let exchanges = exchanges(&mut rng);
    for exchange in &exchanges {
        expect_answer(&mut run, &client, exchange)?;
    }
    let sent: usize = exchanges.iter().map(|exchange| exchange.bytes.len()).sum();
    let sent = sent + expect_each_byte_answered(&mut run, &client, &mut rng)?;

    // The client that has been silent so far gets its own answer.
    expect_answer(&mut run, &silent.client, &Exchange::at_once(phrase(&mut rng)))?;
    expect_nothing_more(&mut run, &client, sent)
}

fn exchanges(rng: &mut Rng) -> Vec<Exchange> {
    let line = |rng: &mut Rng| [phrase(rng), b"\n".to_vec()].concat();
    // Nothing follows byte 0xff. If a server closes a connection with unread bytes, the kernel
    // discards the bytes that it has not sent yet, and the answer would end earlier.
    let with_ff = [phrase(rng), b"\xff".to_vec()].concat();
    let with_nul = [phrase(rng), b"\0".to_vec(), phrase(rng)].concat();
    let every = every_byte_value(rng);
    let long: Vec<u8> = (0..LONG).map(|_| rng.u8(..)).collect();
    let chunk = rng.usize(300..1500);
    vec![
        Exchange::at_once(line(rng)),
        Exchange::at_once(line(rng)),
        Exchange::at_once(phrase(rng)),
        Exchange::at_once(with_nul),
        Exchange::at_once(with_ff),
        Exchange {
            text: "every byte from 0 to 255, in any order".into(),
            bytes: every.clone(),
            chunk: 256,
        },
        Exchange { text: "the same, a byte at a time".into(), bytes: every, chunk: 1 },
        Exchange { text: format!("{LONG} bytes, {chunk} at a time"), bytes: long, chunk },
    ]
}

/// The client sends each byte after it has received the answer to the byte before, as a person
/// types. Returns the number of bytes.
fn expect_each_byte_answered(
    run: &mut TestRun,
    client: &NamedClient,
    rng: &mut Rng,
) -> Result<usize, CheckError> {
    let typed = phrase(rng);
    run.step(format!(
        "{} sent \"{}\", each byte after the answer to the byte before",
        client.name,
        typed.escape_ascii()
    ));
    for byte in &typed {
        expect_answer_in_step(run, client, &Exchange::at_once(vec![*byte]))?;
    }
    Ok(typed.len())
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
        summary: wrong_answer::too_many_bytes(client),
        expected: format!("{sent} bytes, a byte for each byte"),
        observed: format!("{answered} bytes"),
        ..Failure::default()
    };
    Err(process_evidence::fail(run, wait_error, failure))
}
