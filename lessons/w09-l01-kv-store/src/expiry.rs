//! The keys that expire, sorted by time.

use std::collections::BTreeMap;

/// Milliseconds since 1970. The clock is monotonic: it does not jump when the system's clock is set.
pub type Millis = i64;

/// The time at which a key expires. Expiries of the same time differ in their sequence number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Expiry {
    /// The last millisecond at which the key is there.
    pub at: Millis,
    sequence: u64,
}

/// The keys that expire, the earliest first.
#[derive(Debug, Default)]
pub struct ExpiryQueue {
    keys: BTreeMap<Expiry, Box<[u8]>>,
    next_sequence: u64,
}

impl ExpiryQueue {
    /// Adds `key`, which expires when `at` is past.
    pub fn add(&mut self, at: Millis, key: &[u8]) -> Expiry {
        let expiry = Expiry { at, sequence: self.next_sequence };
        self.next_sequence += 1;
        self.keys.insert(expiry, key.into());
        expiry
    }

    /// Removes an expiry: its key never expires.
    pub fn remove(&mut self, expiry: Expiry) {
        self.keys.remove(&expiry);
    }

    /// Removes every expiry.
    pub fn clear(&mut self) {
        self.keys.clear();
    }

    /// The time at which the first key expires; `None` where no key does.
    pub fn first(&self) -> Option<Millis> {
        self.keys.first_key_value().map(|(expiry, _)| expiry.at)
    }

    /// Takes the first key out of the queue, if its time is past.
    pub fn pop_due(&mut self, now: Millis) -> Option<Box<[u8]>> {
        let first = self.keys.first_entry()?;
        (first.key().at < now).then(|| first.remove())
    }
}
