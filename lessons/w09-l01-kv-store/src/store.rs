//! The keys, their values, and the expiry times of the keys.
#![allow(unused, reason = "tasks are still to do")]

use crate::error::Error;
use crate::expiry::{Expiry, ExpiryQueue, Millis};
use crate::watched_keys::{Change, WatchedKeys};
use foldhash::fast::RandomState;
use std::collections::{HashMap, VecDeque};

/// The maximum length of a string in bytes: 512 MB, as in Redis.
pub const MAX_STRING: usize = 512 << 20;

/// The value of a key.
#[derive(Debug)]
pub enum Value {
    /// A string, which may contain any bytes.
    String(Vec<u8>),
    /// A list of strings, which is never empty. The list is boxed, because a `VecDeque` in the enum
    /// would make every entry larger.
    List(Box<VecDeque<Box<[u8]>>>),
}

#[derive(Debug)]
struct Entry {
    value: Value,
    /// The expiry is boxed, because most keys have no expiry and a box makes the entry smaller.
    /// More small entries fit into the processor's caches.
    expiry: Option<Box<Expiry>>,
}

/// All keys. No method returns an expired key, even if the key was not removed yet.
#[derive(Debug, Default)]
pub struct Store {
    // The hash function has a random seed. Therefore clients cannot choose keys that all have the
    // same hash.
    entries: HashMap<Box<[u8]>, Entry, RandomState>,
    expiry_queue: ExpiryQueue,
    watched_keys: WatchedKeys,
    now: Millis,
}

impl Store {
    /// The current time, which was set by [`Store::set_now`].
    pub fn now(&self) -> Millis {
        self.now
    }

    /// Sets the current time.
    pub fn set_now(&mut self, now: Millis) {
        self.now = now;
    }

    /// The value of `key`.
    pub fn get(&mut self, key: &[u8]) -> Option<&Value> {
        self.remove_if_expired(key);
        self.entries.get(key).map(|entry| &entry.value)
    }

    /// A mutable reference to the value of `key`. For WATCH, the key counts as changed.
    pub fn get_mut(&mut self, key: &[u8]) -> Option<&mut Value> {
        self.remove_if_expired(key);
        self.watched_keys.changed(key);
        self.entries.get_mut(key).map(|entry| &mut entry.value)
    }

    /// Whether `key` exists.
    pub fn contains(&mut self, key: &[u8]) -> bool {
        self.remove_if_expired(key);
        self.entries.contains_key(key)
    }

    /// The string at `key`.
    ///
    /// # Errors
    /// WRONGTYPE if the value is a list.
    pub fn string(&mut self, key: &[u8]) -> Result<Option<&[u8]>, Error> {
        match self.get(key) {
            None => Ok(None),
            Some(Value::String(string)) => Ok(Some(string)),
            Some(Value::List(_)) => Err(Error::WrongType),
        }
    }

    /// Sets the value of `key` to a string. An old value of any type is replaced, and an old expiry
    /// is removed.
    pub fn set(&mut self, key: &[u8], string: &[u8]) {
        self.remove_if_expired(key);
        self.watched_keys.changed(key);
        todo!("Task 5: set the value of the key, and remove its expiry")
    }

    /// Like [`Store::set`], but the key keeps its expiry.
    pub fn set_and_keep_expiry(&mut self, key: &[u8], string: &[u8]) {
        todo!("Task 5: set the value of the key, and keep its expiry")
    }

    /// Adds a key that does not exist yet.
    pub fn insert(&mut self, key: &[u8], value: Value) {
        self.watched_keys.changed(key);
        self.entries.insert(key.into(), Entry { value, expiry: None });
    }

    /// Removes a key. Returns whether the key existed.
    pub fn remove(&mut self, key: &[u8]) -> bool {
        self.remove_if_expired(key);
        self.remove_entry(key)
    }

    /// Removes all keys.
    pub fn clear(&mut self) {
        self.watched_keys.all_removed(|key| self.entries.contains_key(key));
        self.entries = HashMap::default();
        self.expiry_queue.clear();
    }

    /// The number of keys.
    pub fn count(&mut self) -> usize {
        self.remove_expired(usize::MAX);
        self.entries.len()
    }

    /// All keys. The order of the keys is not defined.
    pub fn keys(&mut self) -> impl Iterator<Item = &[u8]> {
        self.remove_expired(usize::MAX);
        self.entries.keys().map(|key| &**key)
    }

    /// The time at which a key expires; `None` if the key never expires.
    pub fn expiry(&self, key: &[u8]) -> Option<Millis> {
        Some(self.entries.get(key)?.expiry.as_ref()?.at)
    }

    /// Sets the time at which a key expires; `None` means never. Returns whether the key exists.
    pub fn set_expiry(&mut self, key: &[u8], at: Option<Millis>) -> bool {
        self.remove_if_expired(key);
        todo!("Task 6: replace the old expiry by the new one, in the entry and in the queue")
    }

    /// The time at which the next key expires; `None` if no key expires.
    pub fn next_expiry(&self) -> Option<Millis> {
        self.expiry_queue.first()
    }

    /// Removes expired keys, at most `most` of them.
    pub fn remove_expired(&mut self, most: usize) {
        if self.nothing_is_due() {
            return;
        }
        todo!("Task 6: remove the expired keys, the earliest first")
    }

    /// Removes `key` if the key has expired.
    fn remove_if_expired(&mut self, key: &[u8]) {
        if self.nothing_is_due() {
            return;
        }
        todo!("Task 6: remove the key if it has expired")
    }

    /// Whether no key has expired. This check is fast, because it looks only at the earliest expiry
    /// time.
    fn nothing_is_due(&self) -> bool {
        self.expiry_queue.first().is_none_or(|first| first >= self.now)
    }

    /// Removes the entry of `key` and its expiry. Returns whether the entry existed.
    fn remove_entry(&mut self, key: &[u8]) -> bool {
        let Some(entry) = self.entries.remove(key) else {
            return false;
        };
        if let Some(expiry) = entry.expiry {
            self.expiry_queue.remove(*expiry);
        }
        self.watched_keys.changed(key);
        true
    }

    /// Adds a watch to `key`. Returns the last change of `key`.
    pub fn watch(&mut self, key: &[u8]) -> Change {
        self.remove_if_expired(key);
        self.watched_keys.add(key)
    }

    /// Removes a watch from `key`.
    pub fn unwatch(&mut self, key: &[u8]) {
        self.watched_keys.remove(key);
    }

    /// Whether a watched key has changed since the change `seen`.
    pub fn has_changed(&mut self, key: &[u8], seen: Change) -> bool {
        self.remove_if_expired(key);
        self.watched_keys.last_change(key) != Some(seen)
    }
}

/// Replaces `value` by `string`. Reuses the memory of the old string, unless this memory is more
/// than twice as large as the new string.
fn replace(value: &mut Value, string: &[u8]) {
    match value {
        Value::String(old) if old.capacity() / 2 <= string.len() => {
            old.clear();
            old.extend_from_slice(string);
        }
        other => *other = Value::String(string.to_vec()),
    }
}
