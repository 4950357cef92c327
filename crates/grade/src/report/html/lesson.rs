//! One lesson of a student: verdict and points, then each criterion.

use super::cause::cause;
use super::frame::{Mark, badge, score};
use crate::model::{BuildStatus, CriterionGrade, LessonGrade, Verdict};
use crate::report::plain;
use crate::rubric::Points;
use course::report::Status;
use maud::{Markup, html};

/// Lines of a compiler's words that are shown.
const LINES: usize = 200;

/// The section of one lesson.
pub(super) fn section(grade: &LessonGrade, points: &Points) -> Markup {
    html! {
        section.lesson id=(grade.lesson) aria-labelledby={ (grade.lesson) "-title" } {
            h2 id={ (grade.lesson) "-title" } {
                span.number { (grade.lesson) } " " (plain::line(&grade.title, 120))
            }
            p.facts { (badge(grade.verdict)) " " (facts(grade, points)) }
            @for remark in &points.remarks { p.remark { (plain::line(remark, plain::LONG)) } }
            (reason(grade, points))
            (compiler(grade))
            @if grade.verdict != Verdict::Missing { (criteria(grade, points)) }
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
        facts.push(format!("build {}", time(grade.build.seconds)));
    }
    if grade.seconds > 0.0 {
        facts.push(format!("proof {}", time(grade.seconds)));
    }
    if !grade.isolation.is_empty() {
        facts.push(format!("box: {}", plain::line(&grade.isolation, 40)));
    }
    html! { @for fact in facts { span.fact { (fact) } " " } }
}

fn reason(grade: &LessonGrade, points: &Points) -> Markup {
    let is_said = points.remarks.iter().any(|remark| remark.contains(&grade.reason));
    html! {
        @if !grade.reason.is_empty() && !is_said {
            p.remark { (plain::line(&grade.reason, plain::LONG)) }
        }
        @if grade.verdict == Verdict::Inconclusive {
            p.remark { "The grader could not see enough: no fault of the server, and no zero." }
        }
    }
}

fn compiler(grade: &LessonGrade) -> Markup {
    html! {
        @if grade.build.status == BuildStatus::Failed {
            h3 { "It did not build" }
            pre.compiler tabindex="0" role="region" aria-label="The compiler’s words" {
                code { (plain::lines(&grade.build.message, LINES).join("\n")) }
            }
        }
    }
}

fn criteria(grade: &LessonGrade, points: &Points) -> Markup {
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
                p.why { (why(grade.status)) (plain::line(&cause.summary, plain::LONG)) }
            }
        },
    }
}

fn why(status: Status) -> &'static str {
    if status == Status::Skipped { "Not run: " } else { "" }
}

/// A criterion in one line: mark, name, sentence, what it gives.
fn line(grade: &CriterionGrade, worth: Option<(f64, f64)>) -> Markup {
    let mark = Mark::of(grade);
    html! {
        span.criterion {
            (mark.show())
            span.said {
                code.id { (grade.id) } " "
                span.text { (plain::line(&grade.text, plain::LONG)) }
                @if grade.is_flaky() { " " span.badge.unsure { (mark.word) } }
            }
            @if let Some((reached, max)) = worth {
                @let reached = match grade.status {
                    // Not known yet is not nothing.
                    Status::Inconclusive => "?".to_owned(),
                    _ => plain::points(reached),
                };
                span.worth { (reached) " / " (plain::points(max)) }
            }
        }
    }
}

fn time(seconds: f64) -> String {
    match seconds {
        seconds if seconds < 1.0 => format!("{:.0} ms", seconds * 1e3),
        seconds => format!("{seconds:.1} s"),
    }
}
