//! The table of lessons in the course's README.md has a row for each lesson.

use course::lesson::Lesson;

/// The first cell of a row: a link such as `[w03-l02](lessons/w03-l02-poll-tracker/lesson.md)`.
struct Row<'a> {
    id: &'a str,
    path: &'a str,
    line: usize,
}

/// The lessons of `lessons` that have no row in the text of README.md.
pub(super) fn missing(text: &str, lessons: &[&Lesson]) -> Vec<String> {
    let rows = rows(text);
    // The new row comes after the last one.
    let line = rows.last().map_or(1, |row| row.line);
    let has_row = |lesson: &Lesson| {
        rows.iter().any(|row| row.id == lesson.id && lesson.path.as_os_str() == row.path)
    };
    let missing = lessons.iter().filter(|lesson| !has_row(lesson));
    missing
        .map(|Lesson { id, path, .. }| {
            let cell = format!("| [{id}]({}) |", path.display());
            format!("README.md:{line}: lesson {id} has no row here; add one that begins `{cell}`")
        })
        .collect()
}

/// The rows of README.md whose lesson is not in `lessons`, which are all lessons of the course.
pub(super) fn unknown(text: &str, lessons: &[Lesson]) -> Vec<String> {
    let is_known = |row: &&Row<'_>| {
        lessons.iter().any(|lesson| row.id == lesson.id && lesson.path.as_os_str() == row.path)
    };
    let rows = rows(text);
    let unknown = rows.iter().filter(|row| !is_known(row));
    unknown
        .map(|Row { id, path, line }| {
            format!("README.md:{line}: the course has no lesson {id} at {path}; correct the row")
        })
        .collect()
}

fn rows(text: &str) -> Vec<Row<'_>> {
    text.lines().zip(1..).filter_map(|(text, line)| row(text, line)).collect()
}

fn row(text: &str, line: usize) -> Option<Row<'_>> {
    let (id, rest) = text.strip_prefix("| [")?.split_once("](")?;
    let (path, _) = rest.split_once(')')?;
    let is_lesson = path.starts_with("lessons/") && path.ends_with("/lesson.md");
    is_lesson.then_some(Row { id, path, line })
}
