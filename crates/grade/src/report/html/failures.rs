//! The problems of a class: common failures, failed builds, and lessons that an instructor should
//! review.

use super::frame::{amount, name};
use super::names::Names;
use crate::model::{LessonGrade, Submission, Verdict};
use crate::report::clusters::{self, Cluster};
use crate::report::{Class, plain};
use maud::{Markup, html};

/// The number of groups that are always shown. The other groups are in a collapsed list.
const SHOWN: usize = 8;

/// The section with the groups of failures, the largest group first.
pub(super) fn clusters(class: &Class<'_>, names: &Names<'_>) -> Markup {
    let clusters = clusters::of(class);
    let (first, rest) = clusters.split_at(clusters.len().min(SHOWN));
    html! {
        section aria-labelledby="mistakes" {
            h2 id="mistakes" tabindex="-1" { "What went wrong" }
            @if clusters.is_empty() { p { "Nothing failed." } }
            ol.clusters { @for each in first { (cluster(each, names)) } }
            @if !rest.is_empty() {
                details.more {
                    summary { (amount(rest.len(), "smaller group")) }
                    ol.clusters { @for each in rest { (cluster(each, names)) } }
                }
            }
        }
    }
}

fn cluster(cluster: &Cluster, names: &Names<'_>) -> Markup {
    let number = cluster.students.len();
    let what = cluster.mistake.as_ref().map_or(&cluster.summary, |row| &row.mistake);
    html! {
        li {
            p.share { strong { (number) } " of " (cluster.of) }
            div.description {
                h3 { (plain::line(what, plain::MAX_LINE)) }
                p.where {
                    span.number { (cluster.lesson) } " "
                    @for criterion in &cluster.criteria { code.id { (criterion) } " " }
                }
                @if let Some(row) = &cluster.mistake {
                    p { (plain::line(&row.fix, plain::MAX_LINE)) }
                }
                details {
                    summary { (amount(number, "student")) }
                    (students(&cluster.students, &cluster.lesson, names))
                }
            }
        }
    }
}

/// The section with the programs that could not be built, grouped by the first error message.
pub(super) fn unbuilt(class: &Class<'_>, names: &Names<'_>) -> Markup {
    let groups = clusters::unbuilt(class);
    html! {
        @if !groups.is_empty() {
            section aria-labelledby="unbuilt" {
                h2 id="unbuilt" { "Failed builds" }
                ol.clusters { @for group in &groups {
                    li {
                        p.share { strong { (group.students.len()) } }
                        div.description {
                            h3.error { code { (group.first_error) } }
                            p.where { span.number { (group.lesson) } }
                            (students(&group.students, &group.lesson, names))
                        }
                    }
                } }
            }
        }
    }
}

/// The section with the lessons that an instructor should review: inconclusive, refused, flaky and
/// missing ones.
pub(super) fn to_review(class: &Class<'_>, names: &Names<'_>) -> Markup {
    let with = |verdict| {
        let why = move |grade: &LessonGrade| {
            (grade.verdict == verdict).then(|| plain::line(&grade.reason, plain::MAX_LINE))
        };
        listed(class, why)
    };
    let lists = [
        ("Inconclusive: run the grader again", listed(class, inconclusive)),
        ("Refused", with(Verdict::Refused)),
        ("Flaky: failed in some runs", listed(class, flaky)),
        ("Missing", with(Verdict::Missing)),
        ("Not handed in", with(Verdict::NotHandedIn)),
    ];
    let filled: Vec<_> = lists.into_iter().filter(|(_, list)| !list.is_empty()).collect();
    html! {
        section aria-labelledby="review" {
            h2 id="review" tabindex="-1" { "To review" }
            @if filled.is_empty() { p { "Nothing: every submission was read, built and checked." } }
            div.review { @for (title, list) in filled {
                div {
                    h3 { (title) " " span.aside { (list.len()) } }
                    ul { @for (submission, grade, why) in list {
                        li {
                            a href={ (names.link(&submission.student)) "#" (grade.lesson) } {
                                (name(&submission.student))
                            }
                            " " span.number { (grade.lesson) }
                            @if !why.is_empty() { span.why { (why) } }
                        }
                    } }
                }
            } }
        }
    }
}

/// Lessons to review, each with the reason.
type Listed<'a> = Vec<(&'a Submission, &'a LessonGrade, String)>;

fn listed<'a>(class: &Class<'a>, why: impl Fn(&LessonGrade) -> Option<String>) -> Listed<'a> {
    let mut list = Vec::new();
    for submission in class.submissions {
        for grade in &submission.lessons {
            if let Some(why) = why(grade) {
                list.push((submission, grade, why));
            }
        }
    }
    list
}

fn inconclusive(grade: &LessonGrade) -> Option<String> {
    let criteria =
        grade.criteria.iter().filter(|each| each.status == course::report::Status::Inconclusive);
    let why: Vec<_> = criteria
        .map(|each| {
            let summary = each.cause.as_ref().map_or("", |cause| cause.summary.as_str());
            format!("{}: {}", each.id, plain::line(summary, plain::MAX_LINE))
        })
        .collect();
    match (why.is_empty(), grade.verdict) {
        (false, _) => Some(why.join("; ")),
        (true, Verdict::Inconclusive) => Some(plain::line(&grade.reason, plain::MAX_LINE)),
        (true, _) => None,
    }
}

fn flaky(grade: &LessonGrade) -> Option<String> {
    let flaky = grade.criteria.iter().filter(|each| each.is_flaky());
    let counts = flaky.map(|each| format!("{} failed {} of {}", each.id, each.failed, each.runs));
    let counts: Vec<_> = counts.collect();
    (!counts.is_empty()).then(|| counts.join("; "))
}

fn students(students: &[String], lesson: &str, names: &Names<'_>) -> Markup {
    html! {
        ul.names { @for student in students {
            li { a href={ (names.link(student)) "#" (lesson) } { (name(student)) } }
        } }
    }
}
