//! The pictures of a lesson that a command draws.
//!
//! The line `<!-- picture: cargo xtask timeline … --svg FILE -->` names the command. The command is
//! run again. What its picture shows, without the times, is compared with the file.

use crate::shown_output::printed_in;
use anyhow::{Context, Result};
use course::lesson::{Lesson, Picture};
use programs::files::read;
use terminal::chart_svg::description;
use terminal::output::replace;
use terminal::paths;

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
        (Some(old), Some(new)) => without_ports(old).eq(without_ports(new)),
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

/// The words of a description. Each long number is replaced, because it is a port that was free when
/// the picture was drawn.
fn without_ports(description: &str) -> impl Iterator<Item = String> {
    const PORT: usize = 4;
    let is_number = |part: &str| part.len() >= PORT && part.bytes().all(|it| it.is_ascii_digit());
    let parts = description.split(|it: char| !it.is_ascii_alphanumeric());
    parts.map(move |part| if is_number(part) { "#".to_owned() } else { part.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ports_may_differ() {
        let is_same = |one, other| without_ports(one).eq(without_ports(other));
        assert!(is_same(
            "1. started with a 21008; b. The program calls read.",
            "1. started with a 1024; b. The program calls read."
        ));
        assert!(!is_same("2. A sent 3 messages.", "2. A sent 4 messages."));
        assert!(!is_same("The program calls read.", "The program calls recv."));
    }
}
