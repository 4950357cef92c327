//! The HTML pages are well-formed and self-contained, and no text of a student becomes markup.

use crate::class::{alice, lesson, submissions, with_class, with_submissions};
use course::report::{Row, Status, Step, Table};
use grade::model::{Cause, LessonGrade, Mistake, Submission};
use grade::report::{Class, csv, html, junit};
use proptest::prelude::*;
use scraper::{Html, Selector};
use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

pub(crate) type Pages = BTreeMap<PathBuf, String>;

/// All pages of a class, by their paths in the folder.
fn pages(submissions: &[Submission]) -> Pages {
    pages_of(|folder| with_submissions(submissions, |class| html::write(class, folder)))
}

/// All pages that `write` writes into a folder, by their paths in the folder.
pub(crate) fn pages_of(write: impl FnOnce(&Path) -> anyhow::Result<()>) -> Pages {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path()).unwrap();
    let mut pages = Pages::new();
    for place in [Path::new(""), Path::new("students")] {
        for entry in fs::read_dir(folder.path().join(place)).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_file() {
                let text = fs::read_to_string(entry.path()).unwrap();
                pages.insert(place.join(entry.file_name()), text);
            }
        }
    }
    pages
}

fn select<'a>(page: &'a Html, selector: &str) -> Vec<scraper::ElementRef<'a>> {
    page.select(&Selector::parse(selector).unwrap()).collect()
}

fn ids(page: &Html) -> Vec<String> {
    select(page, "[id]").iter().map(|each| each.value().id().unwrap().to_owned()).collect()
}

/// Checks the rules that every page must obey.
pub(crate) fn check(pages: &Pages) {
    let parsed: BTreeMap<_, _> =
        pages.iter().map(|(path, text)| (path.clone(), Html::parse_document(text))).collect();
    for (path, page) in &parsed {
        let place = path.display();
        assert!(page.errors.is_empty(), "{place}: {:?}", page.errors);
        let all = ids(page);
        assert_eq!(all.len(), all.iter().collect::<HashSet<_>>().len(), "{place}: an id twice");
        let forbidden = "script, iframe, object, embed, img, base, form, meta[http-equiv], svg";
        assert!(select(page, forbidden).is_empty(), "{place}");
        for element in select(page, "*") {
            for (name, value) in element.value().attrs() {
                assert!(!name.starts_with("on"), "{place}: {name}");
                let loads = matches!(name, "src" | "href" | "data" | "action" | "srcset");
                assert!(!loads || !value.contains("//"), "{place}: {name}={value}");
            }
        }
        for link in select(page, "a[href]") {
            target(path, link.attr("href").unwrap(), &parsed);
        }
        headings(path, page);
    }
}

/// Fails if the target of a link does not exist.
fn target(from: &Path, link: &str, pages: &BTreeMap<PathBuf, Html>) {
    let (file, id) = link.split_once('#').unwrap_or((link, ""));
    let to = match file {
        "" => from.to_owned(),
        "../index.html" => "index.html".into(),
        file => from.parent().unwrap().join(file),
    };
    let page = pages.get(&to).unwrap_or_else(|| panic!("{}: no {link}", from.display()));
    let is_there = id.is_empty() || ids(page).iter().any(|known| known == id);
    assert!(is_there, "{}: no {link}", from.display());
}

/// Fails if a heading skips a level, or if the page does not have exactly one h1.
fn headings(path: &Path, page: &Html) {
    let headings = select(page, "h1, h2, h3, h4, h5, h6");
    let levels: Vec<_> = headings.iter().map(|each| each.value().name().as_bytes()[1]).collect();
    assert_eq!(levels[0], b'1', "{}", path.display());
    assert_eq!(levels.iter().filter(|level| **level == b'1').count(), 1, "{}", path.display());
    assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{}: {levels:?}", path.display());
}

#[test]
#[ignore = "writes the pages of the sample class to target/…/tmp/pages, for review in a browser"]
fn write_the_pages_of_the_sample_class() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pages");
    let copies =
        crate::teaching::copies("let fd = accept(&listener)?;", ["chen-wei", "kim-minjun"]);
    with_class(|class| {
        let class = &Class { copies: Some(&copies), ..*class };
        html::write(class, &folder)?;
        html::write_feedback(class, &folder)?;
        csv::write(class, &folder.join("grades.csv"))?;
        junit::write(class, &folder.join("junit.xml"))
    })
    .unwrap();
    let long = format!("{}{}", "long".repeat(80), HOSTILE.concat());
    with_submissions(&[with_text(&long)], |class| html::write(class, &folder.join("hostile")))
        .unwrap();
    println!("{}", folder.join("index.html").display());
}

#[test]
fn every_page_is_well_formed_and_self_contained() {
    let pages = pages(&submissions());
    assert_eq!(pages.len(), 41);
    check(&pages);
}

#[test]
fn the_parser_reports_malformed_html() {
    for wrong in ["<p></div>", "<b><p></b></p>", "<a href='x'y>", "<p id=a id=b>"] {
        let page = format!("<!DOCTYPE html><title>x</title>{wrong}");
        assert!(!Html::parse_document(&page).errors.is_empty(), "{wrong}");
    }
}

#[test]
fn the_same_results_give_the_same_bytes() {
    assert_eq!(pages(&submissions()), pages(&submissions()));
}

#[test]
fn an_empty_class_has_a_page() {
    let pages = pages(&[]);
    assert_eq!(pages.len(), 1);
    check(&pages);
}

