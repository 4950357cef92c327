//! The feedback for each student, in Markdown: `feedback/NAME.md`, ready to mail.

use super::{Class, clusters, plain};
use crate::model::{BuildStatus, CriterionGrade, LessonGrade, Submission, Verdict};
use course::report::Status;

/// The maximum number of lines that are shown of a compiler's output.
const LINES: usize = 40;

/// The feedback for one student.
pub fn text(class: &Class<'_>, submission: &Submission) -> String {
    let mut text = format!(
        "# {}: feedback for {}\n",
        escaped(&plain::line(class.name, 80)),
        escaped(&plain::line(&submission.student, 80))
    );
    for note in &submission.notes {
        text += &format!("\n> {}\n", line(note));
    }
    for grade in &submission.lessons {
        text += &lesson(class, submission, grade);
    }
    text
}

/// The feedback about one lesson in one line, for a cell of a gradebook.
pub fn short(class: &Class<'_>, submission: &Submission, grade: &LessonGrade) -> String {
    let mut parts = vec![format!("{}, {}", verdict(grade.verdict), criteria(grade))];
    parts.extend(class.points(submission, grade).remarks);
    if grade.build.status == BuildStatus::Failed {
        parts.push(clusters::first_error(&grade.build.message));
    }
    let failed = grade.criteria.iter().filter(|each| each.status == Status::Failed);
    parts.extend(failed.map(|each| {
        let why = each.cause.as_ref().map_or("", |cause| cause.summary.as_str());
        format!("{}: {why}", each.id)
    }));
    parts.extend(class.correction_lines(submission, grade));
    let notes = class.overrides.notes(&submission.student, &grade.lesson);
    parts.extend(notes.into_iter().map(str::to_owned));
    plain::line(&parts.join("; "), 4 * plain::MAX_LINE)
}

fn lesson(class: &Class<'_>, submission: &Submission, grade: &LessonGrade) -> String {
    let points = class.points(submission, grade);
    let reached = points.points.map_or_else(|| "unknown".to_owned(), plain::points);
    let mut text = format!(
        "\n## {} {}\n\n**{}**: {reached} of {} points, {}.\n",
        escaped(&grade.lesson),
        line(&grade.title),
        verdict(grade.verdict),
        plain::points(points.max),
        criteria(grade)
    );
    let reason = (!grade.reason.is_empty()).then(|| line(&grade.reason));
    let has_reason = points.remarks.iter().any(|remark| remark.contains(&grade.reason));
    for remark in points.remarks.iter().map(|it| line(it)).chain(reason.filter(|_| !has_reason)) {
        text += &format!("\n{remark}\n");
    }
    text += &section("From your instructor", &instructor(class, submission, grade));
    if grade.build.status == BuildStatus::Failed {
        let output = plain::lines(&grade.build.message, LINES);
        let output: String = output.iter().map(|line| format!("    {line}\n")).collect();
        text += &format!("\n### The build failed\n\n{output}");
    }
    let with = |status| grade.criteria.iter().filter(move |each| each.status == status);
    text += &section("What holds", &with(Status::Proved).map(holds).collect::<Vec<_>>());
    text +=
        &section("What does not hold yet", &with(Status::Failed).map(fails).collect::<Vec<_>>());
    text += &section("What could not be checked", &unchecked(grade));
    text + &format!("\n### Next step\n\n{}\n", next_step(grade))
}

/// A heading with a list; empty if the list is empty.
fn section(title: &str, items: &[String]) -> String {
    if items.is_empty() {
        return String::new();
    }
    let items: String = items.iter().map(|item| format!("- {item}\n")).collect();
    format!("\n### {title}\n\n{items}")
}

fn instructor(class: &Class<'_>, submission: &Submission, grade: &LessonGrade) -> Vec<String> {
    let notes = class.overrides.notes(&submission.student, &grade.lesson);
    let notes = notes.into_iter().map(|note| escaped(&plain::line(note, 4 * plain::MAX_LINE)));
    let lines = class.correction_lines(submission, grade).into_iter().map(|it| line(&it));
    lines.chain(notes).collect()
}

