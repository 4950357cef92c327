//! The cause of a failed criterion: the steps, the kernel's tables, and the common mistake.

use crate::model::{Cause, CriterionGrade};
use crate::report::plain;
use course::report::{Step, Table};
use maud::{Markup, html};
use terminal::show::chosen;

/// The maximum number of log lines that are shown for one step.
const LOGGED: usize = 12;

/// Why the criterion is not proved.
pub(super) fn cause(grade: &CriterionGrade) -> Markup {
    let Some(cause) = &grade.cause else {
        return html! { p { "The cause is not known." } };
    };
    html! {
        div.cause {
            p.summary { (plain::line(&cause.summary, plain::MAX_LINE)) }
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
                @for step in steps.iter().take(plain::MAX_ITEMS) {
                    li { div.step {
                        span { (plain::line(&step.did, plain::MAX_LINE)) }
                        @if !step.logged.is_empty() { (logged(&step.logged)) }
                    } }
                }
            }
            @if steps.len() > plain::MAX_ITEMS {
                p.aside { "… and " (steps.len() - plain::MAX_ITEMS) " more steps" }
            }
        }
    }
}

/// The log lines of a step. If there are too many lines, only the first lines and the last line are
/// shown.
fn logged(lines: &[String]) -> Markup {
    let hidden = lines.len().saturating_sub(LOGGED);
    let first = lines.len().min(if hidden > 0 { LOGGED - 1 } else { LOGGED });
    html! {
        samp.log {
            span.visually-hidden { "logged: " }
            @for line in &lines[..first] { span { (plain::line(line, plain::MAX_LINE)) } }
            @if hidden > 0 {
                span.aside { "… " (hidden) " more" }
                @if let Some(line) = lines.last() { span { (plain::line(line, plain::MAX_LINE)) } }
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
            figcaption { (plain::line(&table.title, plain::MAX_LINE)) }
            div.rows {
                @for (row, hidden) in chosen(&table.rows, plain::MAX_ITEMS) {
                    div.wrong[row.wrong] {
                        span.marker aria-hidden="true" { @if row.wrong { "▸" } }
                        @if row.wrong { span.visually-hidden { "wrong: " } }
                        code { (plain::line(&row.text, plain::MAX_LINE)) }
                    }
                    @if hidden > 0 { div.aside { "… " (hidden) " more" } }
                }
            }
        }
    }
}

fn outcome(cause: &Cause) -> Markup {
    let parts = [("expected", &cause.expected, "good"), ("observed", &cause.observed, "bad")];
    let filled: Vec<_> = parts.into_iter().filter(|(_, text, _)| !text.is_empty()).collect();
    html! {
        @if !filled.is_empty() {
            dl.outcome {
                @for (label, text, tone) in filled {
                    div.(tone) { dt { (label) } dd { (plain::line(text, 2 * plain::MAX_LINE)) } }
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
                p.mistake { (plain::line(&row.mistake, plain::MAX_LINE)) }
                p { (plain::line(&row.fix, 2 * plain::MAX_LINE)) }
            }
        }
    }
}

fn again(grade: &CriterionGrade, cause: &Cause) -> Markup {
    let runs = match grade.runs {
        0 | 1 => None,
        runs if grade.is_flaky() => Some(format!(
            "It failed in {} of {runs} runs. Look for behaviour that depends on timing.",
            grade.failed
        )),
        runs => Some(format!("It failed in each of {runs} runs.")),
    };
    html! {
        @if !cause.replay.is_empty() {
            p.again {
                span.label { "Run this check again" } " "
                code { (plain::line(&cause.replay, plain::MAX_LINE)) }
            }
        }
        @if let Some(runs) = runs { p.aside { (runs) } }
    }
}
