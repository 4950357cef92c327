//! One lesson on a student's page: the verdict and the points, then each criterion.

use super::cause::cause;
use super::frame::{Mark, badge, score};
use crate::model::{BuildStatus, CriterionGrade, LessonGrade, Verdict};
use crate::report::plain;
use crate::rubric::Points;
use course::report::Status;
use maud::{Markup, html};

/// The maximum number of lines that are shown of a compiler's output.
const LINES: usize = 200;

/// The section of one lesson. `correction` shows what the instructor corrected.
pub(super) fn section(grade: &LessonGrade, points: &Points, correction: &Markup) -> Markup {
    html! {
        section.lesson id=(grade.lesson) aria-labelledby={ (grade.lesson) "-title" } {
            h2 id={ (grade.lesson) "-title" } {
                span.number { (grade.lesson) } " " (plain::line(&grade.title, 120))
            }
            p.facts { (badge(grade.verdict)) " " (facts(grade, points)) }
            @for remark in &points.remarks { p.remark { (plain::line(remark, plain::MAX_LINE)) } }
            (correction)
            (reason(grade, points))
            (compiler(grade))
            @if !matches!(grade.verdict, Verdict::Missing | Verdict::NotHandedIn) { (criteria(grade, points)) }
        }
    }
}

fn facts(grade: &LessonGrade, points: &Points) -> Markup {
    let proved = grade.criteria.iter().filter(|each| each.status == Status::Proved).count();
    let mut facts = vec![
        format!("{} points", score(points.points, points.max)),
        format!("{proved} of {} criteria", grade.criteria.len()),
    ];
    if grade.build.seconds > 0.0 {
        facts.push(format!("build {}", plain::duration(grade.build.seconds)));
    }
    if grade.seconds > 0.0 {
        facts.push(format!("proof {}", plain::duration(grade.seconds)));
    }
    if !grade.isolation.is_empty() {
        facts.push(format!("isolation: {}", plain::line(&grade.isolation, 40)));
    }
    html! { @for fact in facts { span.fact { (fact) } " " } }
}

fn reason(grade: &LessonGrade, points: &Points) -> Markup {
    let is_in_remarks = points.remarks.iter().any(|remark| remark.contains(&grade.reason));
    html! {
        @if !grade.reason.is_empty() && !is_in_remarks {
            p.remark { (plain::line(&grade.reason, plain::MAX_LINE)) }
        }
        @if grade.verdict == Verdict::Inconclusive {
            p.remark {
                "The grader could not observe enough. This is not the server's fault, and it does "
                "not count as zero points."
            }
        }
    }
}

fn compiler(grade: &LessonGrade) -> Markup {
    html! {
        @if grade.build.status == BuildStatus::Failed {
            h3 { "The build failed" }
            pre.compiler tabindex="0" role="region" aria-label="The compiler’s output" {
                code { (plain::lines(&grade.build.message, LINES).join("\n")) }
            }
        }
    }
}

fn criteria(grade: &LessonGrade, points: &Points) -> Markup {
    // The details of the first failed criterion are open.
    let open = grade.criteria.iter().position(|each| each.status == Status::Failed);
    let worth = |index: usize| points.criteria.get(index).copied();
    html! {
        h3 { "Criteria" }
        ol.criteria {
            @for (index, each) in grade.criteria.iter().enumerate() {
                li id={ (grade.lesson) "-" (each.id) } {
                    (criterion(each, worth(index), open == Some(index)))
                }
            }
        }
    }
}

fn criterion(grade: &CriterionGrade, worth: Option<(f64, f64)>, is_open: bool) -> Markup {
    match grade.status {
        Status::Failed => html! {
            details open[is_open] {
                summary { (line(grade, worth)) }
                (cause(grade))
            }
        },
        Status::Proved => line(grade, worth),
        Status::Skipped | Status::Inconclusive => html! {
            (line(grade, worth))
            @if let Some(cause) = &grade.cause {
                p.why { (why(grade.status)) (plain::line(&cause.summary, plain::MAX_LINE)) }
            }
        },
    }
}

fn why(status: Status) -> &'static str {
    if status == Status::Skipped { "Not checked: " } else { "" }
}

/// A criterion in one line: its mark, its id, its text and its points.
fn line(grade: &CriterionGrade, worth: Option<(f64, f64)>) -> Markup {
    let mark = Mark::of(grade);
    html! {
        span.criterion {
            (mark.show())
            span.statement {
                code.id { (grade.id) } " "
                span.text { (plain::line(&grade.text, plain::MAX_LINE)) }
                @if grade.is_flaky() { " " span.badge.unsure { (mark.word) } }
            }
            @if let Some((reached, max)) = worth {
                @let reached = match grade.status {
                    // Unknown points must not look like zero points.
                    Status::Inconclusive => "?".to_owned(),
                    _ => plain::points(reached),
                };
                span.score { (reached) " / " (plain::points(max)) }
            }
        }
    }
}
