//! The keys that clients watch (WATCH), and the last change of each.

use foldhash::fast::RandomState;
use std::collections::HashMap;

/// The number of a change. A later change has a higher number. 0 is before the first change.
pub type Change = u64;

#[derive(Debug, Default)]
struct WatchedKey {
    /// How many times clients have named the key in WATCH, and not ended that yet.
    watchers: usize,
    last_change: Change,
}

/// The keys that at least one client watches. While there are none, to report a change costs
/// nothing.
#[derive(Debug, Default)]
pub struct WatchedKeys {
    keys: HashMap<Box<[u8]>, WatchedKey, RandomState>,
    changes: Change,
}

impl WatchedKeys {
    /// Adds a watcher to `key`. Returns the last change of the key.
    pub fn add(&mut self, key: &[u8]) -> Change {
        let watched = self.keys.entry(key.into()).or_default();
        watched.watchers += 1;
        watched.last_change
    }

    /// Removes a watcher from `key`.
    pub fn remove(&mut self, key: &[u8]) {
        if let Some(watched) = self.keys.get_mut(key) {
            watched.watchers -= 1;
            if watched.watchers == 0 {
                self.keys.remove(key);
            }
        }
    }

    /// Notes that `key` was created, changed or removed.
    pub fn changed(&mut self, key: &[u8]) {
        if self.keys.is_empty() {
            return;
        }
        if let Some(watched) = self.keys.get_mut(key) {
            self.changes += 1;
            watched.last_change = self.changes;
        }
    }

    /// Notes that every key of the store is removed; `exists` tells which keys those are.
    pub fn all_removed(&mut self, exists: impl Fn(&[u8]) -> bool) {
        self.changes += 1;
        for (_, watched) in self.keys.iter_mut().filter(|(key, _)| exists(key)) {
            watched.last_change = self.changes;
        }
    }

    /// The last change of a key; `None` where no client watches that key.
    pub fn last_change(&self, key: &[u8]) -> Option<Change> {
        self.keys.get(key).map(|watched| watched.last_change)
    }
}
