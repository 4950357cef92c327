//! Fingerprints: hashes of some of the passages of a program, chosen so that every common passage of
//! at least `LENGTH + WINDOW - 1` tokens has a common fingerprint.

use super::tokens::Token;
use std::collections::BTreeMap;

/// The number of tokens of a passage that is hashed: about three lines of code.
pub(super) const LENGTH: usize = 20;
/// One of so many hashes that follow one another is a fingerprint.
const WINDOW: usize = 8;

/// The hash of every passage of [`LENGTH`] tokens, in order.
pub(super) fn hashes(tokens: &[Token]) -> Vec<u64> {
    tokens.windows(LENGTH).map(hash).collect()
}

/// The fingerprints of a program, each with the index of the first token of its passage. A
/// fingerprint is the smallest hash in a window of hashes; of several, the last one.
pub(super) fn fingerprints(tokens: &[Token]) -> BTreeMap<u64, usize> {
    let mut chosen = BTreeMap::new();
    let mut start = 0;
    for file in tokens.split(|token| token.is_end()) {
        choose(file, start, &mut chosen);
        start += file.len() + 1;
    }
    chosen
}

/// Adds the fingerprints of one file, whose first token has the index `first`.
fn choose(file: &[Token], first: usize, chosen: &mut BTreeMap<u64, usize>) {
    let hashes = hashes(file);
    for (start, window) in hashes.windows(WINDOW.min(hashes.len()).max(1)).enumerate() {
        let smallest = window.iter().enumerate().rev().min_by_key(|(_, hash)| **hash);
        if let Some((offset, hash)) = smallest {
            chosen.entry(*hash).or_insert(first + start + offset);
        }
    }
}

/// FNV-1a over the kinds of the tokens, mixed at the end so that small hashes are not of similar
/// passages.
fn hash(passage: &[Token]) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325_u64;
    let hash = passage
        .iter()
        .fold(start, |hash, token| (hash ^ u64::from(token.kind)).wrapping_mul(0x0100_0000_01b3));
    (hash ^ (hash >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}