fn holds(criterion: &CriterionGrade) -> String {
    format!("`{}`: {}", code(&criterion.id), line(&criterion.text))
}

fn fails(criterion: &CriterionGrade) -> String {
    let mut text = holds(criterion);
    let Some(cause) = &criterion.cause else { return text };
    let mut add = |label: &str, part: &str| {
        if !part.is_empty() {
            text += &format!("\n  - {label}: {}", line(part));
        }
    };
    add("Cause", &cause.summary);
    add("Expected", &cause.expected);
    add("Observed", &cause.observed);
    if let Some(row) = &cause.mistake {
        add("Common mistake", &format!("{}. {}", row.mistake.trim_end_matches('.'), row.fix));
    }
    if criterion.is_flaky() {
        text += &format!("\n  - It failed in {} of {} runs.", criterion.failed, criterion.runs);
    }
    if !cause.replay.is_empty() {
        text += &format!("\n  - Run it again: `{}`", code(&cause.replay));
    }
    text
}

/// The criteria that were not checked because others failed, or because of the machine. If there
/// was no program, there is nothing to say about each criterion.
fn unchecked(grade: &LessonGrade) -> Vec<String> {
    if !grade.criteria.iter().any(|each| each.runs > 0) {
        return Vec::new();
    }
    let is_open =
        |each: &&CriterionGrade| matches!(each.status, Status::Skipped | Status::Inconclusive);
    let open = grade.criteria.iter().filter(is_open);
    open.map(|each| {
        let why = each.cause.as_ref().map_or("", |cause| cause.summary.as_str());
        format!("{} ({})", holds(each), line(why))
    })
    .collect()
}

fn next_step(grade: &LessonGrade) -> String {
    let failed = grade.criteria.iter().find(|each| each.status == Status::Failed);
    let replay = failed.and_then(|each| each.cause.as_ref()).map(|cause| cause.replay.as_str());
    match (grade.verdict, replay) {
        (Verdict::Proved, _) => "Nothing: every criterion is proved.".to_owned(),
        (Verdict::Missing | Verdict::NotHandedIn, _) => "Hand the lesson in.".to_owned(),
        (Verdict::Refused, _) => "Hand in an archive that can be read.".to_owned(),
        (Verdict::Inconclusive, _) => {
            "Nothing: the grader could not observe enough, and your instructor runs it again."
                .to_owned()
        }
        (Verdict::NotYet, _) if grade.build.status == BuildStatus::Failed => {
            let first = clusters::first_error(&grade.build.message);
            format!("Make the program compile. The first error is: `{}`", code(&first))
        }
        (Verdict::NotYet, Some(replay)) if !replay.is_empty() => {
            format!("Run `{}`, and read its steps.", code(replay))
        }
        (Verdict::NotYet, _) => format!("Run `cargo xtask prove {}`.", code(&grade.lesson)),
    }
}

fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Missing | Verdict::NotHandedIn => "nothing handed in",
        other => plain::verdict(other),
    }
}

fn criteria(grade: &LessonGrade) -> String {
    let proved = grade.criteria.iter().filter(|each| each.status == Status::Proved).count();
    format!("{proved} of {} criteria proved", grade.criteria.len())
}

/// `text` on one line, with the characters escaped that have a meaning in Markdown.
fn line(text: &str) -> String {
    escaped(&plain::line(text, plain::MAX_LINE))
}

/// `text` with the characters escaped that would make it a link, an element, emphasis or a heading.
/// All other characters stay as they are, so that the text can also be read as it is in a mail.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let has_meaning = match character {
            '\\' | '`' | '*' | '<' => true,
            ']' => characters.peek().is_some_and(|next| "([:".contains(*next)),
            '#' => escaped.is_empty(),
            _ => false,
        };
        if has_meaning {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

/// `text` for a code span, which a backtick would end.
fn code(text: &str) -> String {
    plain::line(text, plain::MAX_LINE).replace('`', "'")
}
