//! A student's page: the lessons with their criteria, and why a criterion is not proved.

use super::frame::{badge, frame, name, score};
use super::lesson;
use crate::model::{FileReport, LessonGrade, Submission};
use crate::report::{Class, plain};
use crate::rubric::Points;
use maud::{Markup, html};

/// The page of one submission.
pub(super) fn page(class: &Class<'_>, submission: &Submission) -> Markup {
    let grades = submission.lessons.iter();
    let points: Vec<_> = grades.map(|grade| class.points(submission, grade)).collect();
    let title =
        format!("{} · {}", plain::line(&submission.student, 80), plain::line(class.name, 80));
    frame(&title, &header(class, submission, &points), &body(class, submission, &points))
}

fn header(class: &Class<'_>, submission: &Submission, points: &[Points]) -> Markup {
    html! {
        p.path { a href="../index.html" { (plain::line(class.name, 80)) } }
        h1 { (name(&submission.student)) }
        p.total { (total(points)) }
        p.facts.muted {
            @if let Some(time) = submitted(submission) { span.fact { (time) } " " }
            @if !submission.digest.is_empty() {
                span.fact { "content " code { (plain::line(&submission.digest, 12)) } }
            }
        }
        @if !submission.notes.is_empty() {
            ul.notes { @for note in submission.notes.iter().take(plain::MAX_ITEMS) {
                li { (plain::line(note, plain::MAX_LINE)) }
            } }
        }
        (files(&submission.files))
    }
}

/// The files that were used, ignored and filled in.
fn files(files: &FileReport) -> Markup {
    let names = |names: &[String]| {
        html! {
            @for name in names.iter().take(plain::MAX_ITEMS) {
                code { (plain::line(name, plain::MAX_LINE)) } " "
            }
            @if names.len() > plain::MAX_ITEMS { "and " (names.len() - plain::MAX_ITEMS) " more" }
        }
    };
    html! {
        @if !files.lessons.is_empty() || !files.ignored.is_empty() {
            details.files {
                summary { "Files" }
                @for lesson in &files.lessons {
                    p { span.number { (lesson.lesson) } " used: " (names(&lesson.used)) }
                    @if !lesson.filled_in.is_empty() {
                        p {
                            span.number { (lesson.lesson) }
                            " filled in from the starter: " (names(&lesson.filled_in))
                        }
                    }
                }
                @if !files.ignored.is_empty() {
                    p { "Ignored:" }
                    ul { @for file in files.ignored.iter().take(plain::MAX_ITEMS) {
                        li {
                            code { (plain::line(&file.path, plain::MAX_LINE)) }
                            ": " (plain::line(&file.why, plain::MAX_LINE))
                        }
                    } }
                }
            }
        }
    }
}

fn total(points: &[Points]) -> Markup {
    let max: f64 = points.iter().map(|each| each.max).sum();
    let reached: f64 = points.iter().filter_map(|each| each.points).sum();
    let unknown = points.iter().filter(|each| each.points.is_none()).count();
    html! {
        strong { (score(Some(reached), max)) } " points"
        @if unknown > 0 {
            " so far; the points of " (unknown) " of " (points.len()) " lessons are unknown"
        }
    }
}

fn submitted(submission: &Submission) -> Option<String> {
    let time = submission.submitted?;
    Some(format!("handed in {} ({})", plain::time(time.seconds)?, time.source.name()))
}

fn body(class: &Class<'_>, submission: &Submission, points: &[Points]) -> Markup {
    let lessons = || submission.lessons.iter().zip(points);
    html! {
        @if submission.lessons.len() > 1 {
            nav.lessons aria-label="Lessons" { ul {
                @for (grade, points) in lessons() {
                    li { a href={ "#" (grade.lesson) } {
                        span.number { (grade.lesson) } " "
                        span { (plain::line(&grade.title, 120)) } " "
                        (badge(grade.verdict)) " "
                        span.score { (score(points.points, points.max)) }
                    } }
                }
            } }
        }
        @for (grade, points) in lessons() {
            (lesson::section(grade, points, &correction(class, submission, grade)))
        }
        @if submission.lessons.is_empty() { p { "No lesson was graded." } }
    }
}

fn correction(class: &Class<'_>, submission: &Submission, grade: &LessonGrade) -> Markup {
    let lines = class.correction_lines(submission, grade);
    let notes = class.overrides.notes(&submission.student, &grade.lesson);
    html! {
        @if !lines.is_empty() || !notes.is_empty() {
            div.corrections {
                p.label { "From your instructor" }
                @if !lines.is_empty() {
                    ul { @for line in &lines { li { (plain::line(line, plain::MAX_LINE)) } } }
                }
                @for note in notes { p { (plain::line(note, 4 * plain::MAX_LINE)) } }
            }
        }
    }
}
