//! File names: readable characters, student names, and names that are ignored.

use std::collections::BTreeSet;
use std::fmt::Write;

/// The maximum number of characters of a student's name.
const MAX_CHARACTERS: usize = 80;
/// The maximum number of characters of a file name in a message.
const MAX_SHOWN: usize = 160;

/// Folders that tools create. Hidden files and folders are ignored as well.
const IGNORED: [&str; 6] =
    ["__MACOSX", "__pycache__", "node_modules", "target", "venv", "cmake-build-debug"];

/// How one part of a path is handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NamePart<'a> {
    /// A usable name.
    Normal(&'a str),
    /// A name that is ignored. Everything below this folder is ignored too.
    Ignored,
    /// A name with bytes that are not UTF-8, or with invisible characters.
    Unprintable,
}

/// Classifies one part of a path: a name without a slash.
pub(crate) fn classify(name: &[u8]) -> NamePart<'_> {
    match std::str::from_utf8(name) {
        Ok(name) if name.starts_with('.') || IGNORED.contains(&name) => NamePart::Ignored,
        Ok(name) if name.chars().any(is_invisible) => NamePart::Unprintable,
        Ok(name) => NamePart::Normal(name),
        Err(_) => NamePart::Unprintable,
    }
}

/// `name` with escapes for invisible characters, for characters that change the text's direction,
/// and for bytes that are not UTF-8.
pub(crate) fn readable(name: &[u8]) -> String {
    let mut text = String::new();
    for chunk in name.utf8_chunks() {
        for character in chunk.valid().chars() {
            if is_invisible(character) {
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

/// A readable file name for a message. A long name is shortened.
pub(crate) fn shown(name: &[u8]) -> String {
    let name = readable(name);
    match name.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name,
    }
}

/// A readable student name without white space around it, shortened to at most [`MAX_CHARACTERS`]
/// characters. With white space, the name would look like another student's name.
pub(crate) fn student(name: &[u8]) -> String {
    shortened(readable(name).trim(), MAX_CHARACTERS)
}

/// `name`. If it has more than `most` characters, `…` replaces its end.
fn shortened(name: &str, most: usize) -> String {
    if name.chars().count() <= most {
        return name.to_owned();
    }
    name.chars().take(most - 1).chain(['…']).collect()
}

/// `name`, with a number if `taken` has the name already. The result is added to `taken`. A long name
/// is shortened, so that the number stays visible.
pub(crate) fn unique(name: String, taken: &mut BTreeSet<String>) -> String {
    let numbered = (2..).map(|number| {
        let number = format!(" ({number})");
        shortened(&name, MAX_CHARACTERS - number.len()) + &number
    });
    let free = [name.clone()].into_iter().chain(numbered).find(|name| !taken.contains(name));
    let free = free.unwrap_or(name);
    taken.insert(free.clone());
    free
}

/// Whether a character is a control character, changes the text's direction, or has no width
/// (Unicode TR 36).
fn is_invisible(character: char) -> bool {
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
    fn invisible_characters_are_escaped() {
        assert_eq!(readable(b"Jos\xc3\xa9 M."), "José M.");
        assert_eq!(readable(b"a\nb\x1b[31m"), "a\\nb\\u{1b}[31m");
        assert_eq!(readable("a\u{202e}b".as_bytes()), "a\\u{202e}b");
        assert_eq!(readable(b"\xff\xfe"), "\\xff\\xfe");
    }

    #[test]
    fn a_long_name_is_cut() {
        assert_eq!(student(&[b'a'; 300]).chars().count(), MAX_CHARACTERS);
    }

    #[test]
    fn a_name_is_unique() {
        let mut taken = BTreeSet::new();
        let names = ["a", "a (2)", "a", "a"].map(|name| unique(name.to_owned(), &mut taken));
        assert_eq!(names, ["a", "a (2)", "a (3)", "a (4)"]);
    }

    #[test]
    fn names_that_look_the_same_get_a_visible_number() {
        let mut taken = BTreeSet::new();
        let mut shown = |name: &str| unique(student(name.as_bytes()), &mut taken);
        assert_eq!(["ada", " ada", "ada\u{a0}"].map(&mut shown), ["ada", "ada (2)", "ada (3)"]);
        let [first, second] = ["y", "z"].map(|end| shown(&("x".repeat(100) + end)));
        assert!(first.ends_with("xx…") && second.ends_with("xx… (2)"), "{first} {second}");
        assert_eq!([first, second].map(|name| name.chars().count()), [MAX_CHARACTERS; 2]);
    }

    proptest! {
        #[test]
        fn any_bytes_become_a_name_of_one_line(bytes: Vec<u8>) {
            let name = student(&bytes);
            prop_assert!(name.chars().count() <= MAX_CHARACTERS);
            prop_assert!(!name.chars().any(is_invisible));
        }

        #[test]
        fn a_normal_name_needs_no_escapes(bytes: Vec<u8>) {
            if let NamePart::Normal(name) = classify(&bytes) {
                prop_assert_eq!(readable(&bytes), name);
            }
        }
    }
}