#[test]
fn a_failed_criterion_is_shown_with_its_full_cause() {
    let pages = pages(&submissions());
    let page = Html::parse_document(&pages[Path::new("students/alvarez-lucia.html")]);
    let open = select(&page, "#w03-l02 details[open]");
    assert_eq!(open.len(), 1);
    let shown: String = open[0].text().collect();
    for part in [
        "The server logged that A left, but never closed its socket.",
        "[DISCONNECT] fd=5 slot=0",
        "the kernel says",
        "wrong: 5   CLOSE_WAIT   client A, has left",
        "descriptor 5 is closed",
        "Forgetting to close the descriptor of a client that left",
        "cargo xtask prove w03-l02 --only no-fd-leak",
        "It failed in each of 5 runs.",
    ] {
        assert!(shown.contains(part), "{part:?} is not in {shown}");
    }
}

#[test]
fn the_class_page_groups_the_failures() {
    let pages = pages(&submissions());
    let page = Html::parse_document(&pages[Path::new("index.html")]);
    let shown: String = select(&page, "main")[0].text().collect();
    for part in [
        "7 of 39",
        "Forgetting to close the descriptor of a client that left",
        "error[E0425]: cannot find value `clients` in this scope",
        "capacity failed 3 of 5",
        "broken.zip: ends early",
        "watch-set: could not be seen: /proc/812/mem is refused here",
    ] {
        assert!(shown.contains(part), "{part:?} is not in the class page");
    }
    assert_eq!(select(&page, ".matrix tbody tr").len(), 40);
}

#[test]
fn a_failed_build_is_shown_with_the_compilers_output() {
    let pages = pages(&submissions());
    let page = Html::parse_document(&pages[Path::new("students/bauer-jonas.html")]);
    let output: String = select(&page, "pre")[0].text().collect();
    assert!(output.contains("  --> src/server.rs:41:13\n   |\n41 |"), "{output}");
}

/// A submission in which every text that a student can choose is `text`.
fn with_text(text: &str) -> Submission {
    let row = |wrong| Row { wrong, text: text.to_owned() };
    let cause = Cause {
        id: text.to_owned(),
        mistake: Some(Mistake {
            id: text.to_owned(),
            mistake: text.to_owned(),
            fix: text.to_owned(),
        }),
        summary: text.to_owned(),
        steps: vec![
            Step {
                did: text.to_owned(),
                logged: vec![text.to_owned(); 30],
                printed: Vec::new()
            };
            3
        ],
        expected: text.to_owned(),
        observed: text.to_owned(),
        evidence: vec![Table { title: text.to_owned(), rows: vec![row(true), row(false)] }],
        replay: text.to_owned(),
    };
    let grade = |status| {
        let mut grade = lesson("w03-l02/solution");
        grade.build.message = text.to_owned();
        grade.build.status = grade::model::BuildStatus::Failed;
        grade.reason = text.to_owned();
        grade.isolation = text.to_owned();
        for criterion in &mut grade.criteria {
            criterion.status = status;
            criterion.cause = Some(cause.clone());
            criterion.text = text.to_owned();
        }
        grade
    };
    let inconclusive = LessonGrade { lesson: "w01-l01".to_owned(), ..grade(Status::Inconclusive) };
    let lessons = vec![inconclusive, grade(Status::Failed)];
    let notes = vec![text.to_owned()];
    Submission { student: text.to_owned(), digest: text.to_owned(), notes, lessons, ..alice() }
}

const HOSTILE: [&str; 12] = [
    "<script>alert(1)</script>",
    "\"><img src=//evil onerror=alert(1)>",
    "' onmouseover='x",
    "</title><script src=//evil></script>",
    "</style><b>",
    "</code></pre></details><h1>proved</h1>",
    "\x1b[2J\x1b]0;t\x07",
    "\u{202e}evitca\u{2066}",
    "../../etc/passwd",
    "javascript:alert(1)",
    "<!--",
    "]]>&lt;&#60;&amp;",
];

#[test]
fn hostile_texts_are_escaped() {
    let submissions = HOSTILE.map(with_text);
    let pages = pages(&submissions);
    assert_eq!(pages.len(), HOSTILE.len() + 1);
    check(&pages);
    let whole: String = pages.values().map(String::as_str).collect();
    assert!(whole.contains("\\x1b[2J") && whole.contains("\\u{202e}evitca"));
    assert!(!whole.contains(['\x1b', '\u{202e}', '\u{2066}']));
}

#[test]
fn file_names_are_safe_and_unique() {
    let names = ["Anna", "anna", "anna-2", "a/b", "a.b", "a b", "", "é", "..", "CON", "x\u{0}y"];
    let submissions = names.map(|name| Submission { student: name.to_owned(), ..alice() });
    let pages = pages(&submissions);
    assert_eq!(pages.len(), names.len() + 1);
    check(&pages);
    for path in pages.keys() {
        let name = path.file_name().unwrap().to_str().unwrap();
        let safe = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
        assert!(name.chars().all(safe) && !name.starts_with('.'), "{name}");
    }
    assert!(pages.contains_key(Path::new("students/anna.html")));
}

#[test]
fn very_long_texts_give_pages_of_limited_size() {
    let pages =
        pages(&[with_text(&"<é".repeat(1 << 13)), with_text(&"long line\n".repeat(1 << 12))]);
    check(&pages);
    let largest = pages.values().map(String::len).max().unwrap();
    assert!(largest < 1 << 20, "{largest}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn no_text_becomes_markup(text in any::<String>(), part in prop::sample::select(&HOSTILE[..])) {
        let pages = pages(&[with_text(&format!("{text}{part}{text}"))]);
        check(&pages);
        let page = pages.values().last().unwrap();
        let usual = with_text("x");
        let plain = self::pages(&[usual]);
        let tags = |text: &str| select(&Html::parse_document(text), "*").len();
        // A newline makes the compiler's output longer, but adds no element.
        prop_assert_eq!(tags(page), tags(plain.values().last().unwrap()));
    }
}
