//! PrairieLearn's `results.json`.

use crate::graded_submissions::{all, not_yet};
use crate::{keys, prairielearn_of, tests};
use grade::report::prairielearn;
use serde_json::Value;

#[test]
fn every_document_for_prairielearn_is_valid() {
    for (name, graded) in all() {
        let results: Value =
            serde_json::from_str(&prairielearn::results(&graded.scored_lesson())).unwrap();
        check_prairielearn(&results).unwrap_or_else(|broken| panic!("{name}: {broken}"));
        let gradable = results["gradable"].as_bool().unwrap();
        assert_eq!(gradable, ["proved", "not-yet"].contains(&name), "{name}");
        assert_eq!(results["format_errors"].as_array().unwrap().is_empty(), gradable);
    }
}

#[test]
fn a_document_that_prairielearn_refuses_is_refused() {
    let valid = prairielearn_of(&not_yet());
    check_prairielearn(&valid).unwrap();
    for (key, wrong) in [
        ("gradable", Value::from("yes")),
        ("score", Value::Null),
        ("score", 1.5.into()),
        ("message", 1.into()),
        ("images", Value::from("none")),
        ("format_errors", Value::Null),
        ("points", 1.into()),
    ] {
        let mut changed = valid.clone();
        changed[key] = wrong;
        assert!(check_prairielearn(&changed).is_err(), "{key}");
    }
    for (key, wrong) in [("points", Value::Null), ("max_points", 0.into()), ("output", Value::Null)]
    {
        let mut changed = valid.clone();
        changed["tests"][0][key] = wrong;
        assert!(check_prairielearn(&changed).is_err(), "{key}");
    }
}

/// The name of a field, and the check of its value.
type Field = (&'static str, fn(&Value) -> bool);

/// The rules of PrairieLearn's grading results (PrairieLearn documentation, External grading).
fn check_prairielearn(results: &Value) -> Result<(), String> {
    let fields: [Field; 7] = [
        ("gradable", Value::is_boolean),
        ("format_errors", |it| it.is_string() || strings_only(it)),
        ("score", |it| it.as_f64().is_some_and(|score| (0.0..=1.0).contains(&score))),
        ("message", Value::is_string),
        ("output", Value::is_string),
        ("images", Value::is_array),
        ("tests", Value::is_array),
    ];
    check_fields(results, &fields)?;
    let fields: [Field; 7] = [
        ("name", Value::is_string),
        ("description", Value::is_string),
        ("points", Value::is_number),
        ("max_points", Value::is_number),
        ("message", Value::is_string),
        ("output", Value::is_string),
        ("images", Value::is_array),
    ];
    for test in tests(results) {
        check_fields(test, &fields)?;
        if test["points"].as_f64() > test["max_points"].as_f64() {
            return Err(format!("more points than possible: {test}"));
        }
    }
    Ok(())
}

fn check_fields(value: &Value, fields: &[Field]) -> Result<(), String> {
    for (name, is_valid) in fields {
        let field = value.get(name).ok_or(format!("there is no {name}"))?;
        is_valid(field).then_some(()).ok_or(format!("{name} is {field}"))?;
    }
    let unknown = |key: &&&str| !fields.iter().any(|(name, _)| name == *key);
    keys(value).iter().find(unknown).map_or(Ok(()), |key| Err(format!("unknown: {key}")))
}

fn strings_only(value: &Value) -> bool {
    value.as_array().is_some_and(|all| all.iter().all(Value::is_string))
}

#[test]
fn prairielearn_gets_at_most_a_megabyte_and_a_note_about_the_rest() {
    let mut graded = not_yet();
    for criterion in &mut graded.lesson().criteria {
        let cause = criterion.cause.get_or_insert_default();
        cause.summary = "\u{1}".repeat(1 << 20);
    }
    graded.lesson().build.message = "x".repeat(1 << 22);
    let text = prairielearn::results(&graded.scored_lesson());
    assert!(text.len() <= 1_000_000, "{}", text.len());
    assert!(text.contains("more bytes were cut here"));
}
