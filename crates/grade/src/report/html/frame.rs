//! The parts that all pages share: the document's head, the link that skips the navigation, and the
//! signs of verdicts and criteria with their accessible names.

use crate::model::{CriterionGrade, Verdict};
use crate::report::plain;
use course::report::Status;
use maud::{DOCTYPE, Markup, PreEscaped, html};

const STYLE: &str = concat!(include_str!("style.css"), include_str!("teaching.css"));
/// An empty icon. Without an icon in the page, the browser would request `/favicon.ico`.
const ICON: &str = "data:,";

/// A complete page.
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

/// A student's name. `bdi` separates a name that is written from right to left from the text around
/// the name.
pub(super) fn name(student: &str) -> Markup {
    html! { bdi { (plain::line(student, 80)) } }
}

/// A verdict, shown as a sign and a word.
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
        Verdict::NotHandedIn => "○",
        Verdict::Refused => "!",
    }
}

/// The CSS class that gives a verdict its colour.
pub(super) fn tone(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Proved => "good",
        Verdict::NotYet | Verdict::Refused => "bad",
        Verdict::Inconclusive => "unsure",
        Verdict::Missing | Verdict::NotHandedIn => "none",
    }
}

/// The mark of a criterion: its sign, the CSS class of its colour, and its word.
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

    /// The sign. A screen reader reads the word instead.
    pub(super) fn show(&self) -> Markup {
        html! { span.mark.(self.tone) role="img" aria-label=(self.word) { (self.sign) } }
    }
}

/// A number and its noun, e.g. `1 student`, `40 students`.
pub(super) fn amount(number: usize, thing: &str) -> String {
    match number {
        1 => format!("1 {thing}"),
        _ => format!("{number} {thing}s"),
    }
}

/// The points of a lesson, e.g. `9 of 10`, or `unknown, of 10`.
pub(super) fn score(points: Option<f64>, max: f64) -> String {
    match points {
        Some(reached) => format!("{} of {}", plain::points(reached), plain::points(max)),
        None => format!("unknown, of {}", plain::points(max)),
    }
}
