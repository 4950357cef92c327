//! Which keys are watched (WATCH), and what has happened to them since.

use foldhash::fast::RandomState;
use std::collections::HashMap;

/// Names a change: a later one has a higher number. 0 comes before all changes.
pub type Change = u64;

#[derive(Debug, Default)]
struct Watch {
    watchers: usize,
    last_change: Change,
}

/// The keys that some client watches. While there are none, a change costs nothing to report.
#[derive(Debug, Default)]
pub struct Watched {
    keys: HashMap<Box<[u8]>, Watch, RandomState>,
    changes: Change,
}

impl Watched {
    /// One more client watches `key`. Answers the last change until now.
    pub fn add(&mut self, key: &[u8]) -> Change {
        let watch = self.keys.entry(key.into()).or_default();
        watch.watchers += 1;
        watch.last_change
    }

    /// One client less watches `key`.
    pub fn remove(&mut self, key: &[u8]) {
        if let Some(watch) = self.keys.get_mut(key) {
            watch.watchers -= 1;
            if watch.watchers == 0 {
                self.keys.remove(key);
            }
        }
    }

    /// `key` is not what it was.
    pub fn changed(&mut self, key: &[u8]) {
        if self.keys.is_empty() {
            return;
        }
        if let Some(watch) = self.keys.get_mut(key) {
            self.changes += 1;
            watch.last_change = self.changes;
        }
    }

    /// Every key for which `exists` holds is gone.
    pub fn all_removed(&mut self, exists: impl Fn(&[u8]) -> bool) {
        self.changes += 1;
        for (_, watch) in self.keys.iter_mut().filter(|(key, _)| exists(key)) {
            watch.last_change = self.changes;
        }
    }

    /// The last change of a key that is watched.
    pub fn last_change(&self, key: &[u8]) -> Option<Change> {
        self.keys.get(key).map(|watch| watch.last_change)
    }
}
