//! GitHub Classroom: the document for its reporter, and the log of the step.

use crate::graded_submissions::{self, FORGERY, all, not_yet, proved};
use crate::{document, keys, tests};
use grade::report::{actions_log, classroom};
use serde_json::Value;

#[test]
fn every_document_for_classroom_is_valid() {
    for (name, graded) in all() {
        let result: Value = serde_json::from_str(&document(&graded)).unwrap();
        assert_eq!(keys(&result), ["max_score", "status", "tests", "version"], "{name}");
        assert_eq!(result["version"], 1);
        assert!(["pass", "fail", "error"].contains(&result["status"].as_str().unwrap()));
        for test in tests(&result) {
            assert!(test["score"].is_f64(), "{name}: Classroom computes NaN from a missing score");
            assert_eq!((&test["line_no"], &test["filename"]), (&0.into(), &"".into()));
            assert!(test["duration"].is_u64() && test["test_code"].is_string());
            assert!(test["message"].is_null() || test["message"].is_string());
            assert!(["pass", "fail", "error"].contains(&test["status"].as_str().unwrap()));
        }
        let scores: Vec<_> =
            tests(&result).iter().filter_map(|test| test["score"].as_f64()).collect();
        assert!(scores.iter().all(|score| score.fract() == 0.0), "{name}: {scores:?}");
        let sum: f64 = scores.iter().sum();
        assert_eq!(sum, graded.points.points.unwrap_or(0.0).round(), "{name}");
    }
}

/// What Classroom's reporter shows a student of one test: only the name if the test passed, the
/// message if there was an error, and the code if the test failed.
fn shown_by_the_reporter(test: &Value) -> String {
    let text = |key: &str| test[key].as_str().unwrap_or_default().to_owned();
    match test["status"].as_str().unwrap() {
        "pass" => text("name"),
        "error" => text("message"),
        _ => text("test_code"),
    }
}

#[test]
fn the_reporter_shows_how_a_failure_is_repeated() {
    let mut graded = not_yet();
    let replay = "cargo xtask prove w03-l02 --only slots --cmd 'python3 server.py'";
    graded.lesson().criteria[1].cause.as_mut().unwrap().replay = replay.to_owned();
    let result: Value = serde_json::from_str(&document(&graded)).unwrap();
    assert_eq!(shown_by_the_reporter(&tests(&result)[1]), replay);
    let skipped = shown_by_the_reporter(&tests(&result)[3]);
    assert_eq!(skipped, "cargo xtask prove w03-l02 --only no-fd-leak");
}

#[test]
fn classroom_gets_whole_points_and_the_maximum_only_for_all_of_them() {
    for (reached, worth, expected) in [
        (10.0, [2.5; 4], 10.0),
        (9.7, [2.5; 4], 9.0),
        (7.5, [2.5; 4], 8.0),
        (0.2, [2.5; 4], 0.0),
        (1.0 / 3.0, [1.0 / 3.0, 0.0, 0.0, 0.0], 0.0),
        (4.0, [1.0; 4], 4.0),
    ] {
        let mut graded = proved();
        graded.points.criteria = worth.map(|points| (points, points)).to_vec();
        graded.points.points = Some(reached);
        graded.points.max = if worth == [1.0; 4] { 4.0 } else { 10.0 };
        let result: Value = serde_json::from_str(&document(&graded)).unwrap();
        let scores = tests(&result).iter().filter_map(|test| test["score"].as_f64());
        assert_eq!(scores.clone().sum::<f64>(), expected, "{reached}");
        assert!(scores.into_iter().all(|score| score.fract() == 0.0 && score >= 0.0));
        assert_eq!(result["max_score"].as_f64().unwrap().fract(), 0.0);
    }
}

#[test]
fn the_log_of_the_step_has_a_folded_group_with_each_cause() {
    let log = actions_log::log(&not_yet().scored_lesson());
    let groups: Vec<_> = log.lines().filter(|line| line.starts_with("::")).collect();
    let slots = "::group::✗ slots: 5 clients get slots 0 to 4 in order, each with its own fd";
    assert_eq!(groups[..2], [slots, "::endgroup::"]);
    assert_eq!(groups.len(), 6, "three criteria are not proved: {log}");
    for part in ["never closed its socket", "  again: cargo xtask prove", "✓ starts", "2 of 10"] {
        assert!(log.contains(part), "{part}: {log}");
    }
    let unbuilt = actions_log::log(&graded_submissions::does_not_build().scored_lesson());
    assert!(unbuilt.contains("::group::✗ The build failed\n  error: ::set-output"), "{unbuilt}");
    assert!(unbuilt.contains("src/table.rs:3:1"), "{unbuilt}");
}

#[test]
fn a_submission_cannot_write_a_workflow_command_into_the_log() {
    let commands = ["group", "endgroup"];
    for (name, mut graded) in all() {
        let lesson = graded.lesson();
        let text = format!("::error::x\n{FORGERY}\n   ::add-mask::a\n##[command]y\n\u{2028}::x::");
        lesson.build.message = text.clone();
        lesson.reason = text.clone();
        lesson.isolation = text.clone();
        for criterion in &mut lesson.criteria {
            let cause = criterion.cause.get_or_insert_default();
            (cause.summary, cause.expected, cause.replay) =
                (text.clone(), text.clone(), text.clone());
        }
        graded.submission.notes.push(text.clone());
        graded.points.remarks.push(text);
        let log = actions_log::log(&graded.scored_lesson());
        for line in log.lines() {
            assert!(!line.contains("##["), "{name}: {line}");
            if let Some(command) = line.trim_start().strip_prefix("::") {
                assert!(commands.contains(&command.split("::").next().unwrap()), "{name}: {line}");
                assert!(line.starts_with("::"), "{name}: {line}");
            }
        }
        let count = |start: &str| log.lines().filter(|line| line.starts_with(start)).count();
        assert_eq!(count("::group::"), count("::endgroup::"), "{name}");
    }
}

#[test]
fn classroom_gets_the_points_after_the_late_penalty() {
    let result: Value = serde_json::from_str(&document(&not_yet())).unwrap();
    let sum: f64 = tests(&result).iter().filter_map(|test| test["score"].as_f64()).sum();
    assert_eq!(sum, 2.0);
}

#[test]
fn classroom_messages_contain_no_workflow_command() {
    for (_, graded) in all() {
        let result: Value = serde_json::from_str(&document(&graded)).unwrap();
        for test in tests(&result) {
            for line in test["message"].as_str().unwrap_or_default().lines() {
                let is_command = line.trim_start().starts_with("::") || line.contains("##[");
                assert!(!is_command, "{line}");
            }
        }
    }
}

#[test]
fn the_classroom_result_fits_into_an_environment_variable() {
    let mut graded = graded_submissions::does_not_build();
    graded.lesson().build.message = FORGERY.repeat(100_000);
    assert!(classroom::result(&graded.scored_lesson()).len() < 128 << 10);
}
