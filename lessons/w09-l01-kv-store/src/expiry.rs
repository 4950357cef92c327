//! Which keys expire, in the order in which they do.

use std::collections::BTreeMap;

/// Milliseconds since 1970, by a clock that runs evenly: nobody sets it while the server runs.
pub type Millis = i64;

/// When a key expires. The ticket tells keys apart that expire at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Expiry {
    /// Once this is past, the key is gone.
    pub at: Millis,
    ticket: u64,
}

/// The keys that expire, the first to do so first.
#[derive(Debug, Default)]
pub struct Expiries {
    queue: BTreeMap<Expiry, Box<[u8]>>,
    next_ticket: u64,
}

impl Expiries {
    /// Lets `key` expire once `at` is past.
    pub fn add(&mut self, at: Millis, key: &[u8]) -> Expiry {
        let expiry = Expiry { at, ticket: self.next_ticket };
        self.next_ticket += 1;
        self.queue.insert(expiry, key.into());
        expiry
    }

    /// Forgets an expiry.
    pub fn remove(&mut self, expiry: Expiry) {
        self.queue.remove(&expiry);
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.queue.clear();
    }

    /// When the first key expires.
    pub fn first(&self) -> Option<Millis> {
        self.queue.first_key_value().map(|(expiry, _)| expiry.at)
    }

    /// The first key, if its time is past.
    pub fn pop_due(&mut self, now: Millis) -> Option<Box<[u8]>> {
        let first = self.queue.first_entry()?;
        (first.key().at < now).then(|| first.remove())
    }
}
