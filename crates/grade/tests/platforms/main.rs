//! Compares each platform's format with the files in `golden/`, and checks the rules of the
//! platform.
//!
//! `UPDATE_GOLDEN=1 cargo test --test platforms` replaces the files in `golden/` by the current
//! output.

mod classroom_reporter;
#[path = "../graded_submissions/mod.rs"]
mod graded_submissions;
mod prairielearn_results;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use grade::report::gradescope::Visibility;
use grade::report::{autolab, classroom, gradescope, prairielearn};
use graded_submissions::{Graded, all, inconclusive, not_yet, proved};
use serde_json::{Map, Value};
use std::path::PathBuf;
use std::{env, fs};

#[test]
fn every_format_equals_its_golden_file() {
    for (name, graded) in all() {
        let lesson = graded.scored_lesson();
        golden(
            &format!("gradescope-{name}.json"),
            &gradescope::results(&lesson, Visibility::Visible),
        );
        golden(&format!("classroom-{name}.json"), &document(&graded));
        golden(&format!("autolab-{name}.txt"), &autolab::output(&lesson, "w03-l02"));
        golden(&format!("prairielearn-{name}.json"), &prairielearn::results(&lesson));
    }
}

#[test]
fn every_document_for_gradescope_is_valid() {
    for (name, graded) in all() {
        for visibility in [Visibility::Visible, Visibility::AfterDueDate, Visibility::Hidden] {
            let text = gradescope::results(&graded.scored_lesson(), visibility);
            let results: Value = serde_json::from_str(&text).unwrap();
            check_gradescope(&results, name);
        }
    }
}

#[test]
fn gradescope_gets_no_score_for_an_inconclusive_lesson() {
    let results = gradescope_of(&inconclusive());
    assert!(results.get("score").is_none());
    assert!(tests(&results).iter().all(|test| test.get("score").is_none()));
}

#[test]
fn gradescope_gets_the_sum_of_the_tests_minus_the_late_penalty() {
    let results = gradescope_of(&proved());
    let sum: f64 = tests(&results).iter().filter_map(|test| test["score"].as_f64()).sum();
    assert_eq!(Some(sum), results["score"].as_f64());
    assert_eq!(gradescope_of(&not_yet())["score"], 2.0, "the late penalty is subtracted");
}

#[test]
fn gradescope_gets_the_known_criteria_of_an_unfinished_run() {
    let mut graded = proved();
    graded.lesson().criteria.truncate(2);
    let lesson = graded.scored_lesson();
    let unfinished = grade::report::scored_lesson::ScoredLesson { is_finished: false, ..lesson };
    let text = gradescope::results(&unfinished, Visibility::Visible);
    let results: Value = serde_json::from_str(&text).unwrap();
    check_gradescope(&results, "unfinished");
    assert_eq!(tests(&results).len(), 3, "the build and two criteria");
    assert!(results["output"].as_str().unwrap().contains("not finished"));
}

#[test]
fn only_the_last_line_for_autolab_is_a_result() {
    for (name, graded) in all() {
        let output = autolab::output(&graded.scored_lesson(), "poll tracker");
        let results: Vec<_> = output.lines().filter(|line| !line.starts_with("  ")).collect();
        let Some(points) = graded.points.points else {
            assert!(results.is_empty(), "{name}: {results:?}");
            continue;
        };
        assert_eq!(results, [output.lines().last().unwrap()], "{name}");
        let result: Value = serde_json::from_str(results[0]).unwrap();
        assert_eq!(result["scores"]["poll tracker"], points);
        assert_eq!(result["scoreboard"][0], points);
    }
}

#[test]
fn no_format_contains_control_characters_of_a_submission() {
    let harmless = |character: char| !character.is_control() || character == '\n';
    for (name, graded) in all() {
        let lesson = graded.scored_lesson();
        let gradescope: Value = gradescope_of(&graded);
        for test in tests(&gradescope) {
            let output = test["output"].as_str().unwrap();
            // The grader's own escape sequences only set colours (Select Graphic Rendition).
            let plain = anstream::adapter::strip_str(output).to_string();
            assert!(plain.chars().all(harmless), "{name}: {plain}");
            assert!(!output.contains("\u{1b}[2J"), "{name}");
        }
        for text in [autolab::output(&lesson, "p"), strings(&prairielearn_of(&graded))] {
            assert!(text.chars().all(harmless), "{name}: {text:?}");
        }
        let classroom: Value = serde_json::from_str(&document(&graded)).unwrap();
        assert!(strings(&classroom).chars().all(harmless), "{name}");
    }
}

/// Checks the rules of Gradescope's output format.
fn check_gradescope(results: &Value, name: &str) {
    let formats = ["text", "html", "simple_format", "md", "ansi"];
    let visibilities = ["hidden", "after_due_date", "after_published", "visible"];
    for key in ["output_format", "test_output_format", "test_name_format"] {
        assert!(formats.contains(&results[key].as_str().unwrap()), "{name}: {key}");
    }
    for key in ["visibility", "stdout_visibility"] {
        assert!(visibilities.contains(&results[key].as_str().unwrap()), "{name}: {key}");
    }
    assert!(results["execution_time"].as_f64().unwrap() >= 0.0);
    assert!(results["extra_data"].is_object());
    for test in tests(results) {
        assert_eq!(test.get("score").is_some(), test.get("max_score").is_some(), "{name}");
        assert!(test["score"].as_f64() <= test["max_score"].as_f64(), "{name}");
        let status = test.get("status").map(|status| status.as_str().unwrap());
        assert!(status.is_none_or(|status| ["passed", "failed"].contains(&status)), "{name}");
        assert!(test["name"].is_string() && test["output"].is_string() && test["tags"].is_array());
        assert!(!test["output"].as_str().unwrap().contains('\r'), "{name}");
    }
}

fn gradescope_of(graded: &Graded) -> Value {
    serde_json::from_str(&gradescope::results(&graded.scored_lesson(), Visibility::Visible))
        .unwrap()
}

fn prairielearn_of(graded: &Graded) -> Value {
    serde_json::from_str(&prairielearn::results(&graded.scored_lesson())).unwrap()
}

/// The document for Classroom, decoded from base64.
fn document(graded: &Graded) -> String {
    let result = classroom::result(&graded.scored_lesson());
    assert!(!result.contains(['\n', ' ']));
    String::from_utf8(BASE64_STANDARD.decode(result).unwrap()).unwrap()
}

fn tests(results: &Value) -> &[Value] {
    results["tests"].as_array().unwrap()
}

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<_> = value.as_object().map(Map::keys).unwrap().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

/// All strings of a document, one string on each line.
fn strings(value: &Value) -> String {
    match value {
        Value::String(text) => format!("{text}\n"),
        Value::Array(values) => values.iter().map(strings).collect(),
        Value::Object(values) => values.values().map(strings).collect(),
        _ => String::new(),
    }
}

fn golden(name: &str, text: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, text).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, expected, "{}: UPDATE_GOLDEN=1 writes this file", path.display());
}
