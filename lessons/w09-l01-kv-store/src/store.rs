//! The keys, their values, and when they expire.
#![allow(unused, reason = "tasks are still to do")]

use crate::Error;
use crate::expiry::{Expiries, Expiry, Millis};
use crate::watched::{Change, Watched};
use foldhash::fast::RandomState;
use std::collections::{HashMap, VecDeque};

/// The longest that a string may be: 512 MB, as in Redis.
pub const LONGEST: usize = 512 << 20;

/// What a key holds.
#[derive(Debug)]
pub enum Value {
    /// A string: any bytes.
    Text(Vec<u8>),
    /// A list of strings, never empty. Boxed, so that it does not make every entry larger.
    List(Box<VecDeque<Box<[u8]>>>),
}

#[derive(Debug)]
struct Entry {
    value: Value,
    /// Boxed, for most keys have none: the smaller an entry, the more of them are in the cache.
    expiry: Option<Box<Expiry>>,
}

/// All keys. A key whose time is past is never seen, whether or not it was removed yet.
#[derive(Debug, Default)]
pub struct Store {
    // Keyed: nobody can choose keys that all collide, without knowing the server's own seed.
    entries: HashMap<Box<[u8]>, Entry, RandomState>,
    expiries: Expiries,
    watched: Watched,
    now: Millis,
}

impl Store {
    /// What time it is.
    pub fn now(&self) -> Millis {
        self.now
    }

    /// Lets time pass.
    pub fn set_now(&mut self, now: Millis) {
        self.now = now;
    }

    /// What `key` holds.
    pub fn get(&mut self, key: &[u8]) -> Option<&Value> {
        self.expire(key);
        self.entries.get(key).map(|entry| &entry.value)
    }

    /// What `key` holds, to be changed. It counts as changed.
    pub fn get_mut(&mut self, key: &[u8]) -> Option<&mut Value> {
        self.expire(key);
        self.watched.changed(key);
        self.entries.get_mut(key).map(|entry| &mut entry.value)
    }

    /// Whether there is such a key.
    pub fn contains(&mut self, key: &[u8]) -> bool {
        self.expire(key);
        self.entries.contains_key(key)
    }

    /// The string that `key` holds.
    ///
    /// # Errors
    /// WRONGTYPE where it holds a list.
    pub fn text(&mut self, key: &[u8]) -> Result<Option<&[u8]>, Error> {
        match self.get(key) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(Value::List(_)) => Err(Error::WrongType),
        }
    }

    /// Lets `key` hold a string, whatever it held before, and for ever.
    pub fn set(&mut self, key: &[u8], text: &[u8]) {
        self.expire(key);
        self.watched.changed(key);
        todo!("Task 2: give the key its string, and take away its expiry")
    }

    /// As [`Store::set`], but a key that expires still does.
    pub fn set_and_keep_expiry(&mut self, key: &[u8], text: &[u8]) {
        todo!("Task 2: give the key its string, and leave its expiry")
    }

    /// Makes a key that is not there.
    pub fn insert(&mut self, key: &[u8], value: Value) {
        self.watched.changed(key);
        self.entries.insert(key.into(), Entry { value, expiry: None });
    }

    /// Removes a key. Answers whether there was one.
    pub fn remove(&mut self, key: &[u8]) -> bool {
        self.expire(key);
        self.take(key)
    }

    /// Removes every key.
    pub fn clear(&mut self) {
        self.watched.all_removed(|key| self.entries.contains_key(key));
        self.entries = HashMap::default();
        self.expiries.clear();
    }

    /// How many keys there are.
    pub fn count(&mut self) -> usize {
        self.sweep(usize::MAX);
        self.entries.len()
    }

    /// Every key, in no order.
    pub fn keys(&mut self) -> impl Iterator<Item = &[u8]> {
        self.sweep(usize::MAX);
        self.entries.keys().map(|key| &**key)
    }

    /// When a key expires, if it does.
    pub fn expiry(&self, key: &[u8]) -> Option<Millis> {
        Some(self.entries.get(key)?.expiry.as_ref()?.at)
    }

    /// Lets a key expire once `at` is past, or never. Answers whether there is such a key.
    pub fn set_expiry(&mut self, key: &[u8], at: Option<Millis>) -> bool {
        self.expire(key);
        todo!("Task 4: note when the key expires, in place of what was noted before")
    }

    /// When the next key expires.
    pub fn next_expiry(&self) -> Option<Millis> {
        self.expiries.first()
    }

    /// Removes keys whose time is past, `most` of them at the most.
    pub fn sweep(&mut self, most: usize) {
        if self.nothing_is_due() {
            return;
        }
        todo!("Task 4: remove the keys that are due, the first to expire first")
    }

    /// Removes a key whose time is past.
    fn expire(&mut self, key: &[u8]) {
        if self.nothing_is_due() {
            return;
        }
        todo!("Task 4: remove the key if its time is past")
    }

    /// Most often not a single key's time is past, which is quickly seen.
    fn nothing_is_due(&self) -> bool {
        self.expiries.first().is_none_or(|first| first >= self.now)
    }

    fn take(&mut self, key: &[u8]) -> bool {
        let Some(entry) = self.entries.remove(key) else {
            return false;
        };
        if let Some(expiry) = entry.expiry {
            self.expiries.remove(*expiry);
        }
        self.watched.changed(key);
        true
    }

    /// Has a client watch `key`. Answers the last change that it knows of.
    pub fn watch(&mut self, key: &[u8]) -> Change {
        self.expire(key);
        self.watched.add(key)
    }

    /// One client watches `key` no more.
    pub fn unwatch(&mut self, key: &[u8]) {
        self.watched.remove(key);
    }

    /// Whether a watched key has changed since `seen`.
    pub fn has_changed(&mut self, key: &[u8], seen: Change) -> bool {
        self.expire(key);
        self.watched.last_change(key) != Some(seen)
    }
}

/// Puts `text` where `value` was, in the same memory unless that is far too large.
fn replace(value: &mut Value, text: &[u8]) {
    match value {
        Value::Text(old) if old.capacity() / 2 <= text.len() => {
            old.clear();
            old.extend_from_slice(text);
        }
        other => *other = Value::Text(text.to_vec()),
    }
}
