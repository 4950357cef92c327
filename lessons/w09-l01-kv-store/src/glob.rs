//! The patterns of KEYS: `*`, `?`, `[abc]`, `[^a-z]`. A backslash makes the next byte literal.

/// Whether `pattern` matches the whole of `text`.
///
/// After a mismatch, the function goes back only to the last `*`, not to an earlier `*`. Therefore
/// the number of steps is at most the product of the two lengths.
pub fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    // The position in the pattern after the last `*`, and the position in the text at which the
    // match of this `*` ends.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() || p < pattern.len() {
        if pattern.get(p) == Some(&b'*') {
            // At first, the `*` matches no byte.
            p += 1;
            star = Some((p, t));
        } else if let Some(length) = match_one(&pattern[p..], text.get(t).copied()) {
            p += length;
            t += 1;
        } else if let Some((after, taken)) = star.filter(|(_, taken)| *taken < text.len()) {
            // A mismatch: the last `*` matches one more byte.
            (p, t) = (after, taken + 1);
            star = Some((after, taken + 1));
        } else {
            return false;
        }
    }
    true
}

/// The length of the first element of `pattern`, if that element matches `byte`.
fn match_one(pattern: &[u8], byte: Option<u8>) -> Option<usize> {
    let byte = byte?;
    match pattern {
        [] => None,
        [b'?', ..] => Some(1),
        [b'[', set @ ..] => match_set(set, byte).map(|length| length + 1),
        [b'\\', escaped, ..] => (*escaped == byte).then_some(2),
        [literal, ..] => (*literal == byte).then_some(1),
    }
}

/// The length of the set after a `[`, including the `]`, if `byte` is in the set. A set without a
/// `]` ends at the end of the pattern.
fn match_set(set: &[u8], byte: u8) -> Option<usize> {
    let negated = set.first() == Some(&b'^');
    let mut at = usize::from(negated);
    let mut found = false;
    loop {
        match &set[at..] {
            [] => break,
            [b']', ..] => {
                at += 1;
                break;
            }
            [b'\\', escaped, ..] => {
                found |= *escaped == byte;
                at += 2;
            }
            [low, b'-', high, ..] => {
                found |= (*low.min(high)..=*low.max(high)).contains(&byte);
                at += 3;
            }
            [literal, ..] => {
                found |= *literal == byte;
                at += 1;
            }
        }
    }
    (found != negated).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_match(pattern: &str, text: &str) -> bool {
        matches(pattern.as_bytes(), text.as_bytes())
    }

    #[test]
    fn stars_and_question_marks() {
        assert!(is_match("*", "") && is_match("*", "any") && is_match("h?llo", "hello"));
        assert!(is_match("a*b*c", "a-b-b-c") && is_match("**a", "a") && is_match("", ""));
        assert!(
            !is_match("?", "")
                && !is_match("a*b", "a-b-c")
                && !is_match("", "a")
                && !is_match("a", "")
        );
    }

    #[test]
    fn sets() {
        assert!(
            is_match("h[ae]llo", "hallo")
                && is_match("h[^e]llo", "hallo")
                && is_match("[c-a]", "b")
        );
        assert!(is_match(r"[\]]", "]") && is_match("[abc", "b") && is_match("[^]", "a"));
        assert!(
            !is_match("h[ae]llo", "hillo")
                && !is_match("h[^e]llo", "hello")
                && !is_match("[]", "a")
        );
    }

    #[test]
    fn a_backslash_makes_the_next_byte_literal() {
        assert!(is_match(r"\*", "*") && is_match(r"a\?", "a?") && is_match(r"a\", r"a\"));
        assert!(!is_match(r"\*", "a"));
    }

    #[test]
    fn many_stars_are_not_slow() {
        assert!(!is_match(&"a*".repeat(1000), &"a".repeat(999)));
        assert!(!is_match(&format!("{}b", "a*".repeat(1000)), &"a".repeat(10_000)));
    }
}
