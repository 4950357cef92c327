//! The log of a step of GitHub Actions: a folded group for each criterion that is not proved, with
//! its cause. GitHub Classroom's reporter shows no causes, so students read them in this log
//! (GitHub documentation, Workflow commands, Grouping log lines).

use crate::report::sanitize;
use crate::report::scored_lesson::{ScoredCriterion, ScoredLesson};
use course::report::Status;
use terminal::show::without_commands;

/// The maximum size of the log, in bytes. A browser must be able to show the log.
const MAX_BYTES: usize = 1_000_000;
/// The indent of all lines except those that begin or end a group.
const INDENT: &str = "  ";

/// The log for one submission.
///
/// Only the grader's own lines begin with `::`. In every other line, the workflow commands that a
/// submission wrote are escaped, so that GitHub Actions executes none of them.
pub fn log(lesson: &ScoredLesson<'_>) -> String {
    sanitize::fitting(MAX_BYTES, |limit| {
        let mut log = text(&sanitize::cut(&lesson.summary(), limit));
        if !lesson.grade.build.message.is_empty() {
            let message = sanitize::lines(&lesson.grade.build.message);
            log += &group("✗ The build failed", &sanitize::cut(&message, limit));
        }
        for scored in lesson.criteria() {
            log += &criterion(&scored, limit);
        }
        log
    })
}

fn criterion(scored: &ScoredCriterion<'_>, limit: usize) -> String {
    let mark = match scored.criterion.status {
        Status::Proved => return text(&format!("✓ {}", scored.name())),
        Status::Failed => '✗',
        Status::Skipped => '–',
        Status::Inconclusive => '?',
    };
    let title = format!("{mark} {}", scored.name());
    let explanation = sanitize::cut(&scored.explanation(false), limit);
    if explanation.is_empty() { text(&title) } else { group(&title, &explanation) }
}

/// A group that is folded until a reader opens it. The runner decodes `%0A` in the title of a group
/// as a line break, so `%` is encoded.
fn group(title: &str, inside: &str) -> String {
    let title = sanitize::line(title).replace('%', "%25");
    format!("::group::{title}\n{}::endgroup::\n", text(inside))
}

fn text(lines: &str) -> String {
    lines.lines().map(|line| format!("{INDENT}{}\n", without_commands(line))).collect()
}
