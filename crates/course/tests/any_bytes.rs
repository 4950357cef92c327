//! Parsing any bytes returns a value or problems. The lines of the problems exist in the file.

use course::lesson::Lesson;
use course::mistake::MistakePatch;
use course::problem::Problems;
use proptest::prelude::*;
use std::path::Path;

const LESSON: &str = include_str!("../../../lessons/w03-l02-poll-tracker/lesson.md");
const PATCH: &str = include_str!("fixture/forgot-close.patch");

/// One edit: the position as a share of the text (0 to 1), the number of bytes to remove, and the
/// bytes to insert.
type Edit = (f64, usize, Vec<u8>);

fn edit() -> impl Strategy<Value = Edit> {
    let markup = prop::sample::select(vec![
        "\n",
        "#",
        "## ",
        "---\n",
        "```",
        "~~~\n",
        "<!--",
        "-->",
        "|",
        "**",
        "- ",
        "> ",
        "\r\n",
        "\t",
        "`",
        "task=",
        "advice",
        ":",
        "[",
        "<!-- a task=1 -->",
        "é",
        "\u{feff}",
        "1. ",
    ]);
    let inserted = prop_oneof![
        4 => markup.prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..8),
    ];
    (0.0..1.0, 0..200usize, inserted)
}

fn apply(text: &str, edits: Vec<Edit>) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    for (position, removed, inserted) in edits {
        let start = (position * bytes.len() as f64) as usize;
        let end = (start + removed).min(bytes.len());
        bytes.splice(start..end, inserted);
    }
    bytes
}

fn check<T>(bytes: &[u8], outcome: Result<T, Problems>) -> Result<(), TestCaseError> {
    let Err(Problems(problems)) = outcome else {
        return Ok(());
    };
    prop_assert!(!problems.is_empty());
    let lines = bytes.split_inclusive(|&byte| byte == b'\n').count().max(1);
    for problem in problems {
        let line = problem.location.line.unwrap_or(0);
        prop_assert!((1..=lines).contains(&line), "{problem}, in a file of {lines} lines");
    }
    Ok(())
}

proptest! {
    #[test]
    fn an_edited_lesson_is_parsed_or_rejected(edits in prop::collection::vec(edit(), 1..12)) {
        let bytes = apply(LESSON, edits);
        let path = Path::new("lessons/w03-l02-poll-tracker/lesson.md");
        check(&bytes, Lesson::parse(path, &bytes))?;
    }

    #[test]
    fn an_edited_patch_is_parsed_or_rejected(edits in prop::collection::vec(edit(), 1..6)) {
        let bytes = apply(PATCH, edits);
        check(&bytes, MistakePatch::parse(Path::new("mistakes/forgot-close.patch"), &bytes))?;
    }

    #[test]
    fn any_bytes_are_parsed_or_rejected(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        check(&bytes, Lesson::parse(Path::new("lesson.md"), &bytes))?;
        check(&bytes, MistakePatch::parse(Path::new("a.patch"), &bytes))?;
    }

    #[test]
    fn any_text_is_parsed_or_rejected(text in "---\n(\\PC|\n){0,200}\n---\n(\\PC|\n){0,400}") {
        check(text.as_bytes(), Lesson::parse(Path::new("lesson.md"), text.as_bytes()))?;
        check(text.as_bytes(), MistakePatch::parse(Path::new("a.patch"), text.as_bytes()))?;
    }
}
