//! Waits for a condition that never becomes true: what the observer finds in place of it.

use std::time::{Duration, Instant};
use witness::{Server, WaitError};

/// A time that is shorter than the time-out of 10 s, and longer than a busy machine needs.
const PROMPT: Duration = Duration::from_secs(8);

/// Waits for a condition that never becomes true. If the result is inconclusive because the machine
/// is too busy, the wait is repeated.
fn endless_wait(server: &mut Server) -> (WaitError, Duration) {
    for _ in 0..10 {
        let begun = Instant::now();
        let error = server.wait_for(|_| Ok(None::<()>)).unwrap_err();
        if !matches!(error, WaitError::Unobservable(_)) {
            return (error, begun.elapsed());
        }
    }
    panic!("the machine was too busy, 10 times");
}

pub(crate) fn expect_idle(server: &mut Server, call: &str) -> Duration {
    let (error, took) = endless_wait(server);
    let WaitError::Idle { calls } = &error else { panic!("{error}") };
    assert!(
        calls
            .iter()
            .any(|it| it.name().ends_with(call) || it.name() == "pselect6" && call == "select"),
        "{error}"
    );
    assert!(took < PROMPT, "{took:?}");
    eprintln!("idle in {call} after {took:?}");
    took
}

pub(crate) fn expect_loop(server: &mut Server, text: &str) -> Duration {
    let (error, took) = endless_wait(server);
    let WaitError::Spinning(sample) = &error else { panic!("{error}") };
    assert!(sample.to_string().contains(text), "{error}");
    assert!(took < PROMPT, "{took:?}");
    eprintln!("{error}: after {took:?}");
    took
}
