//! Who sits in the class: works in an order that is always the same, some of them twice.

use super::Work;
use super::crates::plain;
use std::path::Path;

/// One student's place: what is handed in, and in which form and under which name.
#[derive(Clone, Debug)]
pub struct Seat {
    /// From 0; the form and the name follow from it.
    pub number: usize,
    /// What is handed in.
    pub work: Work,
}

/// `count` seats: of `known` every work that fits, then a tenth again, then hostile programs, then
/// copies until the class is full. Every other copy differs in a comment, so that it is another
/// content with the same verdict.
pub fn seats(known: &[Work], hostile: &[Work], count: usize) -> Vec<Seat> {
    let mut works = spread(known, count);
    let copies = (count / 10).min(count - works.len());
    works.extend(copied(known, copies));
    works.extend(spread(hostile, count - works.len()));
    let rest = count - works.len();
    works.extend(copied(known, copies + rest).into_iter().skip(copies));
    works.into_iter().enumerate().map(|(number, work)| Seat { number, work }).collect()
}

/// At most `count` of `works`, from all over the list.
fn spread(works: &[Work], count: usize) -> Vec<Work> {
    let taken = count.min(works.len());
    (0..taken).map(|index| works[index * works.len() / taken].clone()).collect()
}

fn copied(works: &[Work], count: usize) -> Vec<Work> {
    // A step that shares no factor with the length visits every work before any comes again.
    let step =
        [7, 11, 13, 1].into_iter().find(|step| !works.len().is_multiple_of(*step)).unwrap_or(1);
    let copy = |index: usize| {
        let work = works[index * step % works.len()].clone();
        if index.is_multiple_of(2) { work } else { commented(work, index) }
    };
    (0..count).filter(|_| !works.is_empty()).map(copy).collect()
}

/// The same program with another content.
pub fn commented(mut work: Work, number: usize) -> Work {
    for (path, file) in &mut work.files {
        let comment = match extension(path) {
            "rs" => format!("// copy {number}\n"),
            "c" | "h" => format!("/* copy {number} */\n"),
            "py" => format!("# copy {number}\n"),
            _ => continue,
        };
        let text = String::from_utf8_lossy(&file.bytes) + comment.as_str();
        *file = plain(&text);
    }
    work
}

fn extension(path: &Path) -> &str {
    path.extension().and_then(|extension| extension.to_str()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::class::expected::Expected;
    use std::collections::BTreeSet;

    fn works(kind: &str, count: usize) -> Vec<Work> {
        let work = |number| Work {
            name: format!("{kind}-{number}"),
            lesson: "w03-l02".into(),
            files: [("src/main.rs".into(), plain("fn main() {}\n"))].into(),
            is_crate: true,
            expected: Expected::proved(),
        };
        (0..count).map(work).collect()
    }

    #[test]
    fn everyone_has_a_seat_when_there_is_room() {
        let seats = seats(&works("known", 150), &works("hostile", 10), 200);
        let names: BTreeSet<_> = seats.iter().map(|seat| seat.work.name.as_str()).collect();
        assert_eq!((seats.len(), names.len()), (200, 160));
    }

    #[test]
    fn a_small_class_is_taken_from_all_over_the_list() {
        let seats = seats(&works("known", 150), &works("hostile", 10), 3);
        let names: Vec<_> = seats.iter().map(|seat| seat.work.name.as_str()).collect();
        assert_eq!(names, ["known-0", "known-50", "known-100"]);
    }

    #[test]
    fn every_other_copy_has_a_content_of_its_own() {
        let seats = seats(&works("known", 1), &[], 5);
        let contents: BTreeSet<_> = seats
            .iter()
            .map(|seat| seat.work.files[Path::new("src/main.rs")].bytes.clone())
            .collect();
        assert_eq!(contents.len(), 3);
    }
}
