//! Corrections by an instructor: overrides, a rubric that changes, one student again, and students
//! who are gone.

mod files;
mod test_class;

use grade::model::Submission;
use std::collections::HashMap;
use std::fs;
use test_class::{Class, RIGHT, wrong};

/// A class of a right and a wrong server.
fn class() -> Class {
    let class = Class::new();
    class.hand_in("ann", RIGHT);
    class.hand_in("bob", &wrong());
    class
}

fn row(class: &Class, student: &str) -> Option<HashMap<String, String>> {
    let mut table = csv::Reader::from_path(class.path("grades/grades.csv")).unwrap();
    let mut rows = table.deserialize().map(Result::<HashMap<String, String>, _>::unwrap);
    rows.find(|row| row["student"] == student)
}

fn points(class: &Class, student: &str) -> f64 {
    row(class, student).unwrap()["points"].parse().unwrap()
}

fn of<'a>(results: &'a [Submission], student: &str) -> &'a Submission {
    results.iter().find(|it| it.student == student).unwrap()
}

const OVERRIDES: &str = r#"
[students.bob]
note = "We talked on Monday."

[students.bob.w03-l02]
points = { no-fd-leak = 0.5, no-such-thing = 1 }
note = "The leak is in given code."

[students.carl.w03-l02]
points = { slots = 1 }

[students.ann.w99-l01]
note = "x"

[students.ann.w03-l02]
extension = "tomorrow"
bonus = 3
"#;

#[test]
fn corrections_are_applied_and_shown_apart_from_what_was_measured() {
    let class = class();
    assert_eq!(class.grade(&["--out", "grades"]).code, 0);
    let measured = class.results("grades");
    let (before, ann) = (points(&class, "bob"), points(&class, "ann"));
    fs::write(class.path("o.toml"), OVERRIDES).unwrap();
    let run = class.grade(&["--out", "grades", "--overrides", "o.toml"]);
    assert_eq!(run.code, 2, "five entries are left out: {}", run.stderr);
    for line in [
        "o.toml:6: criterion \"no-such-thing\" is not in",
        "o.toml:9: student \"carl\" is not in this class; ",
        "o.toml:12: lesson \"w99-l01\" is not in",
        "o.toml:16: extension must be a time with its zone",
        "o.toml:17: key \"bonus\" is not in the table of w03-l02",
    ] {
        assert!(run.stderr.contains(line), "{line}: {}", run.stderr);
    }
    assert_eq!(
        run.stderr.matches("this entry is left out").count(),
        10,
        "at the start and the end"
    );
    let change = format!("bob  w03-l02  {before} of 15 -> {} of 15", before + 0.5);
    assert!(run.stderr.contains(&change), "{change}: {}", run.stderr);
    assert_eq!((points(&class, "bob"), points(&class, "ann")), (before + 0.5, ann));
    let bob = row(&class, "bob").unwrap();
    assert_eq!(bob["corrections"], "no-fd-leak: 0.5 points, measured 0");
    assert_eq!(bob["instructor_note"], "We talked on Monday.; The leak is in given code.");
    assert_eq!(bob["w03-l02:no-fd-leak"], "failed", "the measured status");
    assert_eq!(row(&class, "ann").unwrap()["corrections"], "");
    assert_eq!(class.results("grades"), measured, "the measured results are not changed");
    let page = fs::read_to_string(class.path("grades/students/bob.html")).unwrap();
    for part in ["From your instructor", "0.5 points, measured 0", "The leak is in given code."] {
        assert!(page.contains(part), "{part}");
    }
}

#[test]
fn a_run_without_the_rubric_or_the_corrections_of_the_last_run_asks_for_them() {
    let class = class();
    fs::write(class.path("r.toml"), "[lessons.w03-l02]\npoints = 30\n").unwrap();
    fs::write(class.path("o.toml"), "[students.ann.w03-l02]\npoints = { slots = 0 }\n").unwrap();
    let both = ["--out", "grades", "--rubric", "r.toml", "--overrides", "o.toml"];
    let first = class.grade(&both);
    assert_eq!(first.code, 0, "{}", first.stderr);
    assert!(!first.stderr.contains("differ from the last run"), "{}", first.stderr);
    assert_eq!(points(&class, "ann"), 28.0);
    let files = class.files("grades");
    for (flags, asked) in [
        (&["--out", "grades"][..], "--rubric r.toml; give it again, or give --no-rubric"),
        (
            &["--out", "grades", "--rubric", "r.toml"],
            "--overrides o.toml; give it again, or give --no-overrides",
        ),
        (&["--out", "grades", "--again"], "--rubric r.toml"),
    ] {
        let refused = class.grade(flags);
        assert_eq!(refused.code, 2);
        assert!(refused.stderr.contains(asked), "{}", refused.stderr);
        assert!(class.files("grades") == files, "nothing is rewritten");
        assert_eq!(class.results("grades").len(), 2);
    }
    let same = class.grade(&both);
    assert!(!same.stderr.contains("differ from the last run"), "{}", same.stderr);
    let without = class.grade(&["--out", "grades", "--no-rubric", "--no-overrides"]);
    assert_eq!(without.code, 0, "{}", without.stderr);
    assert!(without.stderr.contains("2 results changed:"), "{}", without.stderr);
    assert!(without.stderr.contains("ann  w03-l02  28 of 30 -> 15 of 15"), "{}", without.stderr);
}

#[test]
fn one_student_is_graded_again_and_all_others_are_kept() {
    let class = class();
    class.hand_in("ann-too", RIGHT);
    assert_eq!(class.grade(&["--out", "grades"]).code, 0);
    let before = class.results("grades");
    let run = class.grade(&["--out", "grades", "--student", "ann"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let after = class.results("grades");
    for name in ["bob", "ann-too"] {
        assert_eq!(of(&before, name), of(&after, name));
    }
    assert_ne!(of(&before, "ann").lessons[0].seconds, of(&after, "ann").lessons[0].seconds);
    assert_eq!(after.len(), 3);
    let unknown = class.grade(&["--out", "grades", "--student", "anm"]);
    assert_eq!(unknown.code, 2);
    let message = "--student: student \"anm\" is not in this class; did you mean ann?";
    assert!(unknown.stderr.contains(message), "{}", unknown.stderr);
    assert_eq!(class.grade(&["--student", "ann", "--again"]).code, 2);
}

#[test]
fn a_student_who_is_gone_leaves_the_rows_and_can_come_back() {
    let class = class();
    assert_eq!(class.grade(&["--out", "grades"]).code, 0);
    let before = class.results("grades");
    fs::rename(class.path("class/bob"), class.path("bob")).unwrap();
    let run = class.grade(&["--out", "grades"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stderr.contains("bob: gone since the last run"), "{}", run.stderr);
    assert!(run.stderr.contains("the database keeps what was graded"), "{}", run.stderr);
    assert!(row(&class, "bob").is_none() && row(&class, "ann").is_some());
    assert!(!class.path("grades/students/bob.html").exists());
    assert!(!fs::read_to_string(class.path("grades/junit.xml")).unwrap().contains("bob"));
    let again = class.grade(&["--out", "grades"]);
    assert!(!again.stderr.contains("gone since"), "it is said once: {}", again.stderr);
    fs::rename(class.path("bob"), class.path("class/bob")).unwrap();
    let back = class.grade(&["--out", "grades"]);
    assert_eq!(back.code, 0, "{}", back.stderr);
    assert_eq!(class.results("grades"), before, "nothing is graded again");
    assert!(class.path("grades/students/bob.html").exists());
}
