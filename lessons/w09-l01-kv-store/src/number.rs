//! Parses integers in the only form that Redis accepts: the decimal form in which Redis itself
//! writes an integer.

/// Parses a 64-bit signed integer. Returns `None` if `text` has a plus sign, a leading zero, a
/// blank or a fraction, or if the number is out of range.
pub fn parse(text: &[u8]) -> Option<i64> {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    match digits {
        [b'0'] if digits.len() == text.len() => return Some(0),
        [b'1'..=b'9', ..] => {}
        _ => return None,
    }
    let negative = digits.len() < text.len();
    digits.iter().try_fold(0i64, |sum, byte| {
        let digit = i64::from(byte.checked_sub(b'0').filter(|digit| *digit < 10)?);
        // The digits of a negative number are subtracted, because the smallest i64 has no positive
        // counterpart.
        let digit = if negative { -digit } else { digit };
        sum.checked_mul(10)?.checked_add(digit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_redis_would_write() {
        for number in [0, 1, -1, 10, 99, i64::MAX, i64::MIN] {
            assert_eq!(parse(number.to_string().as_bytes()), Some(number));
        }
    }

    #[test]
    fn reads_nothing_else() {
        let beyond = ["9223372036854775808", "-9223372036854775809", "99999999999999999999"];
        let other = ["", "-", "-0", "+1", "01", " 1", "1 ", "1.0", "0x1", "one", "--1", "1\0"];
        for text in beyond.iter().chain(&other) {
            assert_eq!(parse(text.as_bytes()), None, "{text:?}");
        }
    }
}
