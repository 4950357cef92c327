//! The keys that clients watch (WATCH), and the number of each key's last change.

use foldhash::fast::RandomState;
use std::collections::HashMap;

/// The number of a change. A later change has a higher number. 0 means that the key has not
/// changed.
pub type Change = u64;

#[derive(Debug, Default)]
struct WatchedKey {
    /// The number of watches on the key: each WATCH adds one, and each end of a watch removes one.
    watchers: usize,
    last_change: Change,
}

/// The keys that at least one client watches. If no key is watched, a change costs only the check
/// that this map is empty.
#[derive(Debug, Default)]
pub struct WatchedKeys {
    keys: HashMap<Box<[u8]>, WatchedKey, RandomState>,
    changes: Change,
}

impl WatchedKeys {
    /// Adds a watch to `key`. Returns the last change of `key`.
    pub fn add(&mut self, key: &[u8]) -> Change {
        let watched = self.keys.entry(key.into()).or_default();
        watched.watchers += 1;
        watched.last_change
    }

    /// Removes a watch from `key`.
    pub fn remove(&mut self, key: &[u8]) {
        if let Some(watched) = self.keys.get_mut(key) {
            watched.watchers -= 1;
            if watched.watchers == 0 {
                self.keys.remove(key);
            }
        }
    }

    /// Records that `key` was created, changed or removed.
    pub fn changed(&mut self, key: &[u8]) {
        if self.keys.is_empty() {
            return;
        }
        if let Some(watched) = self.keys.get_mut(key) {
            self.changes += 1;
            watched.last_change = self.changes;
        }
    }

    /// Records that every key of the store is removed. `exists` returns whether a key was in the
    /// store.
    pub fn all_removed(&mut self, exists: impl Fn(&[u8]) -> bool) {
        self.changes += 1;
        for (_, watched) in self.keys.iter_mut().filter(|(key, _)| exists(key)) {
            watched.last_change = self.changes;
        }
    }

    /// The last change of `key`; `None` if no client watches `key`.
    pub fn last_change(&self, key: &[u8]) -> Option<Change> {
        self.keys.get(key).map(|watched| watched.last_change)
    }
}
