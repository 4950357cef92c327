//! Finds a long repetition of one or two system calls in a list of events.

use std::ops::Range;

/// A repetition of at least this many items is shown by its first and its last items.
const MANY: usize = 12;
const FIRST: usize = 4;
const LAST: usize = 2;

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// The item with this number is shown.
    Item(usize),
    /// These items are left out.
    LeftOut(Range<usize>),
}

/// The parts of a list with these keys. Items repeat if their keys do. An item without a key is always
/// shown.
pub fn parts<K: PartialEq>(keys: &[Option<K>]) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut at = 0;
    while at < keys.len() {
        let length = (1..=2).map(|period| repetition(&keys[at..], period)).max().unwrap_or(0);
        if length < MANY {
            parts.push(Part::Item(at));
            at += 1;
            continue;
        }
        let (first, last) = (at + FIRST, at + length - LAST);
        parts.extend((at..first).map(Part::Item));
        parts.push(Part::LeftOut(first..last));
        at += length;
        parts.extend((last..at).map(Part::Item));
    }
    parts
}

/// What is shown in place of items that are left out.
pub fn left_out(count: usize) -> String {
    format!("… {count} more like these")
}

/// The first word of an event's text, which names the call.
pub fn first_word(text: &str) -> String {
    text.split(['(', ' ']).next().unwrap_or_default().to_owned()
}

/// The number of first keys that repeat after `period` keys.
fn repetition<K: PartialEq>(keys: &[Option<K>], period: usize) -> usize {
    let pairs = keys.iter().zip(keys.iter().skip(period));
    match pairs.take_while(|(one, next)| one.is_some() && one == next).count() {
        0 => 0,
        count => count + period,
    }
}
