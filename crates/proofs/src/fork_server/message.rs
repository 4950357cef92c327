//! The bytes that a client sends, and the answer that it must receive: letters in the other case,
//! and all other bytes unchanged.

use fastrand::Rng;

/// Bytes to send.
pub(crate) struct Exchange {
    /// The name of the bytes in a step.
    pub(crate) text: String,
    pub(crate) bytes: Vec<u8>,
    /// The maximum number of bytes that are sent with one call.
    pub(crate) chunk: usize,
}

impl Exchange {
    /// A few bytes that are sent with one call, and that a step shows in full.
    pub(crate) fn at_once(bytes: Vec<u8>) -> Self {
        let (text, chunk) = (format!("\"{}\"", bytes.escape_ascii()), bytes.len());
        Exchange { text, bytes, chunk }
    }
}

/// A text that no server can know in advance: letters in both cases, digits and punctuation, e.g.
/// `Hqx zaW, 17!`.
pub(crate) fn phrase(rng: &mut Rng) -> Vec<u8> {
    let mut word = |length| -> String { (0..length).map(|_| rng.alphabetic()).collect() };
    let (first, second) = (word(3), word(4));
    format!("A{first} z{second}, {}!", rng.u8(10..100)).into_bytes()
}

/// Every byte from 0 to 255 once, in an order that no server can know in advance.
pub(crate) fn every_byte_value(rng: &mut Rng) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..=u8::MAX).collect();
    rng.shuffle(&mut bytes);
    bytes
}

/// What the server must answer.
pub(crate) fn flipped(bytes: &[u8]) -> Vec<u8> {
    let flip = |byte: &u8| if byte.is_ascii_alphabetic() { byte ^ 0x20 } else { *byte };
    bytes.iter().map(flip).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phrase_has_letters_of_both_cases_and_other_bytes() {
        let text = phrase(&mut Rng::with_seed(7));
        assert!(text.iter().any(u8::is_ascii_uppercase) && text.iter().any(u8::is_ascii_lowercase));
        assert!(text.iter().any(u8::is_ascii_digit) && text.contains(&b' '));
        assert_eq!(flipped(b"Ab[1\0\xff"), b"aB[1\0\xff");
    }
}
