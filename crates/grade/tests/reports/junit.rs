//! JUnit XML.

use crate::class::{submissions, with_submissions};
use grade::model::Submission;
use grade::report::junit;
use std::fs;

fn xml(submissions: &[Submission]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("junit.xml");
    with_submissions(submissions, |class| junit::write(class, &file)).unwrap();
    fs::read_to_string(&file).unwrap()
}

#[test]
fn every_outcome_has_its_own_element() {
    let xml = xml(&submissions());
    let head = xml.lines().nth(1).unwrap();
    assert!(head.starts_with("<testsuites name=\"networks-2026\" tests=\""), "{head}");
    assert!(xml.contains("<failure message=\"The server logged that A left, but never closed"));
    assert!(xml.contains("<error message=\"could not be seen: /proc/812/mem is refused here\""));
    assert!(xml.contains("<skipped message=\"nothing was handed in\""));
    assert!(xml.contains("<failure message=\"refused\""));
    assert!(xml.contains("<failure message=\"error[E0425]"));
    assert!(xml.contains("▸ 4   CLOSE_WAIT   A, gone"));
}
