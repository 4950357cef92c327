//! The table of the class: a row for each student, a column for each criterion.

use super::frame::{Mark, name, tone};
use super::names::Names;
use crate::model::{LessonGrade, Submission, Verdict};
use crate::report::{Class, Columns, plain};
use maud::{Markup, html};
use std::collections::HashMap;

/// The section with the table of the class.
pub(super) fn students(class: &Class<'_>, names: &Names<'_>) -> Markup {
    let columns = class.columns();
    html! {
        section.wide aria-labelledby="students" {
            h2 id="students" tabindex="-1" { "Students" }
            (legend())
            div.scroll.tall role="region" aria-label="Table of students" tabindex="0" { table.matrix {
                (head(&columns))
                tbody { @for submission in class.submissions {
                    (row(class, submission, &columns, names))
                } }
            } }
        }
    }
}

fn legend() -> Markup {
    let signs = [
        ("✓", "good", "proved"),
        ("✗", "bad", "failed"),
        ("~", "unsure", "failed in some runs"),
        ("?", "unsure", "inconclusive"),
        ("–", "none", "not checked"),
    ];
    html! {
        ul.legend { @for (sign, tone, word) in signs {
            li { span.mark.(tone) aria-hidden="true" { (sign) } " " (word) }
        } }
    }
}

fn head(columns: &[Columns<'_>]) -> Markup {
    html! {
        thead {
            tr {
                td {}
                @for lesson in columns {
                    th.first scope="colgroup" colspan=(lesson.criteria.len() + 1) {
                        span.number { (lesson.lesson) } " " (plain::line(lesson.title, 60))
                    }
                }
            }
            tr {
                th.student scope="col" { "Student" }
                @for lesson in columns {
                    th.first.points scope="col" { span { "points" } }
                    @for (id, text) in &lesson.criteria {
                        th.criterion-name scope="col" title=(plain::line(text, plain::MAX_LINE)) {
                            span { (id) }
                        }
                    }
                }
            }
        }
    }
}

fn row(
    class: &Class<'_>,
    submission: &Submission,
    columns: &[Columns<'_>],
    names: &Names<'_>,
) -> Markup {
    let grade = |id: &str| submission.lessons.iter().find(|grade| grade.lesson == id);
    let link = names.link(&submission.student);
    html! {
        tr {
            th.student scope="row" { a href=(link) { (name(&submission.student)) } }
            @for lesson in columns {
                @match grade(lesson.lesson) {
                    Some(grade) => { (cells(class, submission, grade, lesson)) }
                    None => {
                        td.first.points { span.visually-hidden { "not graded" } }
                        @for _ in &lesson.criteria { td {} }
                    }
                }
            }
        }
    }
}

fn cells(
    class: &Class<'_>,
    submission: &Submission,
    grade: &LessonGrade,
    lesson: &Columns<'_>,
) -> Markup {
    let criteria: HashMap<_, _> =
        grade.criteria.iter().map(|each| (each.id.as_str(), each)).collect();
    html! {
        td.first.points.(tone(grade.verdict)) { (points(class, submission, grade)) }
        @for (id, _) in &lesson.criteria {
            @match criteria.get(id).map(|each| Mark::of(each)) {
                Some(mark) => { td.(mark.tone) { (mark.show()) } }
                None => { td {} }
            }
        }
    }
}

fn points(class: &Class<'_>, submission: &Submission, grade: &LessonGrade) -> Markup {
    let points = class.points(submission, grade).points;
    html! {
        @match points {
            Some(points) => { (plain::points(points)) }
            None => { span role="img" aria-label="unknown" { "?" } }
        }
        @if !matches!(grade.verdict, Verdict::Proved | Verdict::NotYet) {
            span.visually-hidden { " " (plain::verdict(grade.verdict)) }
        }
    }
}
