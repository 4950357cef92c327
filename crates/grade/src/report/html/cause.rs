//! One criterion that is not proved: what was done, what the kernel shows, what the mistake is.

use crate::model::{Cause, CriterionGrade};
use crate::report::plain;
use course::report::{Step, Table};
use maud::{Markup, html};
use xtask::show::chosen;

/// Log lines of one step that are shown.
const LOGGED: usize = 12;

/// All that is known of why `grade` is not proved.
pub(super) fn cause(grade: &CriterionGrade) -> Markup {
    let Some(cause) = &grade.cause else {
        return html! { p { "Nothing more is known of it." } };
    };
    html! {
        div.cause {
            p.summary { (plain::line(&cause.summary, plain::LONG)) }
            (steps(&cause.steps))
            (tables(&cause.evidence))
            (outcome(cause))
            (advice(cause))
            (again(grade, cause))
        }
    }
}

fn steps(steps: &[Step]) -> Markup {
    html! {
        @if !steps.is_empty() {
            ol.steps {
                @for step in steps.iter().take(plain::MOST) {
                    li { div.step {
                        span { (plain::line(&step.did, plain::LONG)) }
                        @if !step.logged.is_empty() { (logged(&step.logged)) }
                    } }
                }
            }
            @if steps.len() > plain::MOST {
                p.aside { "… and " (steps.len() - plain::MOST) " more steps" }
            }
        }
    }
}

/// The first log lines of a step, and the last one.
fn logged(lines: &[String]) -> Markup {
    let hidden = lines.len().saturating_sub(LOGGED);
    let first = lines.len().min(if hidden > 0 { LOGGED - 1 } else { LOGGED });
    html! {
        samp.log {
            span.unseen { "logged: " }
            @for line in &lines[..first] { span { (plain::line(line, plain::LONG)) } }
            @if hidden > 0 {
                span.aside { "… " (hidden) " more" }
                @if let Some(line) = lines.last() { span { (plain::line(line, plain::LONG)) } }
            }
        }
    }
}

fn tables(tables: &[Table]) -> Markup {
    let filled: Vec<_> = tables.iter().filter(|table| !table.rows.is_empty()).collect();
    html! {
        @if !filled.is_empty() {
            div.tables { @for table in filled { (evidence(table)) } }
        }
    }
}

fn evidence(table: &Table) -> Markup {
    html! {
        figure {
            figcaption { (plain::line(&table.title, plain::LONG)) }
            div.rows {
                @for (row, hidden) in chosen(&table.rows, plain::MOST) {
                    div.wrong[row.wrong] {
                        span.edge aria-hidden="true" { @if row.wrong { "▸" } }
                        @if row.wrong { span.unseen { "wrong: " } }
                        code { (plain::line(&row.text, plain::LONG)) }
                    }
                    @if hidden > 0 { div.aside { "… " (hidden) " more" } }
                }
            }
        }
    }
}

fn outcome(cause: &Cause) -> Markup {
    let parts = [("expected", &cause.expected, "good"), ("observed", &cause.observed, "bad")];
    let said: Vec<_> = parts.into_iter().filter(|(_, text, _)| !text.is_empty()).collect();
    html! {
        @if !said.is_empty() {
            dl.outcome {
                @for (label, text, tone) in said {
                    div.(tone) { dt { (label) } dd { (plain::line(text, 2 * plain::LONG)) } }
                }
            }
        }
    }
}

fn advice(cause: &Cause) -> Markup {
    html! {
        @if let Some(row) = &cause.mistake {
            div.advice {
                p.label { "Common mistake" }
                p.mistake { (plain::line(&row.mistake, plain::LONG)) }
                p { (plain::line(&row.fix, 2 * plain::LONG)) }
            }
        }
    }
}

fn again(grade: &CriterionGrade, cause: &Cause) -> Markup {
    let runs = match grade.runs {
        0 | 1 => None,
        runs if grade.is_flaky() => Some(format!(
            "It failed in {} of {runs} runs, not in all: look for what depends on timing.",
            grade.failed
        )),
        runs => Some(format!("It failed in each of {runs} runs.")),
    };
    html! {
        @if !cause.replay.is_empty() {
            p.again {
                span.label { "See it again" } " "
                code { (plain::line(&cause.replay, plain::LONG)) }
            }
        }
        @if let Some(runs) = runs { p.aside { (runs) } }
    }
}
