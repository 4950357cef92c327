//! The class page: the verdicts of each lesson, the common failures, and every student.

use super::frame::{amount, frame, sign, tone};
use super::names::Names;
use super::{copies, failures, figure, matrix, rates};
use crate::model::{LessonGrade, Verdict};
use crate::report::{Class, plain};
use maud::{Markup, html};

/// The verdicts, in the order in which pages show them.
pub(super) const VERDICTS: [Verdict; 6] = [
    Verdict::Proved,
    Verdict::NotYet,
    Verdict::Inconclusive,
    Verdict::Missing,
    Verdict::NotHandedIn,
    Verdict::Refused,
];

/// The page of the class.
pub(super) fn page(class: &Class<'_>, names: &Names<'_>) -> Markup {
    let title = format!("{} · grades", plain::line(class.name, 80));
    let body = html! {
        (lessons(class))
        (figure::points(class))
        (rates::criteria(class))
        (failures::clusters(class, names))
        (failures::unbuilt(class, names))
        (failures::to_review(class, names))
        @if let Some(found) = class.copies { (copies::link(found)) }
        (matrix::students(class, names))
    };
    frame(&title, &header(class), &body)
}

fn header(class: &Class<'_>) -> Markup {
    let grades: Vec<_> = class.submissions.iter().flat_map(|each| &each.lessons).collect();
    let all = amount(class.submissions.len(), "student");
    html! {
        p.path { "Class" }
        h1 { (plain::line(class.name, 80)) }
        p.total {
            (all) ", " (amount(class.lessons.len(), "lesson")) ", "
            (amount(grades.len(), "verdict"))
        }
        dl.figures {
            @for verdict in VERDICTS {
                @let number = grades.iter().filter(|grade| grade.verdict == verdict).count();
                div.(if number > 0 { tone(verdict) } else { "none" }) {
                    dt { span aria-hidden="true" { (sign(verdict)) } " " (plain::verdict(verdict)) }
                    dd { (number) }
                }
            }
        }
        nav.contents aria-label="On this page" { ul {
            li { a href="#lessons" { "Lessons" } }
            li { a href="#points" { "Points" } }
            li { a href="#criteria" { "Criteria" } }
            li { a href="#mistakes" { "What went wrong" } }
            li { a href="#review" { "To review" } }
            li { a href="#students" { "Students" } }
        } }
    }
}

fn lessons(class: &Class<'_>) -> Markup {
    html! {
        section aria-labelledby="lessons" {
            h2 id="lessons" tabindex="-1" { "Lessons" }
            div.scroll role="region" aria-label="Table of lessons" tabindex="0" { table.lessons {
                thead { tr {
                    th scope="col" { "Lesson" }
                    th.bar scope="col" { "Verdicts" }
                    @for verdict in VERDICTS { th.count scope="col" { (plain::verdict(verdict)) } }
                    th.count scope="col" { "median points" }
                } }
                tbody { @for (id, title) in class.lessons { (lesson(class, id, title)) } }
            } }
        }
    }
}

fn lesson(class: &Class<'_>, id: &str, title: &str) -> Markup {
    let grades = grades(class, id);
    let count = |verdict| grades.iter().filter(|grade| grade.verdict == verdict).count();
    let counts = VERDICTS.map(|verdict| (verdict, count(verdict)));
    html! {
        tr {
            th scope="row" { span.number { (id) } " " (plain::line(title, 120)) }
            td.bar { (figure::shares(&counts)) }
            @for (verdict, number) in counts {
                td.count.(if number > 0 { tone(verdict) } else { "none" }) { (number) }
            }
            td.count { (figure::median(class, id)) }
        }
    }
}

fn grades<'a>(class: &Class<'a>, lesson: &str) -> Vec<&'a LessonGrade> {
    let all = class.submissions.iter().flat_map(|submission| &submission.lessons);
    all.filter(|grade| grade.lesson == lesson).collect()
}
