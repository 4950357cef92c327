//! The keys, and the line that is typed.

use nix::unistd::read;
use std::io::{self, stdin};

/// A key of the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Char(char),
    Enter,
    Escape,
    Backspace,
    /// The arrow up, or left.
    Previous,
    /// The arrow down, or right.
    Next,
    /// Ctrl-D, or the end of the terminal.
    End,
    /// Ctrl-U: removes the line.
    Clear,
    Other,
}

/// The keys that were pressed. `None` if the terminal is gone.
///
/// # Errors
/// The error of read(2).
pub(super) fn pressed() -> io::Result<Option<Vec<Key>>> {
    let mut bytes = [0; 1024];
    let length = read(stdin(), &mut bytes)?;
    Ok((length > 0).then(|| keys(&bytes[..length])))
}

fn keys(bytes: &[u8]) -> Vec<Key> {
    let text = String::from_utf8_lossy(bytes);
    let mut keys = Vec::new();
    let mut rest = text.as_ref();
    while let Some(first) = rest.chars().next() {
        let (key, length) = match first {
            '\x1b' => escape(rest),
            first => (key(first), first.len_utf8()),
        };
        keys.push(key);
        rest = &rest[length..];
    }
    keys
}

fn key(character: char) -> Key {
    match character {
        '\n' | '\r' => Key::Enter,
        '\x04' => Key::End,
        '\x15' => Key::Clear,
        '\x08' | '\x7f' => Key::Backspace,
        character if character.is_control() => Key::Other,
        character => Key::Char(character),
    }
}

/// A key that sends several bytes, of which the first is Escape, with their number (xterm, "PC-Style
/// Function Keys").
fn escape(text: &str) -> (Key, usize) {
    let body = &text[1..];
    if !body.starts_with(['[', 'O']) {
        return (Key::Escape, 1);
    }
    let is_last = |byte: &u8| (0x40..=0x7e).contains(byte);
    let Some(end) = body.bytes().skip(1).position(|byte| is_last(&byte)) else {
        return (Key::Other, text.len());
    };
    let key = match &body[1..end + 2] {
        "A" | "D" => Key::Previous,
        "B" | "C" => Key::Next,
        _ => Key::Other,
    };
    (key, end + 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrows_are_one_key_and_escape_alone_is_another() {
        assert_eq!(keys(b"\x1b[A\x1bOB"), [Key::Previous, Key::Next]);
        assert_eq!(keys(b"\x1b"), [Key::Escape]);
        assert_eq!(keys(b"\x1b[3~q"), [Key::Other, Key::Char('q')]);
        assert_eq!(keys(b"\x1b["), [Key::Other]);
        assert_eq!(keys(b"\x1bn"), [Key::Escape, Key::Char('n')]);
    }

    #[test]
    fn characters_of_several_bytes_are_one_key() {
        assert_eq!(keys("é\n\x7f".as_bytes()), [Key::Char('é'), Key::Enter, Key::Backspace]);
        assert_eq!(keys(b"\xff\x04"), [Key::Char('\u{fffd}'), Key::End]);
    }

    #[test]
    fn no_escape_sequence_makes_the_parser_panic() {
        for first in 0..=255 {
            for second in 0..=255 {
                assert!(!keys(&[0x1b, b'[', first, second]).is_empty());
                assert!(!keys(&[0x1b, first, second]).is_empty());
            }
        }
    }
}
