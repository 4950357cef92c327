//! Texts: the random lines that the clients get, and how bytes are shown in sentences.

use fastrand::Rng;

/// The maximum number of bytes that are shown in full in a sentence.
const SHOWN: usize = 100;
/// The number of bytes that are shown of a longer text.
const SHOWN_OF_LONGER: usize = 20;

/// A text of `length` printable ASCII characters that a client cannot know in advance. It has no
/// spaces at its ends, because a reader of a report would not see them.
pub(super) fn random_text(random: &mut Rng, length: usize) -> String {
    let mut text: Vec<u8> = (0..length).map(|_| random.alphanumeric() as u8).collect();
    // Words: a client that reads words and not a line would send only the first one.
    for at in (3..length.saturating_sub(1)).step_by(7) {
        text[at] = b' ';
    }
    String::from_utf8_lossy(&text).into_owned()
}

/// A text that a client has to send as it is. It has blanks and tabs at its ends and in its middle,
/// and characters that have a meaning for printf(3), for a shell, and in string literals.
pub(super) fn unusual_text(random: &mut Rng) -> String {
    let mut parts =
        ["%s%n", "%d", "\\n", "\\\\", "$HOME", "`id`", "*", "#", "'a'", "\"b\"", "a  b", "a\tb"];
    random.shuffle(&mut parts);
    let word = random_text(random, 3);
    format!(" \t{word} {} {word}\t  ", parts.join(" "))
}

/// A text for a sentence. Of a long text, the length and the first bytes are shown.
pub(super) fn quoted(text: &str) -> String {
    bytes(text.as_bytes())
}

/// Bytes for a sentence.
pub(super) fn bytes(bytes: &[u8]) -> String {
    match bytes {
        [] => "nothing".to_owned(),
        _ if bytes.len() <= SHOWN => format!("\"{}\"", bytes.escape_ascii()),
        _ => format!("\"{}…\" ({} bytes)", bytes[..SHOWN_OF_LONGER].escape_ascii(), bytes.len()),
    }
}
