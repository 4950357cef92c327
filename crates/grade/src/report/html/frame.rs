//! What every page has: its head, a way past the navigation, and marks that say what they mean.

use crate::model::{CriterionGrade, Verdict};
use crate::report::plain;
use course::report::Status;
use maud::{DOCTYPE, Markup, PreEscaped, html};

const STYLE: &str = include_str!("style.css");
/// A drawing in place of the request for an icon that a browser would make.
const ICON: &str = "data:,";

/// A whole page.
pub(super) fn frame(title: &str, header: &Markup, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                title { (title) }
                link rel="icon" href=(ICON);
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#main" { "Skip to the content" }
                header.page { (header) }
                main id="main" tabindex="-1" { (body) }
            }
        }
    }
}

/// A name that a student chose, kept apart from the text around it where it runs right to left.
pub(super) fn name(student: &str) -> Markup {
    html! { bdi { (plain::line(student, 80)) } }
}

/// A verdict as a sign and a word.
pub(super) fn badge(verdict: Verdict) -> Markup {
    html! {
        span.badge.(tone(verdict)) {
            span aria-hidden="true" { (sign(verdict)) } " " (plain::verdict(verdict))
        }
    }
}

/// The sign of a verdict.
pub(super) fn sign(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Proved => "✓",
        Verdict::NotYet => "✗",
        Verdict::Inconclusive => "?",
        Verdict::Missing => "–",
        Verdict::Refused => "!",
    }
}

/// The class of a verdict's colour.
pub(super) fn tone(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Proved => "good",
        Verdict::NotYet | Verdict::Refused => "bad",
        Verdict::Inconclusive => "unsure",
        Verdict::Missing => "none",
    }
}

/// A criterion's mark: sign, colour and word.
pub(super) struct Mark {
    pub(super) sign: &'static str,
    pub(super) tone: &'static str,
    pub(super) word: String,
}

impl Mark {
    pub(super) fn of(grade: &CriterionGrade) -> Self {
        let (sign, tone) = match grade.status {
            _ if grade.is_flaky() => ("~", "unsure"),
            Status::Proved => ("✓", "good"),
            Status::Failed => ("✗", "bad"),
            Status::Skipped => ("–", "none"),
            Status::Inconclusive => ("?", "unsure"),
        };
        let word = match grade.is_flaky() {
            true => format!("failed {} of {}", grade.failed, grade.runs),
            false => plain::status(grade.status).to_owned(),
        };
        Self { sign, tone, word }
    }

    /// The sign, read out as its word.
    pub(super) fn show(&self) -> Markup {
        html! { span.mark.(self.tone) role="img" aria-label=(self.word) { (self.sign) } }
    }
}

/// A number of things, e.g. `1 student`, `40 students`.
pub(super) fn amount(number: usize, thing: &str) -> String {
    match number {
        1 => format!("1 {thing}"),
        _ => format!("{number} {thing}s"),
    }
}

/// `9 of 10 points`, or what is known where points are not settled.
pub(super) fn score(points: Option<f64>, max: f64) -> String {
    match points {
        Some(reached) => format!("{} of {}", plain::points(reached), plain::points(max)),
        None => format!("not settled, of {}", plain::points(max)),
    }
}
