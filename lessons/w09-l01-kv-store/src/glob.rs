//! Patterns of KEYS: `*`, `?`, `[abc]`, `[^a-z]`, and a backslash before what is meant as it is.

/// Whether the whole of `text` fits `pattern`.
///
/// A mismatch goes back to the last `*` alone, so that no pattern costs more than the product of
/// the two lengths.
pub fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() || p < pattern.len() {
        if pattern.get(p) == Some(&b'*') {
            p += 1;
            star = Some((p, t));
        } else if let Some(length) = one(&pattern[p..], text.get(t).copied()) {
            p += length;
            t += 1;
        } else if let Some((after, taken)) = star.filter(|(_, taken)| *taken < text.len()) {
            (p, t) = (after, taken + 1);
            star = Some((after, taken + 1));
        } else {
            return false;
        }
    }
    true
}

/// How long the first part of `pattern` is, where it fits `byte`.
fn one(pattern: &[u8], byte: Option<u8>) -> Option<usize> {
    let byte = byte?;
    match pattern {
        [] => None,
        [b'?', ..] => Some(1),
        [b'[', set @ ..] => class(set, byte).map(|length| length + 1),
        [b'\\', escaped, ..] => (*escaped == byte).then_some(2),
        [literal, ..] => (*literal == byte).then_some(1),
    }
}

/// How long the set after a `[` is, its `]` included, where `byte` is in it. A set without an end
/// goes to the end of the pattern.
fn class(set: &[u8], byte: u8) -> Option<usize> {
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

    fn fits(pattern: &str, text: &str) -> bool {
        matches(pattern.as_bytes(), text.as_bytes())
    }

    #[test]
    fn stars_and_question_marks() {
        assert!(fits("*", "") && fits("*", "any") && fits("h?llo", "hello"));
        assert!(fits("a*b*c", "a-b-b-c") && fits("**a", "a") && fits("", ""));
        assert!(!fits("?", "") && !fits("a*b", "a-b-c") && !fits("", "a") && !fits("a", ""));
    }

    #[test]
    fn sets() {
        assert!(fits("h[ae]llo", "hallo") && fits("h[^e]llo", "hallo") && fits("[c-a]", "b"));
        assert!(fits(r"[\]]", "]") && fits("[abc", "b") && fits("[^]", "a"));
        assert!(!fits("h[ae]llo", "hillo") && !fits("h[^e]llo", "hello") && !fits("[]", "a"));
    }

    #[test]
    fn a_backslash_takes_the_next_as_it_is() {
        assert!(fits(r"\*", "*") && fits(r"a\?", "a?") && fits(r"a\", r"a\"));
        assert!(!fits(r"\*", "a"));
    }

    #[test]
    fn many_stars_take_no_time() {
        assert!(!fits(&"a*".repeat(1000), &"a".repeat(999)));
        assert!(!fits(&format!("{}b", "a*".repeat(1000)), &"a".repeat(10_000)));
    }
}
