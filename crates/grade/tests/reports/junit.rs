//! JUnit XML, read by a parser that is independent of the writer.

use crate::class::{alice, lesson, submissions, with_submissions};
use crate::junit_schema::validate;
use course::report::Status;
use grade::model::{BuildStatus, Submission};
use grade::report::junit;
use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

fn xml(submissions: &[Submission]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("junit.xml");
    with_submissions(submissions, |class| junit::write(class, &file)).unwrap();
    fs::read_to_string(&file).unwrap()
}

/// The number of elements for each element name of a valid document.
fn elements(xml: &str) -> BTreeMap<String, usize> {
    validate(xml).unwrap_or_else(|broken| panic!("{broken} in {xml}"))
}

#[test]
fn a_document_that_a_schema_refuses_is_refused() {
    let xml = xml(&submissions()[..1]);
    elements(&xml);
    for (part, replacement) in [
        ("<testsuites>", "<testsuites name=\"x\">"),
        (" skipped=", " disabled="),
        (" timestamp=", " time-stamp="),
        (" hostname=", " host="),
        (" package=", " pack="),
        ("<system-err/>", ""),
        ("<system-out/>", "<system-out/><system-out/>"),
        ("</properties>", "</properties><properties/>"),
        (" classname=", " class="),
        (" time=\"", " time=\"-"),
        ("T", "T0"),
    ] {
        let start = xml
            .find("<testsuite ")
            .filter(|_| part == "T")
            .map_or(0, |start| start + xml[start..].find("timestamp").unwrap());
        let changed = xml[..start].to_owned() + &xml[start..].replacen(part, replacement, 1);
        assert_ne!(changed, xml, "{part}");
        assert!(validate(&changed).is_err(), "{part} -> {replacement}");
    }
}

#[test]
fn junitparser_reads_the_same_numbers() {
    let module = ["-c", "import junitparser"];
    let has_parser =
        Command::new("python3").args(module).output().is_ok_and(|it| it.status.success());
    if !has_parser {
        eprintln!("skipped: python3 has no module junitparser (pip install junitparser)");
        return;
    }
    let xml = xml(&submissions());
    let elements = elements(&xml);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("junit.xml");
    fs::write(&file, &xml).unwrap();
    let script = "import sys, junitparser as j\n\
                  suites = list(j.JUnitXml.fromfile(sys.argv[1]))\n\
                  cases = [case for suite in suites for case in suite]\n\
                  kinds = [type(r).__name__.lower() for case in cases for r in case.result]\n\
                  total = sum(suite.tests for suite in suites)\n\
                  print(len(suites), len(cases), total, *map(kinds.count, ['failure', 'error', 'skipped']))";
    let output = Command::new("python3").args(["-c", script]).arg(&file).output().unwrap();
    let count = |name: &str| elements[name].to_string();
    let cases = count("testcase");
    let expected = [
        count("testsuite"),
        cases.clone(),
        cases,
        count("failure"),
        count("error"),
        count("skipped"),
    ];
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(printed.trim(), expected.join(" "), "{}", String::from_utf8_lossy(&output.stderr));
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
    let heads: Vec<_> = xml.lines().filter(|line| line.contains("<testsuite ")).collect();
    let sum = |attribute: &str| -> usize {
        let start = format!(" {attribute}=\"");
        let value =
            |head: &&str| head.split(&start).nth(1).unwrap().split('"').next().unwrap().to_owned();
        heads.iter().map(value).map(|value| value.parse::<usize>().unwrap()).sum()
    };
    for (attribute, element) in [
        ("tests", "testcase"),
        ("failures", "failure"),
        ("errors", "error"),
        ("skipped", "skipped"),
    ] {
        assert_eq!(sum(attribute), elements[element], "{attribute}");
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
