//! Recognizes that what is seen of a server does not change.

use std::time::{Duration, Instant};

/// The time after which what has just arrived, such as a new connection, has woken its thread.
const SETTLED: Duration = Duration::from_millis(3);

/// What was seen last, and since when it is the same.
#[derive(Debug)]
pub(crate) struct Unchanged<T> {
    seen: Option<(Instant, T)>,
}

impl<T> Default for Unchanged<T> {
    fn default() -> Self {
        Self { seen: None }
    }
}

impl<T: PartialEq> Unchanged<T> {
    /// Whether the same was seen for at least 3 ms, and is seen now. With `None`, the time begins again.
    pub(crate) fn has_settled(&mut self, now: Option<T>) -> bool {
        match (&self.seen, now) {
            (Some((since, before)), Some(now)) if *before == now => since.elapsed() >= SETTLED,
            (_, now) => {
                self.seen = now.map(|now| (Instant::now(), now));
                false
            }
        }
    }
}
