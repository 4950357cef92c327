//! The keys that expire, sorted by expiry time.

use std::collections::BTreeMap;

/// Milliseconds since 1970. The clock is monotonic: it does not jump when the system clock is
/// changed.
pub type Millis = i64;

/// The time at which a key expires. Two expiries at the same time differ in their sequence numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Expiry {
    /// The last millisecond in which the key exists.
    pub at: Millis,
    sequence: u64,
}

/// The keys that expire, in the order of their expiry times.
#[derive(Debug, Default)]
pub struct ExpiryQueue {
    keys: BTreeMap<Expiry, Box<[u8]>>,
    next_sequence: u64,
}

impl ExpiryQueue {
    /// Adds `key`, which has expired when the current time is later than `at`.
    pub fn add(&mut self, at: Millis, key: &[u8]) -> Expiry {
        let expiry = Expiry { at, sequence: self.next_sequence };
        self.next_sequence += 1;
        self.keys.insert(expiry, key.into());
        expiry
    }

    /// Removes an expiry from the queue, so that the key of this expiry does not expire.
    pub fn remove(&mut self, expiry: Expiry) {
        self.keys.remove(&expiry);
    }

    /// Removes all expiries.
    pub fn clear(&mut self) {
        self.keys.clear();
    }

    /// The earliest expiry time; `None` if no key expires.
    pub fn first(&self) -> Option<Millis> {
        self.keys.first_key_value().map(|(expiry, _)| expiry.at)
    }

    /// Removes the first key from the queue and returns it, if the key has expired.
    pub fn pop_due(&mut self, now: Millis) -> Option<Box<[u8]>> {
        let first = self.keys.first_entry()?;
        (first.key().at < now).then(|| first.remove())
    }
}
