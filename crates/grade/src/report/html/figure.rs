//! Charts made of HTML elements: the shares of the verdicts, and a histogram of the points.

use super::frame::{amount, tone};
use crate::model::Verdict;
use crate::report::{Class, plain};
use maud::{Markup, html};

/// The number of bands of a histogram: ten bands of ten per cent each, and one band for full
/// points.
const BANDS: usize = 11;

/// A bar with the share of each verdict. The numbers are in the table cells beside the bar.
pub(super) fn shares(counts: &[(Verdict, usize)]) -> Markup {
    html! {
        div.shares aria-hidden="true" {
            @for (verdict, number) in counts.iter().filter(|(_, number)| *number > 0) {
                span.(tone(*verdict)) style={ "flex-grow:" (number) } {}
            }
        }
    }
}

/// The median of the points of a lesson, or `–` if no student has points.
pub(super) fn median(class: &Class<'_>, lesson: &str) -> String {
    let mut points: Vec<_> = reached(class, lesson).iter().map(|(points, _)| *points).collect();
    crate::report::median(&mut points).map_or_else(|| "–".to_owned(), plain::points)
}

/// The section with a histogram of the points for each lesson.
pub(super) fn points(class: &Class<'_>) -> Markup {
    html! {
        section aria-labelledby="points" {
            h2 id="points" tabindex="-1" { "Points" }
            div.histograms {
                @for (id, title) in class.lessons { (histogram(class, id, title)) }
            }
        }
    }
}

fn histogram(class: &Class<'_>, id: &str, title: &str) -> Markup {
    let reached = reached(class, id);
    let mut bands = [0_usize; BANDS];
    for (points, max) in &reached {
        bands[band(*points, *max)] += 1;
    }
    let most = bands.into_iter().max().unwrap_or(0).max(1);
    let unknown = all_points(class, id).iter().filter(|(points, _)| points.is_none()).count();
    html! {
        figure.histogram {
            figcaption {
                span.number { (id) } " " (plain::line(title, 120)) " "
                span.aside {
                    (amount(reached.len(), "student"))
                    @if unknown > 0 { ", " (unknown) " more without points yet" }
                }
            }
            ol {
                @for (band, number) in bands.into_iter().enumerate() {
                    li.empty[number == 0] {
                        span.column aria-hidden="true" {
                            span.number { @if number > 0 { (number) } }
                            span.fill style={ "height:" (number * 100 / most) "%" } {}
                        }
                        span.band aria-hidden="true" { (start(band)) }
                        span.visually-hidden { (range(band)) " per cent: " (amount(number, "student")) }
                    }
                }
            }
            p.axis aria-hidden="true" { "per cent of the points" }
        }
    }
}

fn start(band: usize) -> String {
    if band == BANDS - 1 { "all".to_owned() } else { (band * 10).to_string() }
}

fn range(band: usize) -> String {
    if band == BANDS - 1 { "100".to_owned() } else { format!("{} to {}", band * 10, band * 10 + 9) }
}

fn band(points: f64, max: f64) -> usize {
    if points >= max {
        return BANDS - 1;
    }
    // Rounding must not move points below the maximum into the band for full points.
    ((points / max * 10.0).floor() as usize).min(BANDS - 2)
}

fn reached(class: &Class<'_>, lesson: &str) -> Vec<(f64, f64)> {
    let points = all_points(class, lesson).into_iter();
    points.filter_map(|(points, max)| Some((points?, max))).collect()
}

/// Whether there was a submission for the lesson. The figures leave out the students without one,
/// whose missing points would distort the median. The table lists these students.
fn was_handed_in(verdict: Verdict) -> bool {
    !matches!(verdict, Verdict::NotHandedIn | Verdict::Missing)
}

/// The points of each student who has handed in the lesson, and the maximum.
fn all_points(class: &Class<'_>, lesson: &str) -> Vec<(Option<f64>, f64)> {
    let grades = class
        .submissions
        .iter()
        .flat_map(|submission| submission.lessons.iter().map(move |grade| (submission, grade)));
    let points = grades
        .filter(|(_, grade)| grade.lesson == lesson && was_handed_in(grade.verdict))
        .map(|(submission, grade)| class.points(submission, grade));
    points.map(|points| (points.points, points.max)).collect()
}
