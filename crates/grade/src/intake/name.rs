//! Names in readable characters, and what a name says about a file.

use std::collections::BTreeSet;
use std::fmt::Write;

/// The most characters of a student's name.
const LONGEST: usize = 80;

/// Folders that tools fill by themselves. What is hidden is left out as well.
const JUNK: [&str; 6] =
    ["__MACOSX", "__pycache__", "node_modules", "target", "venv", "cmake-build-debug"];

/// What a part of a path is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part<'a> {
    /// A name that can be kept.
    Fine(&'a str),
    /// Nobody wants what is below it.
    Junk,
    /// Bytes that are not UTF-8, or characters that do not show.
    Odd,
}

/// Judges one part of a path: a name without a slash.
pub(crate) fn part(name: &[u8]) -> Part<'_> {
    match std::str::from_utf8(name) {
        Ok(name) if name.starts_with('.') || JUNK.contains(&name) => Part::Junk,
        Ok(name) if name.chars().any(is_unseen) => Part::Odd,
        Ok(name) => Part::Fine(name),
        Err(_) => Part::Odd,
    }
}

/// `name` with everything spelled out that does not show, or that turns the text around it.
pub(crate) fn readable(name: &[u8]) -> String {
    let mut text = String::new();
    for chunk in name.utf8_chunks() {
        for character in chunk.valid().chars() {
            if is_unseen(character) {
                text.extend(character.escape_default());
            } else {
                text.push(character);
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text
}

/// A student's name: readable, and no longer than a column can be.
pub(crate) fn student(name: &[u8]) -> String {
    let name = readable(name);
    if name.chars().count() <= LONGEST {
        return name;
    }
    name.chars().take(LONGEST - 1).chain(['…']).collect()
}

/// `name`, numbered where `taken` has it already; it is taken then.
pub(crate) fn unique(name: String, taken: &mut BTreeSet<String>) -> String {
    let numbered = (2..).map(|number| format!("{name} ({number})"));
    let free = [name.clone()].into_iter().chain(numbered).find(|name| !taken.contains(name));
    let free = free.unwrap_or(name);
    taken.insert(free.clone());
    free
}

/// Controls, marks that change the direction of a text, and what has no width (Unicode TR 36).
fn is_unseen(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_does_not_show_is_spelled_out() {
        assert_eq!(readable(b"Jos\xc3\xa9 M."), "José M.");
        assert_eq!(readable(b"a\nb\x1b[31m"), "a\\nb\\u{1b}[31m");
        assert_eq!(readable("a\u{202e}b".as_bytes()), "a\\u{202e}b");
        assert_eq!(readable(b"\xff\xfe"), "\\xff\\xfe");
    }

    #[test]
    fn a_long_name_is_cut() {
        assert_eq!(student(&[b'a'; 300]).chars().count(), LONGEST);
    }

    #[test]
    fn a_name_is_given_once() {
        let mut taken = BTreeSet::new();
        let names = ["a", "a (2)", "a", "a"].map(|name| unique(name.to_owned(), &mut taken));
        assert_eq!(names, ["a", "a (2)", "a (3)", "a (4)"]);
    }

    proptest! {
        #[test]
        fn any_bytes_become_a_name_of_one_line(bytes: Vec<u8>) {
            let name = student(&bytes);
            prop_assert!(name.chars().count() <= LONGEST);
            prop_assert!(!name.chars().any(is_unseen));
        }

        #[test]
        fn a_fine_part_is_its_own_readable_name(bytes: Vec<u8>) {
            if let Part::Fine(name) = part(&bytes) {
                prop_assert_eq!(readable(&bytes), name);
            }
        }
    }
}
