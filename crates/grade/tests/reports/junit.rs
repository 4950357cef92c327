//! JUnit XML, read by a parser that is independent of the writer.

use crate::class::{alice, lesson, submissions, with_submissions};
use course::report::Status;
use grade::model::{BuildStatus, Submission};
use grade::report::junit;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use std::collections::BTreeMap;
use std::fs;

fn xml(submissions: &[Submission]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("junit.xml");
    with_submissions(submissions, |class| junit::write(class, &file)).unwrap();
    fs::read_to_string(&file).unwrap()
}

/// The number of elements for each element name. Fails if an element has a wrong parent or if one
/// of its attributes is missing.
fn elements(xml: &str) -> BTreeMap<String, usize> {
    let mut reader = Reader::from_str(xml);
    let mut open: Vec<String> = Vec::new();
    let mut count = BTreeMap::new();
    loop {
        match reader.read_event().unwrap() {
            Event::Start(element) => {
                let name = known(&element, open.last());
                *count.entry(name.clone()).or_default() += 1;
                open.push(name);
            }
            Event::Empty(element) => {
                *count.entry(known(&element, open.last())).or_default() += 1;
            }
            Event::End(_) => _ = open.pop(),
            Event::Eof => break,
            _ => {}
        }
    }
    assert!(open.is_empty());
    count
}

/// The element's name. Fails if the element has a wrong parent, or if an attribute is missing.
fn known(element: &BytesStart<'_>, parent: Option<&String>) -> String {
    let name = String::from_utf8(element.name().as_ref().to_vec()).unwrap();
    let (parents, attributes): (&[&str], &[&str]) = match name.as_str() {
        "testsuites" => (&[], &["name", "tests", "failures", "errors", "time"]),
        "testsuite" => {
            (&["testsuites"], &["name", "tests", "failures", "errors", "skipped", "time"])
        }
        "properties" => (&["testsuite"], &[]),
        "property" => (&["properties"], &["name", "value"]),
        "testcase" => (&["testsuite"], &["name", "classname", "time"]),
        "failure" | "error" => (&["testcase"], &["message", "type"]),
        "skipped" => (&["testcase"], &["message"]),
        other => panic!("{other} is not an element of JUnit XML"),
    };
    assert!(parent.map_or(parents.is_empty(), |parent| parents.contains(&parent.as_str())));
    for attribute in attributes {
        assert!(element.try_get_attribute(attribute).unwrap().is_some(), "{name} {attribute}");
    }
    name
}

#[test]
fn every_status_has_its_element() {
    let submissions = submissions();
    let xml = xml(&submissions);
    let elements = elements(&xml);
    assert_eq!(elements["testsuite"], 80);
    let statuses = |status| {
        let lessons = submissions.iter().flat_map(|submission| &submission.lessons);
        lessons.flat_map(|grade| &grade.criteria).filter(|each| each.status == status).count()
    };
    // There are also elements for three failed builds, for one submission that is refused for two
    // lessons, and for one missing lesson.
    assert_eq!(elements["failure"], statuses(Status::Failed) + 3 + 2);
    assert_eq!(elements["error"], statuses(Status::Inconclusive));
    assert_eq!(elements["skipped"], statuses(Status::Skipped) + 1);
    for part in [
        "<failure message=\"The server logged that A left, but never closed",
        "<error message=\"could not be seen: /proc/812/mem is refused here\"",
        "<skipped message=\"nothing was handed in\"",
        "<failure message=\"error[E0425]",
        "▸ 5   CLOSE_WAIT   client A, has left",
    ] {
        assert!(xml.contains(part), "{part}");
    }
}

#[test]
fn counts_equal_the_number_of_elements() {
    let xml = xml(&submissions());
    let elements = elements(&xml);
    let head = xml.lines().find(|line| line.starts_with("<testsuites")).unwrap();
    for (attribute, element) in
        [("tests", "testcase"), ("failures", "failure"), ("errors", "error")]
    {
        let expected = format!(" {attribute}=\"{}\"", elements[element]);
        assert!(head.contains(&expected), "{expected} in {head}");
    }
}

#[test]
fn characters_that_xml_forbids_are_escaped() {
    let text = "\0\x08\x1b[31m]]></failure>\u{fffe}\u{ffff}<x a=\"'&";
    let mut grade = lesson("w03-l02/forgot-close");
    grade.build.status = BuildStatus::Failed;
    grade.build.message = format!("{text}\n{text}");
    for criterion in &mut grade.criteria {
        if let Some(cause) = &mut criterion.cause {
            cause.summary = text.to_owned();
            cause.observed = text.to_owned();
            cause.id = text.to_owned();
        }
    }
    let student = text.to_owned();
    let xml = xml(&[Submission { student, lessons: vec![grade], ..alice() }]);
    let allowed = |c: char| matches!(c, '\n' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}');
    assert!(xml.chars().all(allowed));
    assert_eq!(elements(&xml)["failure"], 2);
    assert!(xml.contains("\\x1b[31m"));
}

#[test]
fn an_empty_class_gives_an_empty_report() {
    assert_eq!(elements(&xml(&[])).keys().collect::<Vec<_>>(), ["testsuites"]);
}

#[test]
fn invalid_times_are_zero() {
    let mut grade = lesson("w03-l02/solution");
    grade.seconds = f64::NAN;
    grade.build.seconds = f64::INFINITY;
    grade.criteria[0].millis = -1.0;
    elements(&xml(&[Submission { lessons: vec![grade], ..alice() }]));
}
