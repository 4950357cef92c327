//! The page of near copies: groups of students with the same program, and pairs of similar programs
//! with their common passages side by side.

use super::frame::{amount, frame, name};
use super::names::Names;
use crate::report::{Class, plain};
use crate::similarity::{Block, Copies, Pair, Passage};
use maud::{Markup, html};

/// The maximum number of pairs with their passages. Further pairs are only counted.
const MAX_PAIRS: usize = 100;
/// The maximum number of groups of students with the same program.
const MAX_GROUPS: usize = 200;

/// The page of near copies.
pub(super) fn page(class: &Class<'_>, copies: &Copies, names: &Names<'_>) -> Markup {
    let title = format!("Near copies · {}", plain::line(class.name, 80));
    let header = html! {
        p.path { a href="index.html" { (plain::line(class.name, 80)) } }
        h1 { "Near copies" }
        p.total {
            (amount(copies.compared, "program")) " compared: " (amount(copies.pairs.len(), "pair"))
            ", " (amount(copies.same.len(), "group")) " with the same program"
        }
        p.explanation.muted {
            "Names, comments, white space and literals do not count; code of the starter and code that "
            "most of the class has are left out. A pair is a reason to compare two programs. It proves "
            "nothing: for a small task, two people may write the same code."
        }
    };
    let body = html! {
        (same(copies, names))
        section aria-labelledby="pairs" {
            h2 id="pairs" { "Pairs" }
            @if copies.pairs.is_empty() { p { "No two programs have half of their own code in common." } }
            @for pair in copies.pairs.iter().take(MAX_PAIRS) { (pair_of(pair, names)) }
            @if copies.pairs.len() > MAX_PAIRS {
                p { "… and " (copies.pairs.len() - MAX_PAIRS) " more pairs" }
            }
        }
    };
    frame(&title, &header, &body)
}

/// The paragraph of the class page that links to the page of near copies.
pub(super) fn link(copies: &Copies) -> Markup {
    html! {
        p.muted {
            a href="copies.html" { "Near copies" } ": "
            (amount(copies.pairs.len(), "pair")) " of similar programs, "
            (amount(copies.same.len(), "group")) " with the same program"
        }
    }
}

fn same(copies: &Copies, names: &Names<'_>) -> Markup {
    html! {
        @if !copies.same.is_empty() {
            section aria-labelledby="same" {
                h2 id="same" { "The same program" }
                ul.same { @for group in copies.same.iter().take(MAX_GROUPS) {
                    li { span.number { (group.lesson) } " " (students(&group.students, names)) }
                } }
            }
        }
    }
}

fn pair_of(pair: &Pair, names: &Names<'_>) -> Markup {
    html! {
        div.pair {
            h3 { (students(&pair.first, names)) " and " (students(&pair.second, names)) }
            p.where {
                span.number { (pair.lesson) } " "
                (format!("{:.0}", pair.share * 100.0)) " % of the smaller program’s own code"
            }
            @for block in &pair.blocks { (sides(block, pair)) }
        }
    }
}

fn sides(block: &Block, pair: &Pair) -> Markup {
    html! {
        div.sides {
            (side(&block.first, &pair.first))
            (side(&block.second, &pair.second))
        }
    }
}

fn side(passage: &Passage, whose: &[String]) -> Markup {
    let whose = whose.first().map_or("", String::as_str);
    let place = format!("{}:{}", plain::line(&passage.path, 80), passage.line);
    let label = format!("{} of {}", place, plain::line(whose, 80));
    let lines: Vec<_> = passage
        .lines
        .iter()
        .map(|line| plain::line(line.replace('\t', "    ").trim_end(), 160))
        .collect();
    html! {
        figure {
            figcaption { (name(whose)) " " code { (place) } }
            pre tabindex="0" role="group" aria-label=(label) { code { (lines.join("\n")) } }
        }
    }
}

fn students(students: &[String], names: &Names<'_>) -> Markup {
    html! {
        @for (index, student) in students.iter().enumerate() {
            @if index > 0 { ", " }
            a href=(names.link(student)) { (name(student)) }
        }
    }
}
