//! A command on a line of its own, as a person types it: words between blanks, quoted or not.

use crate::args::Span;
use crate::error::Protocol;

/// Splits `line`, which has no line break. The words, unquoted, go to `text`, and where each lies
/// there to `spans`.
///
/// In double quotes `\n \r \t \b \a \xHH` and a backslash before anything else are understood, in
/// single quotes `\'` alone. After a closing quote there must be a blank or nothing.
///
/// # Errors
/// A quote that is not closed, or is closed within a word.
pub fn split(line: &[u8], text: &mut Vec<u8>, spans: &mut Vec<Span>) -> Result<(), Protocol> {
    let mut rest = line.trim_ascii_start();
    while !rest.is_empty() {
        let start = text.len();
        rest = word(rest, text)?.trim_ascii_start();
        spans.push(start..text.len());
    }
    Ok(())
}

/// Takes one word off the front of `rest`; quotes may begin in its midst.
fn word<'a>(mut rest: &'a [u8], text: &mut Vec<u8>) -> Result<&'a [u8], Protocol> {
    loop {
        match rest {
            [] => return Ok(rest),
            [b'"', after @ ..] => return ended(double(after, text)?),
            [b'\'', after @ ..] => return ended(single(after, text)?),
            [blank, ..] if is_blank(*blank) => return Ok(rest),
            [byte, after @ ..] => {
                text.push(*byte);
                rest = after;
            }
        }
    }
}

fn double<'a>(mut rest: &'a [u8], text: &mut Vec<u8>) -> Result<&'a [u8], Protocol> {
    loop {
        let (byte, after) = match rest {
            [b'"', after @ ..] => return Ok(after),
            [b'\\', b'x', high, low, after @ ..] if hex(*high).and(hex(*low)).is_some() => {
                (hex(*high).unwrap_or(0) << 4 | hex(*low).unwrap_or(0), after)
            }
            [b'\\', escaped, after @ ..] => (unescape(*escaped), after),
            [byte, after @ ..] => (*byte, after),
            [] => return Err(Protocol::UnbalancedQuotes),
        };
        text.push(byte);
        rest = after;
    }
}

fn single<'a>(mut rest: &'a [u8], text: &mut Vec<u8>) -> Result<&'a [u8], Protocol> {
    loop {
        let (byte, after) = match rest {
            [b'\'', after @ ..] => return Ok(after),
            [b'\\', b'\'', after @ ..] => (b'\'', after),
            [byte, after @ ..] => (*byte, after),
            [] => return Err(Protocol::UnbalancedQuotes),
        };
        text.push(byte);
        rest = after;
    }
}

fn ended(rest: &[u8]) -> Result<&[u8], Protocol> {
    match rest {
        [byte, ..] if !is_blank(*byte) => Err(Protocol::UnbalancedQuotes),
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

    fn words(line: &[u8]) -> Result<Vec<Vec<u8>>, Protocol> {
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
    fn quotes_hold_blanks_and_escapes() {
        assert_eq!(
            words(br#""a b\x00\n\"" '' 'it\'s \n'"#).unwrap(),
            [&b"a b\0\n\""[..], b"", br"it's \n"]
        );
        assert_eq!(words(br#"a"b c" "\xzz""#).unwrap(), [&b"ab c"[..], b"xzz"]);
    }

    #[test]
    fn quotes_are_closed_and_end_a_word() {
        for line in [&br#"""#[..], b"'", br#""a"#, b"'a", br#""a"b"#, b"'a'b", br#""\""#] {
            assert_eq!(words(line), Err(Protocol::UnbalancedQuotes), "{line:?}");
        }
    }
}
