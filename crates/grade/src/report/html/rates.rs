//! The class page: for each criterion, how many students it is proved for, and how long its check
//! takes.

use crate::report::rates::{self, Rate};
use crate::report::{Class, plain};
use maud::{Markup, html};

/// The section with a table for each lesson, the criterion that fewest students have proved first.
pub(super) fn criteria(class: &Class<'_>) -> Markup {
    let rates = rates::of(class);
    html! {
        section aria-labelledby="criteria" {
            h2 id="criteria" tabindex="-1" { "Criteria" }
            @if rates.is_empty() { p { "Nothing was checked." } }
            @for (lesson, title) in class.lessons { (table(lesson, title, &rates)) }
        }
    }
}

fn table(lesson: &str, title: &str, rates: &[Rate<'_>]) -> Markup {
    let mut rates: Vec<_> = rates.iter().filter(|rate| rate.lesson == lesson).collect();
    // The sort is stable: criteria with the same rate stay in the lesson's order.
    rates.sort_by_key(|rate| rate.percent().unwrap_or(100));
    let label = format!("Criteria of {lesson}");
    html! {
        @if !rates.is_empty() {
            div.scroll role="region" aria-label=(label) tabindex="0" { table.rates {
                caption { span.number { (lesson) } " " (plain::line(title, 120)) }
                thead { tr {
                    th scope="col" { "Criterion" }
                    th.bar scope="col" { "Share" }
                    th.count scope="col" { "proved" }
                    th.count scope="col" { "median time" }
                } }
                tbody { @for rate in rates { (row(rate)) } }
            } }
        }
    }
}

fn row(rate: &Rate<'_>) -> Markup {
    let percent = rate.percent();
    html! {
        tr {
            th scope="row" {
                code.id { (plain::line(rate.criterion, 60)) } " "
                span.muted { (plain::line(rate.text, plain::MAX_LINE)) }
            }
            td.bar { span.rate aria-hidden="true" {
                span style={ "width:" (percent.unwrap_or(0)) "%" } {}
            } }
            td.count {
                @if let Some(percent) = percent { (percent) " %  " }
                span.aside { (rate.proved) " of " (rate.of) }
            }
            td.count { @match rate.median_millis {
                Some(millis) => { (plain::duration(millis / 1e3)) }
                None => "–",
            } }
        }
    }
}
