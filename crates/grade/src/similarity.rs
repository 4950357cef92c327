//! Near copies among the submissions of a class, found by fingerprints of their tokens (Schleimer,
//! Wilkerson and Aiken, "Winnowing: Local Algorithms for Document Fingerprinting", SIGMOD 2003).
//!
//! Names, comments, white space and the values of numbers and strings do not count, so changing them
//! hides nothing. Code of the starter is left out, and so is code that most of the class has. A pair
//! shows that two programs should be compared by a person. It proves nothing.

mod blocks;
mod tokens;
mod winnow;

pub use blocks::{Block, Passage};

use std::collections::{BTreeMap, BTreeSet, HashMap};
use tokens::{Language, Token};

/// The minimum number of fingerprints that a program has, and that a pair shares. With fewer, a
/// program is too short to say anything.
const MIN_SHARED: usize = 12;
/// The minimum share of the smaller program's fingerprints that a pair has in common.
const MIN_SHARE: f64 = 0.5;
/// The minimum number of different programs for which code that most of them have is left out.
const MIN_COMMON: usize = 4;

/// A source file of a student.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source {
    /// The student's name.
    pub student: String,
    /// The lesson's id.
    pub lesson: String,
    /// The file's path in the submission.
    pub path: String,
    /// The file's text.
    pub text: String,
}

/// Near copies in a class.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Copies {
    /// Students of one lesson whose programs have the same tokens.
    pub same: Vec<Group>,
    /// Pairs of programs that have much in common, the most similar pair first.
    pub pairs: Vec<Pair>,
    /// The number of programs that were compared.
    pub compared: usize,
}

/// Students whose programs differ only in names, comments and white space, if at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The lesson's id.
    pub lesson: String,
    /// The students, in the order of their names.
    pub students: Vec<String>,
}

/// Two programs that have much in common.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// The lesson's id.
    pub lesson: String,
    /// The students with the first program.
    pub first: Vec<String>,
    /// The students with the second program.
    pub second: Vec<String>,
    /// The share of the smaller program's own code that the other program has too, from 0 to 1.
    pub share: f64,
    /// The passages that both programs have, the longest first.
    pub blocks: Vec<Block>,
}

/// A program: the tokens of all files of one submission for one lesson, with its fingerprints.
struct Program<'a> {
    students: Vec<String>,
    files: Vec<&'a Source>,
    tokens: Vec<Token>,
    /// The hash of each fingerprint that is not the starter's, with the index of its first token.
    prints: BTreeMap<u64, usize>,
}

/// The extensions of the source files that can be compared.
pub(crate) fn is_source(path: &str) -> bool {
    Language::of(path).is_some()
}

/// Compares the programs of each lesson. `starters` are the files that students are given, by the
/// lesson's id.
pub fn find(sources: &[Source], starters: &BTreeMap<String, Vec<(String, String)>>) -> Copies {
    let mut copies = Copies::default();
    let lessons: BTreeSet<&str> = sources.iter().map(|source| source.lesson.as_str()).collect();
    for lesson in lessons {
        let given: BTreeSet<u64> =
            starters.get(lesson).into_iter().flatten().flat_map(prints_of).collect();
        let own = sources.iter().filter(|source| source.lesson == lesson);
        let mut programs = programs(own, &given);
        copies.compared += programs.iter().map(|program| program.students.len()).sum::<usize>();
        leave_out_common(&mut programs);
        for program in programs.iter().filter(|program| program.students.len() > 1) {
            let students = program.students.clone();
            copies.same.push(Group { lesson: lesson.to_owned(), students });
        }
        copies.pairs.extend(pairs(lesson, &programs));
    }
    copies.pairs.sort_by(|a, b| b.share.total_cmp(&a.share).then_with(|| a.first.cmp(&b.first)));
    copies
}

