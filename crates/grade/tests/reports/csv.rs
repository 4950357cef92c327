//! The gradebook `grades.csv`.

use crate::class::{alice, lesson, submissions, with_class, with_submissions};
use grade::model::Submission;
use grade::report::csv;
use std::collections::HashMap;

type Row = HashMap<String, String>;

fn rows(submissions: &[Submission]) -> Vec<Row> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("grades.csv");
    with_submissions(submissions, |class| csv::write(class, &file)).unwrap();
    let mut table = ::csv::Reader::from_path(&file).unwrap();
    table.deserialize().map(Result::unwrap).collect()
}

fn row<'a>(rows: &'a [Row], student: &str, lesson: &str) -> &'a Row {
    let is_it = |row: &&Row| row["student"] == student && row["lesson"] == lesson;
    rows.iter().find(is_it).unwrap()
}

#[test]
fn each_student_and_lesson_has_a_row_and_each_criterion_a_column() {
    let rows = rows(&submissions());
    assert_eq!(rows.len(), 80);
    let tracker = row(&rows, "alvarez-lucia", "w03-l02");
    assert_eq!(tracker["points"], "14");
    assert_eq!(tracker["max_points"], "15");
    assert_eq!(tracker["verdict"], "not-yet");
    assert_eq!(tracker["w03-l02:no-fd-leak"], "failed");
    assert_eq!(tracker["w03-l02:slots"], "proved");
    assert_eq!(tracker["w01-l01:echo"], "");
    assert_eq!(tracker["isolation"], "namespaces");
    assert_eq!(tracker["build_seconds"], "0.710");
    assert_eq!(tracker["submission"].len(), 64);
    assert_eq!((tracker["late"].as_str(), tracker["notes"].as_str()), ("0", ""));
}

#[test]
fn special_cases_have_a_note() {
    let rows = rows(&submissions());
    let inconclusive = row(&rows, "kim-minjun", "w03-l02");
    assert_eq!(
        (inconclusive["points"].as_str(), inconclusive["verdict"].as_str()),
        ("", "inconclusive")
    );
    assert_eq!(inconclusive["notes"], "no points yet: watch-set could not be checked");
    let refused = row(&rows, "garcía-mateo", "w01-l01");
    assert_eq!((refused["points"].as_str(), refused["submission"].as_str()), ("0", ""));
    assert_eq!(refused["notes"], "refused: broken.zip: ends early");
    assert_eq!(row(&rows, "chen-wei", "w01-l01")["notes"], "nothing was handed in");
    assert_eq!(row(&rows, "martin-hugo", "w03-l02")["notes"], "capacity failed 3 of 5");
    assert!(row(&rows, "bauer-jonas", "w03-l02")["notes"].starts_with("error[E0425]: cannot"));
    assert!(row(&rows, "costa-rafael", "w03-l02")["notes"].contains("left out: Cargo.toml"));
}

#[test]
fn a_name_cannot_become_a_formula_or_a_second_row() {
    let formulas = [
        "=cmd|' /C calc'!A0",
        "+1",
        "-1",
        "@SUM(1)",
        " =1",
        "＝1",
        "\t=1",
        "\"a\",b\nc",
        "|=1+1",
        "\"=1+1",
        "'=1+1",
        ";;＝1",
        "\u{2212}1",
        "ada;=1+1",
        "ada-marie",
        "_ada+1",
    ];
    let student = |name: &&str| Submission {
        student: name.to_string(),
        notes: vec!["=HYPERLINK(\"x\")".to_owned()],
        lessons: vec![lesson("w03-l02/solution")],
        ..alice()
    };
    let submissions: Vec<_> = formulas.iter().map(student).collect();
    let rows = rows(&submissions);
    let names: Vec<_> = rows.iter().map(|row| row["student"].as_str()).collect();
    let expected = [
        "'=cmd|' /C calc'!A0",
        "'+1",
        "'-1",
        "'@SUM(1)",
        "' =1",
        "'＝1",
        "\\t=1",
        "\"a\",b\\nc",
        "|'=1+1",
        "'\"=1+1",
        "''=1+1",
        ";;'＝1",
        "'\u{2212}1",
        "ada;'=1+1",
        "ada-marie",
        "_ada+1",
    ];
    assert_eq!(names, expected);
    assert!(rows.iter().all(|row| row["notes"].starts_with("'=")));
}

#[test]
fn a_class_without_submissions_has_only_the_header_row() {
    assert!(rows(&[]).is_empty());
}

#[test]
fn the_error_names_a_file_that_cannot_be_written() {
    let error = with_class(|class| csv::write(class, "/no/such/folder/grades.csv".as_ref()));
    assert!(format!("{:#}", error.unwrap_err()).contains("/no/such/folder/grades.csv"));
}
