//! The passages that two programs have in common, as lines of both files.

use super::Source;
use super::tokens::Token;
use super::winnow::LENGTH;

/// The maximum number of passages of a pair.
const MAX_BLOCKS: usize = 12;
/// The maximum number of lines of a passage.
const MAX_LINES: usize = 60;

/// A passage that two programs have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The passage in the first program.
    pub first: Passage,
    /// The passage in the second program.
    pub second: Passage,
}

/// Some lines of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passage {
    /// The file's path in the submission.
    pub path: String,
    /// The number of the first line, from 1.
    pub line: usize,
    /// The lines. A long passage is cut.
    pub lines: Vec<String>,
}

/// Tokens that are equal in both programs.
#[derive(Clone, Copy)]
struct Run {
    first: usize,
    second: usize,
    length: usize,
}

/// The common passages, the longest first. `shared` has the places of the common fingerprints.
pub(super) fn of(
    first: (&[Token], &[&Source]),
    second: (&[Token], &[&Source]),
    shared: &[(usize, usize)],
) -> Vec<Block> {
    let mut runs: Vec<Run> = Vec::new();
    let mut shared = shared.to_vec();
    shared.sort_unstable();
    for (a, b) in shared {
        let is_inside = |run: &Run| (run.first..run.first + run.length).contains(&a);
        if !runs.iter().any(is_inside) {
            runs.push(extended(first.0, second.0, a, b));
        }
    }
    runs.retain(|run| run.length >= LENGTH);
    runs.sort_by_key(|run| (usize::MAX - run.length, run.first));
    runs.truncate(MAX_BLOCKS);
    let block = |run: Run| {
        Some(Block {
            first: passage(first, run.first, run.length)?,
            second: passage(second, run.second, run.length)?,
        })
    };
    runs.into_iter().filter_map(block).collect()
}

/// The longest run of equal tokens around two places.
fn extended(first: &[Token], second: &[Token], a: usize, b: usize) -> Run {
    let equal = |a: usize, b: usize| {
        let pair = first.get(a).zip(second.get(b));
        pair.is_some_and(|(a, b)| a.kind == b.kind && !a.is_end())
    };
    let before = (1..=a.min(b)).take_while(|back| equal(a - back, b - back)).count();
    let after = (0..).take_while(|on| equal(a + on, b + on)).count();
    Run { first: a - before, second: b - before, length: before + after }
}

fn passage(
    (tokens, files): (&[Token], &[&Source]),
    start: usize,
    length: usize,
) -> Option<Passage> {
    let (first, last) = (tokens.get(start)?, tokens.get(start + length - 1)?);
    let file = files.get(first.file as usize)?;
    let number = (last.line + 1).saturating_sub(first.line) as usize;
    let line = first.line as usize;
    let lines = file.text.lines().skip(line.saturating_sub(1)).take(number.min(MAX_LINES));
    let lines = lines.map(str::to_owned).collect();
    Some(Passage { path: file.path.clone(), line, lines })
}