fn prints_of((path, text): &(String, String)) -> Vec<u64> {
    let Some(language) = Language::of(path) else { return Vec::new() };
    let tokens = tokens::of(language, text, 0);
    // All of the starter's hashes, not only the selected ones: what is selected in a submission
    // depends on the code around it.
    winnow::hashes(&tokens)
}

/// The programs of one lesson. Programs with the same tokens are one program with several students.
fn programs<'a>(
    sources: impl Iterator<Item = &'a Source>,
    given: &BTreeSet<u64>,
) -> Vec<Program<'a>> {
    let mut files: BTreeMap<&str, Vec<&Source>> = BTreeMap::new();
    for source in sources {
        files.entry(&source.student).or_default().push(source);
    }
    let mut programs: Vec<Program<'_>> = Vec::new();
    let mut known: HashMap<blake3::Hash, usize> = HashMap::new();
    for (student, files) in files {
        let mut tokens = Vec::new();
        for (index, file) in (0..).zip(&files) {
            let Some(language) = Language::of(&file.path) else { continue };
            tokens.extend(tokens::of(language, &file.text, index));
            tokens.push(Token::end_of_file(index, programs.len()));
        }
        let content = content(&tokens);
        if let Some(same) = known.get(&content) {
            programs[*same].students.push(student.to_owned());
            continue;
        }
        let mut prints = winnow::fingerprints(&tokens);
        prints.retain(|hash, _| !given.contains(hash));
        if prints.len() >= MIN_SHARED {
            known.insert(content, programs.len());
            programs.push(Program { students: vec![student.to_owned()], files, tokens, prints });
        }
    }
    programs
}

/// The hash of all tokens of a program.
fn content(tokens: &[Token]) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    for token in tokens.iter().filter(|token| !token.is_end()) {
        hasher.update(&token.kind.to_le_bytes());
    }
    hasher.finalize()
}

/// Leaves out what more than half of the programs have: the lesson suggests it.
fn leave_out_common(programs: &mut [Program<'_>]) {
    if programs.len() < MIN_COMMON {
        return;
    }
    let mut count: BTreeMap<u64, usize> = BTreeMap::new();
    for hash in programs.iter().flat_map(|program| program.prints.keys()) {
        *count.entry(*hash).or_default() += 1;
    }
    let most = programs.len() / 2;
    for program in programs {
        program.prints.retain(|hash, _| count[hash] <= most);
    }
}

fn pairs(lesson: &str, programs: &[Program<'_>]) -> Vec<Pair> {
    let mut with: HashMap<u64, Vec<usize>> = HashMap::new();
    for (index, program) in programs.iter().enumerate() {
        program.prints.keys().for_each(|hash| with.entry(*hash).or_default().push(index));
    }
    let mut pairs = Vec::new();
    for (index, first) in programs.iter().enumerate() {
        // How many fingerprints each later program shares with this one.
        let mut shared = vec![0; programs.len()];
        for hash in first.prints.keys() {
            with[hash].iter().filter(|other| **other > index).for_each(|other| shared[*other] += 1);
        }
        for (other, shared) in shared.into_iter().enumerate() {
            let second = &programs[other];
            let smaller = first.prints.len().min(second.prints.len());
            let share = f64::from(shared) / smaller.max(1) as f64;
            if shared >= MIN_SHARED as u32 && share >= MIN_SHARE {
                pairs.push(pair(lesson, first, second, share));
            }
        }
    }
    pairs
}

fn pair(lesson: &str, first: &Program<'_>, second: &Program<'_>, share: f64) -> Pair {
    let place = |(hash, place): (&u64, &usize)| Some((*place, *second.prints.get(hash)?));
    let shared: Vec<_> = first.prints.iter().filter_map(place).collect();
    let [one, other] = [first, second].map(|program| (&*program.tokens, &*program.files));
    Pair {
        lesson: lesson.to_owned(),
        first: first.students.clone(),
        second: second.students.clone(),
        share,
        blocks: blocks::of(one, other, &shared),
    }
}
