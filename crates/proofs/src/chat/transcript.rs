//! Compares what a member has received with the lines that it must receive.

/// The lines that a member must receive, as several sequences. The lines of each sequence come in
/// order. Lines of different sequences may come in any order. No two lines are equal.
#[derive(Clone, Debug, Default)]
pub(super) struct Transcript {
    sequences: Vec<Vec<Vec<u8>>>,
    /// Lines that may come at any place, once, and need not come.
    optional: Vec<Vec<u8>>,
}

/// How far the received bytes agree with a transcript.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// Every line has come, and nothing else.
    Complete,
    /// What has come is right, and more must come. The next line that is missing.
    Incomplete(Vec<u8>),
    /// The bytes from position `at` are not the beginning of a line that may come there.
    Wrong { at: usize, wanted: Vec<u8> },
}

impl Transcript {
    /// Lines that come in this order.
    pub(super) fn in_order(lines: impl IntoIterator<Item = Vec<u8>>) -> Self {
        Self::mixed([lines.into_iter().collect()])
    }

    /// Sequences of lines, whose lines may be mixed with the lines of the other sequences.
    pub(super) fn mixed(sequences: impl IntoIterator<Item = Vec<Vec<u8>>>) -> Self {
        Self { sequences: sequences.into_iter().collect(), optional: Vec::new() }
    }

    /// The same lines, and lines that may come at any place and need not come.
    pub(super) fn or_also(self, lines: impl IntoIterator<Item = Vec<u8>>) -> Self {
        Self { optional: lines.into_iter().collect(), ..self }
    }

    /// The lines of all sequences, one sequence after the other.
    pub(super) fn lines(&self) -> impl Iterator<Item = &Vec<u8>> {
        self.sequences.iter().flatten()
    }

    /// Compares the bytes that a member has received with this transcript.
    pub(super) fn compare(&self, received: &[u8]) -> Progress {
        let mut next = vec![0; self.sequences.len()];
        let mut optional: Vec<_> = self.optional.iter().map(Vec::as_slice).collect();
        let mut at = 0;
        loop {
            let rest = &received[at..];
            let heads = self.heads(&next);
            // Take the line that has come, if it is one that may come here.
            if let Some((index, line)) = heads.iter().find(|(_, line)| rest.starts_with(line)) {
                next[*index] += 1;
                at += line.len();
                continue;
            }
            if let Some(index) = optional.iter().position(|line| rest.starts_with(line)) {
                at += optional.remove(index).len();
                continue;
            }
            // No line has come whole. Either the rest of one must still come, or it is wrong.
            let wanted = || heads.first().map_or_else(Vec::new, |(_, line)| line.to_vec());
            if rest.is_empty() && heads.is_empty() {
                return Progress::Complete;
            }
            let mut possible = heads.iter().map(|(_, line)| line).chain(&optional);
            if possible.any(|line| line.starts_with(rest)) {
                return Progress::Incomplete(wanted());
            }
            let likest = heads.iter().max_by_key(|(_, line)| likeness(line, rest));
            let wanted = likest.map_or_else(Vec::new, |(_, line)| line.to_vec());
            return Progress::Wrong { at, wanted };
        }
    }

    /// The next line of each sequence that has one, with the sequence's index.
    fn heads(&self, next: &[usize]) -> Vec<(usize, &[u8])> {
        let heads = self.sequences.iter().zip(next).enumerate();
        heads
            .filter_map(|(index, (lines, next))| Some((index, lines.get(*next)?.as_slice())))
            .collect()
    }
}

/// How much the beginning of `received` is like `line`. A line that differs in nothing but the number
/// of the user is the likest.
fn likeness(line: &[u8], received: &[u8]) -> (bool, usize) {
    let (text, received_text) = (without_number(line), without_number(received));
    let is_same_text =
        text.zip(received_text).is_some_and(|(text, received)| received.starts_with(text));
    (is_same_text, common(line, received))
}

/// What follows the number in a line that begins with `user N`.
pub(super) fn without_number(line: &[u8]) -> Option<&[u8]> {
    let rest = line.strip_prefix(b"user ")?;
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit() || **byte == b'-').count();
    (digits > 0).then(|| &rest[digits..])
}

/// The number of bytes at the beginning that two texts have in common.
pub(super) fn common(one: &[u8], other: &[u8]) -> usize {
    one.iter().zip(other).take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(texts: &[&str]) -> Vec<Vec<u8>> {
        texts.iter().map(|text| text.as_bytes().to_vec()).collect()
    }

    #[test]
    fn sequences_may_be_mixed_and_lines_may_not() {
        let wanted = Transcript::mixed([lines(&["a1\n", "a2\n"]), lines(&["b1\n"])]);
        for right in ["a1\na2\nb1\n", "a1\nb1\na2\n", "b1\na1\na2\n"] {
            assert_eq!(wanted.compare(right.as_bytes()), Progress::Complete);
        }
        for wrong in ["a2\n", "ab1\n", "a1\na1\n", "a1\na2\nb1\nb1\n", "a1\0\n"] {
            let progress = wanted.compare(wrong.as_bytes());
            assert!(matches!(progress, Progress::Wrong { .. }), "{wrong:?}: {progress:?}");
        }
        assert_eq!(wanted.compare(b"a1\nb"), Progress::Incomplete(b"a2\n".to_vec()));
    }

    #[test]
    fn a_line_in_another_name_is_compared_with_the_line_of_the_same_text() {
        let heads = ["user 5 disconnected\n", "user 6: one\n", "user 7: two\n"];
        let wanted = Transcript::mixed(heads.map(|line| lines(&[line])));
        let likest = b"user 6: one\n".to_vec();
        let progress = wanted.compare(b"user 5: one\n");
        assert_eq!(progress, Progress::Wrong { at: 0, wanted: likest });
    }

    #[test]
    fn an_optional_line_comes_once_or_not_at_all() {
        let wanted = Transcript::in_order(lines(&["a\n", "b\n"])).or_also([b"c\n".to_vec()]);
        for right in ["a\nb\n", "c\na\nb\n", "a\nc\nb\n", "a\nb\nc\n"] {
            assert_eq!(wanted.compare(right.as_bytes()), Progress::Complete);
        }
        assert!(matches!(wanted.compare(b"c\na\nc\n"), Progress::Wrong { .. }));
        assert!(matches!(wanted.compare(b"a\nc"), Progress::Incomplete(_)));
    }
}
