//! No client sees a part of a transaction.

use super::{Pair, queued};
use crate::check_error::{CheckError, Failure};
use crate::w09_l01::resp::{Reply, array, bulk, command, number, ok};
use crate::w09_l01::store_run::words;

/// The number of transactions, and how often the other client looks during each of them: 2,000
/// times in all.
const TRANSACTIONS: i64 = 20;
const LOOKS: usize = 100;
/// How often a transaction adds 1 to each of its two counters.
const ADDED: i64 = 25;

/// A client's transactions add to one counter and then to another one. Meanwhile, the other client
/// asks for both counters again and again. Outside the transactions, the counters are equal.
pub(super) fn atomic(pair: &mut Pair) -> Result<(), CheckError> {
    let [a, b] = pair.draws.words();
    let look = format!("MGET {a} {b}");
    for round in 0..TRANSACTIONS {
        let mut lines = vec![("MULTI".to_owned(), ok())];
        for counter in [&a, &b] {
            lines.extend((0..ADDED).map(|_| (format!("INCR {counter}"), queued())));
        }
        let from = pair.store.run.step_count();
        // The server is stopped until the whole transaction has arrived. While it runs the
        // transaction, the other client's commands arrive one after the other.
        let start = round * ADDED;
        let replies: Vec<_> = (1..=ADDED).map(|added| number(start + added)).collect();
        lines.push(("EXEC".to_owned(), array([&replies[..], &replies].concat())));
        pair.store.run.step("the server was stopped (SIGSTOP)");
        let is_paused = pair.store.run.server.pause().is_ok();
        pair.store.send_pipeline(&mut pair.client, &lines)?;
        if is_paused {
            pair.store.run.step("the server was continued (SIGCONT)");
            let _ = pair.store.run.server.resume();
        }
        pair.store.run.step(format!("{} sent {look} {LOOKS} times", pair.other.name()));
        for _ in 0..LOOKS {
            pair.other.send(&command(&words(&look)));
        }
        pair.store.expect_answers(&mut pair.client, &lines)?;
        for _ in 0..LOOKS {
            let got = pair.store.wait_reply(&mut pair.other, &look, "both counters")?;
            expect_equal(pair, &look, &got)?;
        }
        pair.store.merge_steps(from);
    }
    let sum = bulk((TRANSACTIONS * ADDED).to_string());
    pair.expect([(look, array([sum.clone(), sum]))])
}

fn expect_equal(pair: &mut Pair, look: &str, got: &Reply) -> Result<(), CheckError> {
    if matches!(got, Reply::Array(both) if matches!(&both[..], [a, b] if a == b)) {
        return Ok(());
    }
    Err(pair.store.run.fail_now(Failure {
        id: "not-atomic",
        mistake: None,
        summary: format!(
            "While a transaction added {ADDED} to each of two counters, {look} was answered {got}."
        ),
        expected: "two equal numbers: all of the transaction, or none of it".to_owned(),
        observed: got.to_string(),
    }))
}
