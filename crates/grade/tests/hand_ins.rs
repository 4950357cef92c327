//! Classes as platforms and students deliver them, read and graded with the command line.

mod files;
mod test_class;

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use test_class::{Class, RIGHT};

#[test]
fn each_kind_of_hand_in_has_its_known_result() {
    let class = Class::new();
    let made = class.sample(&["made", "--hand-ins"]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    let roster = ["--roster", "made.roster.csv", "--submitted", "made.times.csv"];
    let checked = class.grade_folder("made", &[&roster[..], &["--check-only"]].concat());
    // Some of the submissions cannot be used.
    assert_eq!((checked.code, checked.stderr.as_str()), (1, ""));
    assert!(!class.path("grades").exists());
    let text = unwrapped(&checked.stdout);
    let expected = fs::read_to_string(class.path("made.expected.csv")).unwrap();
    let rows: Vec<csv::StringRecord> =
        csv::Reader::from_reader(expected.as_bytes()).records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 60);
    for row in &rows {
        let place = text.find(&row[0]).unwrap_or_else(|| panic!("{} is not in {text}", &row[0]));
        let next = rows.iter().filter_map(|row| text[place + 1..].find(&row[0])).min();
        let own = &text[place..next.map_or(text.len(), |end| place + 1 + end)];
        assert!(own.contains(&row[5]), "{:?} is not in {own}", &row[5]);
        let state = match &row[2] {
            "refused" => "unusable",
            "missing" => "missing",
            "not-handed-in" => "not handed in",
            _ => " ok",
        };
        assert!(own.contains(state), "{state} is not in {own}");
    }
    let ignored = ["hw/.git", "hw/target", "__MACOSX"];
    for name in ignored.map(|name| format!("{name} (hidden, or made by a tool)")) {
        assert_eq!(text.matches(&name).count(), 2, "{name} is not in {text}");
    }
    let summary = "58 submissions: 44 ok, 4 missing, 10 unusable; 2 not handed in";
    assert!(text.contains(summary), "{text}");

    let graded = class.grade_folder("made", &[&roster[..], &["--out", "grades"]].concat());
    assert_eq!(graded.code, 0, "{}", graded.stderr);
    assert!(graded.stdout.contains("not handed in (2): absent 59, absent 60"), "{}", graded.stdout);
    let check = class.sample(&["--check", "grades", "--expected", "made.expected.csv"]);
    let all = "60 of 60 verdicts as expected\n";
    assert_eq!((check.code, check.stdout.as_str()), (0, all), "{}", check.stderr);
    let rows = fs::read_to_string(class.path("grades/grades.csv")).unwrap();
    assert_eq!(rows.matches(",\"not-handed-in\",").count(), 2, "{rows}");
}

#[test]
fn shards_and_a_kill_do_not_change_the_results_of_hand_ins() {
    let class = Class::new();
    assert_eq!(class.sample(&["made", "--hand-ins"]).code, 0);
    let roster = ["--roster", "made.roster.csv", "--submitted", "made.times.csv"];
    let shard = |part| [&roster[..], &["--out", part, "--shard", part]].concat();
    // The first shard is killed after its fifth result.
    let mut child = class
        .folder_command("made", &shard("1/2"))
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.filter(|line| line.contains("  w03-l02 ")).nth(4).is_some());
    child.kill().unwrap();
    child.wait().unwrap();
    test_class::wait_no_process_left(&class);
    for part in ["1/2", "2/2"] {
        let graded = class.grade_folder("made", &shard(part));
        assert_eq!(graded.code, 0, "{}", graded.stderr);
    }
    assert_eq!(class.merge(&["1/2", "2/2", "--out", "joined"]).code, 0);
    let check = class.sample(&["--check", "joined", "--expected", "made.expected.csv"]);
    let all = "60 of 60 verdicts as expected\n";
    assert_eq!((check.code, check.stdout.as_str()), (0, all), "{}", check.stderr);
}

/// The text in one line, with single spaces.
fn unwrapped(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_check_of_a_usable_class_succeeds_and_makes_nothing() {
    let class = Class::new();
    class.hand_in("ann", RIGHT);
    fs::write(class.path("roster.csv"), "id,name\nann,Ann Lee\nbob,Bob\n").unwrap();
    let checked = class.grade(&["--check-only", "--roster", "roster.csv"]);
    assert_eq!((checked.code, checked.stderr.as_str()), (0, ""), "{}", checked.stdout);
    let expected = "student            lesson    handed in (UTC)  state
Ann Lee            w03-l02   -                ok
  used       server.py
Bob                -         -                not handed in

1 submission: 1 ok, 0 missing, 0 unusable; 1 not handed in
time known for 0 of 1: 0 from the file of times, 0 from the platform, 0 from
commits; without a time there is no late penalty
";
    assert_eq!(checked.stdout, expected);
    assert!(!class.path("grades").exists());
    let missing = class.grade(&["--check-only", "--roster", "none.csv"]);
    assert_eq!((missing.code, missing.stdout.as_str()), (2, ""));
    let message = "--roster none.csv: cannot read it; give a CSV file with the columns id, name";
    assert!(missing.stderr.contains(message), "{}", missing.stderr);
}
