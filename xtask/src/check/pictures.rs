//! The pictures of a lesson that a command draws.
//!
//! The line `<!-- picture: cargo xtask timeline … --svg FILE -->` names the command. The command is
//! run again. What its picture shows, without the times, is compared with the file.
//!
//! On a busy machine, the server may still be at the end of the step before the first one that the
//! picture shows. Therefore one of the two pictures may have additional system calls.

use crate::shown_output::printed_in;
use anyhow::{Context, Result};
use course::lesson::{Lesson, Picture};
use programs::files::read;
use std::collections::HashSet;
use terminal::chart_svg::description;
use terminal::output::replace;
use terminal::paths;

/// What precedes the system calls in a description.
const CALLS: &str = " The program calls ";
/// A quotation mark, as it stands in the SVG.
const QUOTE: &str = "&quot;";

/// The differences between the pictures of a lesson and what their commands draw now. With `write`,
/// the pictures are drawn again instead.
pub(super) fn differences(lesson: &Lesson, write: bool) -> Vec<String> {
    let of = |picture| difference(lesson, picture, write);
    lesson.pictures.iter().filter_map(|picture| of(picture).transpose()).map(text).collect()
}

fn text(difference: Result<String>) -> String {
    difference.unwrap_or_else(|error| format!("{error:#}"))
}

fn difference(lesson: &Lesson, picture: &Picture, write: bool) -> Result<Option<String>> {
    let place = format!("{}:{}", lesson.path.display(), picture.line);
    let file = paths::root().join(lesson.folder()).join(&picture.file);
    let old = read(&file).unwrap_or_default();
    let is_same = |new: &str| match (description(&old), description(new)) {
        (Some(old), Some(new)) => show_the_same(old, new),
        _ => false,
    };
    let mut new = drawn(picture).with_context(|| place.clone())?;
    if !is_same(&new) {
        // On a busy machine, a program can be interrupted where it usually is not.
        new = drawn(picture).with_context(|| place.clone())?;
    }
    if is_same(&new) {
        return Ok(None);
    }
    if write {
        replace(&file, new.as_bytes())?;
        return Ok(None);
    }
    Ok(Some(format!(
        "{place}: {} shows something else now; `cargo xtask check --write` draws it again",
        picture.file
    )))
}

/// The picture that the command draws, in a folder of its own.
fn drawn(picture: &Picture) -> Result<String> {
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    printed_in(folder.path(), &picture.command)?;
    read(&folder.path().join(&picture.file))
}

/// Whether two descriptions have the same steps, and the same system calls apart from additional
/// calls in one of them.
fn show_the_same(one: &str, other: &str) -> bool {
    let [(one_steps, one_calls), (other_steps, other_calls)] = [one, other].map(parts);
    without_values(one_steps).eq(without_values(other_steps))
        && (one_calls.is_subset(&other_calls) || other_calls.is_subset(&one_calls))
}

/// The steps of a description, and the names of the system calls that it ends with.
fn parts(description: &str) -> (&str, HashSet<&str>) {
    let (steps, calls) = description.rsplit_once(CALLS).unwrap_or((description, ""));
    (steps, calls.split([',', '.', ' ']).filter(|name| !name.is_empty()).collect())
}

/// The words of a description outside its quoted texts, which are random. Each long number is
/// replaced, because it is a port that was free when the picture was drawn.
fn without_values(description: &str) -> impl Iterator<Item = String> {
    const PORT: usize = 4;
    let is_number = |part: &str| part.len() >= PORT && part.bytes().all(|it| it.is_ascii_digit());
    let unquoted = description.split(QUOTE).step_by(2);
    let words = unquoted.flat_map(|it| it.split(|it: char| !it.is_ascii_alphanumeric()));
    words.map(move |word| if is_number(word) { "#".to_owned() } else { word.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_steps_are_compared_without_their_values() {
        let is_same = show_the_same;
        assert!(is_same(
            "1. started with a 21008; b. The program calls read.",
            "1. started with a 1024; b. The program calls read."
        ));
        assert!(is_same(
            "2. A sent &quot;a\n&quot;. The program calls read.",
            "2. A sent &quot;two words\n&quot;. The program calls read."
        ));
        assert!(!is_same(
            "2. A sent 3 messages. The program calls read.",
            "2. A sent 4 messages. The program calls read."
        ));
    }

    #[test]
    fn one_picture_may_have_more_calls_but_no_other_ones() {
        let is_same = |one, other| show_the_same(one, other) && show_the_same(other, one);
        assert!(is_same(
            "1. A left. The program calls read.",
            "1. A left. The program calls close, read."
        ));
        assert!(!is_same(
            "1. A left. The program calls read.",
            "1. A left. The program calls recv."
        ));
    }
}
