//! The students of a generated class. The same samples always give the same class.

use super::Sample;
use super::crates::plain;
use std::path::Path;

/// One student of the class.
#[derive(Clone, Debug)]
pub struct RosterEntry {
    /// The student's number, from 0. It determines the student's name and the submission's
    /// packaging.
    pub number: usize,
    /// The program that the student hands in.
    pub sample: Sample,
}

/// A class of `count` students: the `known` samples, a tenth of the class as copies of these, the
/// hostile programs, and more copies until the class is full. Every second copy has an additional
/// comment. Such a copy has a different content but the same verdict.
pub fn entries(known: &[Sample], hostile: &[Sample], count: usize) -> Vec<RosterEntry> {
    let mut samples = spread(known, count);
    let copies = (count / 10).min(count - samples.len());
    samples.extend(copies_of(known, copies));
    samples.extend(spread(hostile, count - samples.len()));
    let rest = count - samples.len();
    samples.extend(copies_of(known, copies + rest).into_iter().skip(copies));
    samples.into_iter().enumerate().map(|(number, sample)| RosterEntry { number, sample }).collect()
}

/// At most `count` of `samples`, evenly spread over the list.
fn spread(samples: &[Sample], count: usize) -> Vec<Sample> {
    let taken = count.min(samples.len());
    (0..taken).map(|index| samples[index * samples.len() / taken].clone()).collect()
}

/// `count` copies of samples. Every second copy has a comment.
fn copies_of(samples: &[Sample], count: usize) -> Vec<Sample> {
    // If the step and the number of samples have no common factor, every sample is used once before
    // any sample is used twice.
    let step =
        [7, 11, 13, 1].into_iter().find(|step| !samples.len().is_multiple_of(*step)).unwrap_or(1);
    let copy = |index: usize| {
        let sample = samples[index * step % samples.len()].clone();
        if index.is_multiple_of(2) { sample } else { with_comment(sample, index) }
    };
    (0..count).filter(|_| !samples.is_empty()).map(copy).collect()
}

/// The same program with a comment at the end of each source, so that its content differs.
pub fn with_comment(mut sample: Sample, number: usize) -> Sample {
    for (path, file) in &mut sample.files {
        let comment = match extension(path) {
            "rs" => format!("// copy {number}\n"),
            "c" | "h" => format!("/* copy {number} */\n"),
            "py" => format!("# copy {number}\n"),
            _ => continue,
        };
        let text = String::from_utf8_lossy(&file.bytes) + comment.as_str();
        *file = plain(&text);
    }
    sample
}

fn extension(path: &Path) -> &str {
    path.extension().and_then(|extension| extension.to_str()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample_class::expected::Expected;
    use std::collections::BTreeSet;

    fn samples(kind: &str, count: usize) -> Vec<Sample> {
        let sample = |number| Sample {
            name: format!("{kind}-{number}"),
            lesson: "w03-l02".into(),
            files: [("src/main.rs".into(), plain("fn main() {}\n"))].into(),
            is_crate: true,
            expected: Expected::proved(),
        };
        (0..count).map(sample).collect()
    }

    #[test]
    fn every_sample_is_in_a_class_that_is_large_enough() {
        let entries = entries(&samples("known", 150), &samples("hostile", 10), 200);
        let names: BTreeSet<_> = entries.iter().map(|entry| entry.sample.name.as_str()).collect();
        assert_eq!((entries.len(), names.len()), (200, 160));
    }

    #[test]
    fn a_small_class_is_spread_over_the_list() {
        let entries = entries(&samples("known", 150), &samples("hostile", 10), 3);
        let names: Vec<_> = entries.iter().map(|entry| entry.sample.name.as_str()).collect();
        assert_eq!(names, ["known-0", "known-50", "known-100"]);
    }

    #[test]
    fn every_second_copy_has_a_different_content() {
        let entries = entries(&samples("known", 1), &[], 5);
        let contents: BTreeSet<_> = entries
            .iter()
            .map(|entry| entry.sample.files[Path::new("src/main.rs")].bytes.clone())
            .collect();
        assert_eq!(contents.len(), 3);
    }
}
