//! Makes text safe to print on a terminal.

use std::borrow::Cow;

/// `text`, in which every character that controls the terminal is replaced by an escape, e.g.
/// `\x1b[31m`, `
/// `.
///
/// Control characters move the cursor and change colours. Bidirectional characters can make one
/// line look like another line (CVE-2021-42574). U+FFFE and U+FFFF are not characters, and XML
/// forbids them. Calling this function on its own result changes nothing.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(controls) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '\n' | '\r' | '\t' => shown.extend(character.escape_default()),
            _ if !controls(character) => shown.push(character),
            _ if character.is_ascii() => shown += &format!("\\x{:02x}", character as u32),
            _ => shown.extend(character.escape_unicode()),
        }
    }
    Cow::Owned(shown)
}

/// Whether a character controls how other characters are shown, or is not a character at all.
fn controls(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
            | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_stays_as_it_is() {
        assert!(matches!(visible("[ACCEPT] fd=4 – ünïcode ✓"), Cow::Borrowed(_)));
    }

    #[test]
    fn control_bytes_are_written_out() {
        assert_eq!(visible("\x1b[31mred\x07\0\n\r\t"), "\\x1b[31mred\\x07\\x00\\n\\r\\t");
        assert_eq!(visible("\u{9b}2J\u{202e}evil\u{ffff}"), "\\u{9b}2J\\u{202e}evil\\u{ffff}");
    }

    #[test]
    fn a_second_time_changes_nothing() {
        let once = visible("\x1b]0;title\x07").into_owned();
        assert_eq!(visible(&once), once);
    }
}
