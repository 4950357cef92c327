//! Parses an inline command, as a person types it: words that are separated by blanks, with or
//! without quotation marks.

use crate::args::Span;
use crate::error::ProtocolError;

/// Splits `line`, which has no line break, into words. Appends each word without its quotation
/// marks to `text`, and appends the range of the word in `text` to `spans`.
///
/// Between double quotation marks the escapes are `\n \r \t \b \a \xHH`. A backslash before any
/// other byte stands for this other byte. Between single quotation marks the only escape is `\'`. A
/// closing quotation mark must be followed by a blank or by the end of the line.
///
/// # Errors
/// [`ProtocolError::UnbalancedQuotes`] if a quotation mark is not closed, or is closed within a
/// word.
pub fn split(line: &[u8], text: &mut Vec<u8>, spans: &mut Vec<Span>) -> Result<(), ProtocolError> {
    let mut rest = line.trim_ascii_start();
    while !rest.is_empty() {
        let start = text.len();
        rest = read_word(rest, text)?.trim_ascii_start();
        spans.push(start..text.len());
    }
    Ok(())
}

/// Reads one word at the start of `rest`, and returns the bytes after the word. An opening
/// quotation mark may be within a word.
fn read_word<'a>(mut rest: &'a [u8], text: &mut Vec<u8>) -> Result<&'a [u8], ProtocolError> {
    loop {
        match rest {
            [] => return Ok(rest),
            [b'"', after @ ..] => return check_after_quote(read_double_quoted(after, text)?),
            [b'\'', after @ ..] => return check_after_quote(read_single_quoted(after, text)?),
            [blank, ..] if is_blank(*blank) => return Ok(rest),
            [byte, after @ ..] => {
                text.push(*byte);
                rest = after;
            }
        }
    }
}

fn read_double_quoted<'a>(
    mut rest: &'a [u8],
    text: &mut Vec<u8>,
) -> Result<&'a [u8], ProtocolError> {
    loop {
        let (byte, after) = match rest {
            [b'"', after @ ..] => return Ok(after),
            [b'\\', b'x', high, low, after @ ..] if hex(*high).and(hex(*low)).is_some() => {
                (hex(*high).unwrap_or(0) << 4 | hex(*low).unwrap_or(0), after)
            }
            [b'\\', escaped, after @ ..] => (unescape(*escaped), after),
            [byte, after @ ..] => (*byte, after),
            [] => return Err(ProtocolError::UnbalancedQuotes),
        };
        text.push(byte);
        rest = after;
    }
}

fn read_single_quoted<'a>(
    mut rest: &'a [u8],
    text: &mut Vec<u8>,
) -> Result<&'a [u8], ProtocolError> {
    loop {
        let (byte, after) = match rest {
            [b'\'', after @ ..] => return Ok(after),
            [b'\\', b'\'', after @ ..] => (b'\'', after),
            [byte, after @ ..] => (*byte, after),
            [] => return Err(ProtocolError::UnbalancedQuotes),
        };
        text.push(byte);
        rest = after;
    }
}

fn check_after_quote(rest: &[u8]) -> Result<&[u8], ProtocolError> {
    match rest {
        [byte, ..] if !is_blank(*byte) => Err(ProtocolError::UnbalancedQuotes),
        _ => Ok(rest),
    }
}

fn is_blank(byte: u8) -> bool {
    byte.is_ascii_whitespace()
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).map(|digit| digit as u8)
}

fn unescape(byte: u8) -> u8 {
    match byte {
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'b' => 8,
        b'a' => 7,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &[u8]) -> Result<Vec<Vec<u8>>, ProtocolError> {
        let (mut text, mut spans) = (Vec::new(), Vec::new());
        split(line, &mut text, &mut spans)?;
        Ok(spans.into_iter().map(|span| text[span].to_vec()).collect())
    }

    #[test]
    fn words_stand_between_blanks() {
        assert_eq!(words(b"  SET key\t value \r").unwrap(), [&b"SET"[..], b"key", b"value"]);
        assert!(words(b" \t ").unwrap().is_empty());
    }

    #[test]
    fn quotes_contain_blanks_and_escapes() {
        assert_eq!(
            words(br#""a b\x00\n\"" '' 'it\'s \n'"#).unwrap(),
            [&b"a b\0\n\""[..], b"", br"it's \n"]
        );
        assert_eq!(words(br#"a"b c" "\xzz""#).unwrap(), [&b"ab c"[..], b"xzz"]);
    }

    #[test]
    fn quotes_are_closed_and_end_a_word() {
        for line in [&br#"""#[..], b"'", br#""a"#, b"'a", br#""a"b"#, b"'a'b", br#""\""#] {
            assert_eq!(words(line), Err(ProtocolError::UnbalancedQuotes), "{line:?}");
        }
    }
}
