//! Keys, values and sizes that are drawn anew in each run. A server cannot know them in advance, so
//! a server that repeats a recorded conversation is not proved.

use crate::check_context::CheckContext;
use fastrand::Rng;
use std::ops::RangeInclusive;

/// Draws the values of one criterion. The same seed gives the same values again.
pub(super) struct Draws(Rng);

impl Draws {
    /// The values of the criterion with this id.
    pub(super) fn new(context: &CheckContext<'_>, criterion: &str) -> Self {
        Self(context.random(criterion))
    }

    /// A word of 8 to 14 lower-case letters. With so many letters, two words of one run differ.
    pub(super) fn word(&mut self) -> String {
        let length = self.0.usize(8..=14);
        self.letters(length)
    }

    /// Several words.
    pub(super) fn words<const N: usize>(&mut self) -> [String; N] {
        [(); N].map(|()| self.word())
    }

    /// A text of `length` lower-case letters.
    pub(super) fn letters(&mut self, length: usize) -> String {
        (0..length).map(|_| self.0.lowercase()).collect()
    }

    /// `length` bytes of any value.
    pub(super) fn bytes(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.0.fill(&mut bytes);
        bytes
    }

    pub(super) fn number(&mut self, range: RangeInclusive<i64>) -> i64 {
        self.0.i64(range)
    }

    pub(super) fn size(&mut self, range: RangeInclusive<usize>) -> usize {
        self.0.usize(range)
    }

    /// `word` in upper case or in lower case. The names of commands and options may have both.
    pub(super) fn case(&mut self, word: &str) -> String {
        if self.0.bool() { word.to_ascii_uppercase() } else { word.to_ascii_lowercase() }
    }

    /// Puts `items` into another order.
    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        self.0.shuffle(items);
    }
}
