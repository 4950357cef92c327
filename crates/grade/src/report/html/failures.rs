//! What the instructor comes for: mistakes that many made, and what a person has to look at.

use super::frame::{amount, name};
use super::names::Names;
use crate::model::{LessonGrade, Submission, Verdict};
use crate::report::clusters::{self, Cluster};
use crate::report::{Class, plain};
use maud::{Markup, html};

/// Groups that are shown at once; the rest is folded away.
const SHOWN: usize = 8;

/// What went wrong in the same way, the largest group first.
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
            div.told {
                h3 { (plain::line(what, plain::LONG)) }
                p.where {
                    span.number { (cluster.lesson) } " "
                    @for criterion in &cluster.criteria { code.id { (criterion) } " " }
                }
                @if let Some(row) = &cluster.mistake { p { (plain::line(&row.fix, plain::LONG)) } }
                details {
                    summary { (amount(number, "student")) }
                    (students(&cluster.students, &cluster.lesson, names))
                }
            }
        }
    }
}

/// Programs that could not be built, by what the compiler said first.
pub(super) fn unbuilt(class: &Class<'_>, names: &Names<'_>) -> Markup {
    let groups = clusters::unbuilt(class);
    html! {
        @if !groups.is_empty() {
            section aria-labelledby="unbuilt" {
                h2 id="unbuilt" { "What did not build" }
                ol.clusters { @for group in &groups {
                    li {
                        p.share { strong { (group.students.len()) } }
                        div.told {
                            h3.words { code { (group.words) } }
                            p.where { span.number { (group.lesson) } }
                            (students(&group.students, &group.lesson, names))
                        }
                    }
                } }
            }
        }
    }
}

/// Lists of what a person should look at: unsettled, refused, missing, flaky.
pub(super) fn to_look_at(class: &Class<'_>, names: &Names<'_>) -> Markup {
    let with = |verdict| {
        let why = move |grade: &LessonGrade| {
            (grade.verdict == verdict).then(|| plain::line(&grade.reason, plain::LONG))
        };
        listed(class, why)
    };
    let lists = [
        ("Inconclusive: to be run again", listed(class, unseen)),
        ("Refused", with(Verdict::Refused)),
        ("Flaky: failed in some runs", listed(class, flaky)),
        ("Missing", with(Verdict::Missing)),
    ];
    let filled: Vec<_> = lists.into_iter().filter(|(_, list)| !list.is_empty()).collect();
    html! {
        section aria-labelledby="look" {
            h2 id="look" tabindex="-1" { "To look at" }
            @if filled.is_empty() { p { "Nothing: every submission was read, built and seen." } }
            div.look { @for (title, list) in filled {
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

fn unseen(grade: &LessonGrade) -> Option<String> {
    let unseen =
        grade.criteria.iter().filter(|each| each.status == course::report::Status::Inconclusive);
    let why: Vec<_> = unseen
        .map(|each| {
            let summary = each.cause.as_ref().map_or("", |cause| cause.summary.as_str());
            format!("{}: {}", each.id, plain::line(summary, plain::LONG))
        })
        .collect();
    match (why.is_empty(), grade.verdict) {
        (false, _) => Some(why.join("; ")),
        (true, Verdict::Inconclusive) => Some(plain::line(&grade.reason, plain::LONG)),
        (true, _) => None,
    }
}

fn flaky(grade: &LessonGrade) -> Option<String> {
    let flaky = grade.criteria.iter().filter(|each| each.is_flaky());
    let told = flaky.map(|each| format!("{} failed {} of {}", each.id, each.failed, each.runs));
    let told: Vec<_> = told.collect();
    (!told.is_empty()).then(|| told.join("; "))
}

fn students(students: &[String], lesson: &str, names: &Names<'_>) -> Markup {
    html! {
        ul.names { @for student in students {
            li { a href={ (names.link(student)) "#" (lesson) } { (name(student)) } }
        } }
    }
}
