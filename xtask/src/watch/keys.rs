//! The keys, and the line that names them.

use crate::key_line::key_line;
use nix::unistd::read;
use std::io::{self, stdin};
use terminal::show::Line;

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Again,
    All,
    Hint,
    Text,
    List,
    Run,
    View,
    Quit,
    Other,
}

/// Each key with its word, in the order of the line.
const KEYS: [(&str, &str, Key); 8] = [
    ("p", "again", Key::Again),
    ("a", "all", Key::All),
    ("h", "hint", Key::Hint),
    ("t", "text", Key::Text),
    ("l", "list", Key::List),
    ("r", "run", Key::Run),
    ("v", "view", Key::View),
    ("q", "quit", Key::Quit),
];

/// The keys that were pressed. `None` if the terminal is gone.
///
/// # Errors
/// The error of read(2).
pub(super) fn pressed() -> io::Result<Option<Vec<Key>>> {
    let mut bytes = [0; 64];
    let length = read(stdin(), &mut bytes)?;
    Ok((length > 0).then(|| keys(&bytes[..length])))
}

fn keys(bytes: &[u8]) -> Vec<Key> {
    // An arrow or a function key sends several bytes, of which the first is Escape.
    let end = bytes.iter().position(|byte| *byte == 0x1b).unwrap_or(bytes.len());
    let mut keys: Vec<_> = bytes[..end].iter().map(|byte| key(*byte)).collect();
    if end < bytes.len() {
        keys.push(Key::Other);
    }
    keys
}

fn key(byte: u8) -> Key {
    const CTRL_D: u8 = 4;
    match byte.to_ascii_lowercase() {
        b'\n' | b'\r' | b' ' => Key::Again,
        CTRL_D => Key::Quit,
        byte => {
            let found = KEYS.iter().find(|(letter, ..)| letter.as_bytes() == [byte]);
            found.map_or(Key::Other, |(.., key)| *key)
        }
    }
}

/// The line of keys.
pub(super) fn line(width: usize) -> Line {
    key_line(KEYS.iter().map(|(key, word, _)| (*key, *word)), width)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_a_letter_and_an_arrow_is_none() {
        assert_eq!(keys(b"hQ"), [Key::Hint, Key::Quit]);
        assert_eq!(keys(b"\x1b[A"), [Key::Other]);
        assert_eq!(keys(b"\n\x04x"), [Key::Again, Key::Quit, Key::Other]);
    }

    #[test]
    fn the_line_of_keys_fits_the_terminal() {
        for width in [32, 58, 59, 60, 80] {
            assert!(line(width).width() <= width, "{width}: {}", line(width).text());
        }
        assert!(line(60).text().ends_with(" v view q quit"));
        assert_eq!(line(40).text(), "p a h t l r v view q quit");
    }
}
