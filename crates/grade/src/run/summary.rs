//! The summary of a class on one screen.

use crate::model::{LessonGrade, Submission, Verdict};
use crate::report::{Class, clusters, plain};
use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};
use terminal::show::{Line, amount, hanging, wrapped};

/// The maximum number of common failures, and of groups with the same content, that are shown.
const MAX_GROUPS: usize = 5;

/// The lines of the summary: the verdicts, the most common failures, submissions with the same
/// content, advice about submissions that are not graded, and the files of the results.
pub(crate) fn lines(
    class: &Class<'_>,
    waiting: usize,
    files: &[PathBuf],
    width: usize,
) -> Vec<Line> {
    let is_absent =
        |it: &&Submission| it.lessons.iter().any(|grade| grade.verdict == Verdict::NotHandedIn);
    let absent: Vec<_> = class.submissions.iter().filter(is_absent).collect();
    let graded = amount(class.submissions.len() - absent.len(), "submission");
    let mut first = Line::new().strong(class.name).plain(&format!("  {graded} graded"));
    if waiting > 0 {
        first = first.plain(", ").unsure(&format!("{waiting} not yet"));
    }
    let mut lines = vec![first, Line::new()];
    if !absent.is_empty() {
        let names: Vec<_> = absent.iter().map(|it| it.student.as_str()).collect();
        let text = format!("not handed in ({}): {}", names.len(), names.join(", "));
        let pieces = wrapped(&text, width.saturating_sub(4)).into_iter();
        lines.extend(pieces.map(|piece| Line::new().plain("  ").unsure(&piece)));
        lines.push(Line::new());
    }
    lines.extend(class.lessons.iter().map(|(id, _)| lesson(class, id)));
    lines.extend(common(class, width));
    lines.extend(duplicates(class, width));
    lines.extend(near_copies(class));
    lines.extend(advice(class, waiting, width));
    lines.push(Line::new());
    lines.extend(files.iter().map(|file| Line::new().plain("  ").plain(&shown(file))));
    lines
}

/// The line of one lesson, e.g. `  w03-l02  proved 12 · not yet 30 · missing 1`.
fn lesson(class: &Class<'_>, id: &str) -> Line {
    let mut counts: BTreeMap<Verdict, usize> = BTreeMap::new();
    for submission in class.submissions {
        let grade = submission.lessons.iter().find(|grade| grade.lesson == id);
        if let Some(grade) = grade {
            *counts.entry(grade.verdict).or_default() += 1;
        }
    }
    let start = Line::new().plain("  ").strong(id).plain("  ");
    counts.iter().enumerate().fold(start, |line, (index, (verdict, count))| {
        let line = if index > 0 { line.faint(" · ") } else { line };
        let text = format!("{} {count}", plain::verdict(*verdict));
        match verdict {
            Verdict::Proved => line.good(&text),
            Verdict::NotYet => line.bad(&text),
            Verdict::Inconclusive | Verdict::Refused => line.unsure(&text),
            Verdict::Missing | Verdict::NotHandedIn => line.faint(&text),
        }
    })
}

/// The failures that most students share.
fn common(class: &Class<'_>, width: usize) -> Vec<Line> {
    let mut clusters = clusters::of(class);
    clusters.retain(|cluster| cluster.students.len() > 1);
    clusters.truncate(MAX_GROUPS);
    if clusters.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![Line::new(), Line::new().plain("  most common:")];
    for cluster in clusters {
        let count = format!("  {:>4} of {:<4} ", cluster.students.len(), cluster.of);
        let start = Line::new().plain(&count).faint(&cluster.lesson);
        let text = cluster.mistake.map_or(cluster.summary, |row| row.mistake);
        let indent = start.width() + 2;
        lines.extend(hanging(start, indent, &text, width.saturating_sub(indent), Line::plain));
    }
    lines
}

/// The students who have handed in the same content. Only the instructor sees these lines.
fn duplicates(class: &Class<'_>, width: usize) -> Vec<Line> {
    let mut contents: BTreeMap<&str, Vec<&Submission>> = BTreeMap::new();
    for submission in class.submissions.iter().filter(|it| has_content(it)) {
        contents.entry(&submission.digest).or_default().push(submission);
    }
    let mut groups: Vec<_> = contents.into_values().filter(|group| group.len() > 1).collect();
    if groups.is_empty() {
        return Vec::new();
    }
    groups.sort_by_key(|group| (usize::MAX - group.len(), &group[0].student));
    let title = format!("  the same content, graded once ({}):", amount(groups.len(), "group"));
    let mut lines = vec![Line::new(), Line::new().plain(&title)];
    for group in groups.iter().take(MAX_GROUPS) {
        let names: Vec<_> = group.iter().map(|it| it.student.as_str()).collect();
        let start = Line::new().plain(&format!("  {:>4}", group.len()));
        lines.extend(hanging(start, 8, &first_names(&names), width.saturating_sub(8), Line::plain));
    }
    lines
}

/// The number of pairs of similar programs, if there are any. Only the instructor sees this line.
fn near_copies(class: &Class<'_>) -> Vec<Line> {
    match class.copies.map_or(0, |copies| copies.pairs.len()) {
        0 => Vec::new(),
        pairs => {
            let text = format!("  near copies: {}; see copies.html", amount(pairs, "pair"));
            vec![Line::new(), Line::new().plain(&text)]
        }
    }
}

/// Whether the submission can be compared with other submissions: it has a digest, and content for
/// at least one lesson.
fn has_content(submission: &Submission) -> bool {
    let is_missing =
        |grade: &LessonGrade| matches!(grade.verdict, Verdict::Missing | Verdict::NotHandedIn);
    !submission.digest.is_empty() && !submission.lessons.iter().all(is_missing)
}

/// The names at the beginning of the list, and the number of the other names.
fn first_names(names: &[&str]) -> String {
    const MAX_NAMES: usize = 6;
    let more = names.len().saturating_sub(MAX_NAMES);
    let shown = names[..names.len() - more].join(", ");
    if more > 0 { format!("{shown} and {more} more") } else { shown }
}

/// Advice about submissions that could not be graded or are not graded yet.
fn advice(class: &Class<'_>, waiting: usize, width: usize) -> Vec<Line> {
    let lessons = || class.submissions.iter().flat_map(|it| &it.lessons);
    let inconclusive = lessons().find(|grade| grade.verdict == Verdict::Inconclusive);
    let text = match (inconclusive, waiting) {
        (Some(grade), _) => format!(
            "An inconclusive verdict is a fault of the grader's machine and never counts as zero \
             points: {}. Give the same command again.",
            grade.reason.trim_end_matches('.')
        ),
        (None, 1..) => "The same command continues where this run stopped.".to_owned(),
        (None, 0) => return Vec::new(),
    };
    let pieces = wrapped(&text, width.saturating_sub(2)).into_iter();
    let pieces = pieces.map(|piece| Line::new().plain("  ").unsure(&piece));
    [Line::new()].into_iter().chain(pieces).collect()
}

/// The path relative to the working folder, if the path is inside the working folder. Otherwise,
/// this is the whole path.
fn shown(path: &Path) -> String {
    let here = env::current_dir().unwrap_or_default();
    path.strip_prefix(here).unwrap_or(path).display().to_string()
}
