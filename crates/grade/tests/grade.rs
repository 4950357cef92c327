//! Grades classes with the command line. The classes have right and wrong servers. Some runs are
//! stopped and continued.

mod files;
mod test_class;

use grade::model::{CriterionGrade, Submission, Verdict};
use grade::shard::Shard;
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use test_class::{Class, RIGHT, flaky, wrong};

fn verdicts(results: &[Submission]) -> Vec<(&str, Verdict)> {
    results.iter().map(|it| (it.student.as_str(), it.lessons[0].verdict)).collect()
}

/// Results without the values that differ from run to run.
fn comparable(mut results: Vec<Submission>) -> Vec<Submission> {
    for lesson in results.iter_mut().flat_map(|it| &mut it.lessons) {
        (lesson.seconds, lesson.build.seconds, lesson.graded) = (0.0, 0.0, None);
        lesson.criteria.iter_mut().for_each(|criterion| criterion.millis = 0.0);
        for cause in lesson.criteria.iter_mut().filter_map(|it| it.cause.as_mut()) {
            cause.evidence.clear(); // has process ids and the ports of clients
            cause.steps.clear();
        }
    }
    results
}

#[test]
fn a_class_is_graded_and_nothing_is_graded_twice() {
    let class = Class::new();
    class.hand_in_solution("ann");
    class.hand_in("bob", RIGHT);
    class.hand_in("cleo", &wrong());
    class.hand_in("dora", &wrong());
    class.hand_in_empty_folder("eve");
    let first = class.grade(&["--out", "grades"]);
    assert_eq!(first.code, 0, "{}", first.stderr);
    let results = class.results("grades");
    use Verdict::{Missing, NotYet, Proved};
    let expected =
        [("ann", Proved), ("bob", Proved), ("cleo", NotYet), ("dora", NotYet), ("eve", Missing)];
    assert_eq!(verdicts(&results), expected);
    assert!(results[2].lessons[0].criteria.iter().all(|it| !it.is_flaky()));
    for file in ["grades.csv", "index.html", "junit.xml", "students"] {
        assert!(class.path("grades").join(file).exists(), "{file}");
    }
    assert!(first.stdout.contains("w03-l02  proved 2 · not yet 2 · missing 1"), "{}", first.stdout);
    assert!(first.stdout.contains("cleo, dora"), "the same content is reported: {}", first.stdout);
    let files = class.files("grades");
    let second = class.grade(&["--out", "grades"]);
    assert_eq!((second.code, second.stderr.as_str()), (0, ""), "nothing is graded again");
    assert!(class.files("grades") == files && class.results("grades") == results);
}

#[test]
fn every_solution_is_proved_within_the_limits_of_a_submission() {
    let class = Class::new();
    class.hand_in_all_solutions("ann");
    let graded = class.grade_all(&["--out", "grades"]);
    assert_eq!(graded.code, 0, "{}", graded.stderr);
    let results = class.results("grades");
    let lessons = &results[0].lessons;
    assert!(lessons.len() >= 9, "{}", lessons.len());
    let wrong = lessons.iter().find(|it| it.verdict != Verdict::Proved);
    assert!(wrong.is_none(), "{wrong:#?}");
}

#[test]
fn a_flaky_server_is_distinguished_from_a_right_one() {
    let class = Class::new();
    class.hand_in("right", RIGHT);
    // Each run of a server fails with probability 1/2. Therefore it is almost certain that at least
    // one of 12 servers fails in some of its runs, but not in all of them.
    (0..12).for_each(|index| class.hand_in(&format!("seed {index:02}"), &flaky(index)));
    assert_eq!(class.grade(&["--out", "grades"]).code, 0);
    let results = class.results("grades");
    let any = |of: &Submission| of.lessons[0].criteria.iter().any(CriterionGrade::is_flaky);
    assert!(!any(&results[0]) && results[0].lessons[0].verdict == Verdict::Proved);
    assert!(results[1..].iter().any(any), "no server has failed in some, but not all, of its runs");
    let page = fs::read_to_string(class.path("grades/grades.csv")).unwrap();
    assert!(page.contains("right"), "{page}");
}

/// Hands in `size` right and wrong servers. No two servers have the same text.
fn hand_in_many(class: &Class, size: usize) {
    for index in 0..size {
        let server = if index % 3 == 0 { wrong() } else { RIGHT.to_owned() };
        class.hand_in(&format!("student {index:02}"), &format!("{server}\n# number {index}\n"));
    }
}

/// The student's name in a line of the progress output on standard error.
fn graded_student(line: &str) -> Option<String> {
    let (_, rest) = line.split_once("  student ")?;
    Some(rest.split("  ").next()?.to_owned())
}

/// Waits until `number` submissions are graded, and returns their names.
fn wait_graded(child: &mut Child, number: usize) -> Vec<String> {
    let lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    lines.filter_map(|line| graded_student(&line)).take(number).collect()
}

#[test]
fn a_kill_at_any_moment_loses_only_submissions_that_are_being_graded() {
    const SIZE: usize = 12;
    let class = Class::new();
    hand_in_many(&class, SIZE);
    assert_eq!(class.grade(&["--out", "whole"]).code, 0);
    let mut times: BTreeMap<String, u32> = BTreeMap::new();
    for round in 1..=3 {
        let mut command = class.command(&["--out", "killed"]);
        let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let graded = wait_graded(&mut child, round);
        child.kill().unwrap();
        child.wait().unwrap();
        graded.into_iter().for_each(|name| *times.entry(name).or_default() += 1);
        test_class::wait_no_process_left(&class);
    }
    let last = class.grade(&["--out", "killed"]);
    assert_eq!(last.code, 0, "{}", last.stderr);
    last.stderr
        .lines()
        .filter_map(graded_student)
        .for_each(|name| *times.entry(name).or_default() += 1);
    assert!(times.values().all(|times| *times == 1), "{times:?}");
    assert_eq!(comparable(class.results("killed")), comparable(class.results("whole")));
}

#[test]
fn ctrl_c_saves_and_writes_the_results_so_far() {
    let class = Class::new();
    hand_in_many(&class, 12);
    let mut command = class.command(&["--out", "grades"]);
    let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let stderr = child.stderr.take().unwrap();
    let mut lines = BufReader::new(stderr).lines().map_while(Result::ok);
    assert!(lines.any(|line| graded_student(&line).is_some()));
    test_class::interrupt(&child);
    assert!(lines.any(|line| line.contains("stopping")));
    lines.for_each(drop);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let before = class.results("grades").len();
    assert!((1..12).contains(&before), "{before}");
    let rows = fs::read_to_string(class.path("grades/grades.csv")).unwrap().lines().count();
    assert_eq!(rows, before + 1);
    let rest = class.grade(&["--out", "grades"]);
    assert_eq!(rest.code, 0, "{}", rest.stderr);
    assert_eq!(
        rest.stderr.lines().filter(|line| graded_student(line).is_some()).count(),
        12 - before
    );
}

#[test]
fn joined_shards_equal_the_whole_class() {
    let class = Class::new();
    hand_in_many(&class, 9);
    assert_eq!(class.grade(&["--out", "whole"]).code, 0);
    for part in ["1", "2", "3"] {
        let shard = class.grade(&["--out", part, "--shard", &format!("{part}/3")]);
        assert_eq!(shard.code, 0, "{}", shard.stderr);
    }
    assert_eq!(class.merge(&["1", "2", "3", "--out", "joined"]).code, 0);
    assert_eq!(comparable(class.results("joined")), comparable(class.results("whole")));
}

/// For each student, the verdict of each lesson.
fn table(results: &[Submission]) -> Vec<(String, Vec<(String, Verdict)>)> {
    let lessons = |it: &Submission| {
        it.lessons.iter().map(|grade| (grade.lesson.clone(), grade.verdict)).collect()
    };
    results.iter().map(|it| (it.student.clone(), lessons(it))).collect()
}

fn row(student: &str, first: Verdict, third: Verdict) -> (String, Vec<(String, Verdict)>) {
    (student.into(), vec![("w01-l01".into(), first), ("w03-l02".into(), third)])
}

#[test]
fn a_class_is_graded_for_the_lessons_that_it_has_handed_in() {
    use Verdict::{Missing, NotYet, Proved};
    let class = Class::new();
    class.hand_in_named("ann", RIGHT);
    class.hand_in_empty_folder("bob");
    let first = class.grade_all(&["--out", "grades"]);
    assert_eq!(first.code, 0, "{}", first.stderr);
    let lines: Vec<_> = first.stderr.lines().collect();
    assert_eq!(lines[0], "  w03-l02: 1 of 2 submissions has it");
    assert_eq!(lines[1], "  1 of 2 submissions has no lesson that can be recognized");
    let results = class.results("grades");
    assert!(results.iter().all(|it| it.lessons.len() == 1), "{:?}", table(&results));

    // A third student hands in another lesson.
    class.hand_in_another_lesson("cleo");
    let second = class.grade_all(&["--out", "grades"]);
    assert_eq!(second.code, 0, "{}", second.stderr);
    assert!(
        second.stderr.starts_with("  w01-l01: 1 of 3 submissions has it\n"),
        "{}",
        second.stderr
    );
    let new = "w01-l01: new since this class was graded; all other results are kept";
    assert!(second.stderr.contains(new), "{}", second.stderr);
    assert!(!second.stderr.contains("ann  "), "nothing is graded twice: {}", second.stderr);
    let grown = class.results("grades");
    let expected =
        [row("ann", Missing, Proved), row("bob", Missing, Missing), row("cleo", NotYet, Missing)];
    assert_eq!(table(&grown), expected);
    assert_eq!(grown[0].lessons[1], results[0].lessons[0]);

    // The student's submission is removed again.
    fs::remove_dir_all(class.path("class/cleo")).unwrap();
    let third = class.grade_all(&["--out", "grades"]);
    assert_eq!(third.code, 0, "{}", third.stderr);
    assert!(third.stderr.contains("w01-l01: no student has it any more"), "{}", third.stderr);
    assert_eq!(class.results("grades"), grown[..2], "cleo leaves the rows");
    let named = class.grade(&["--out", "grades"]);
    assert_eq!(named.code, 2);
    assert!(named.stderr.contains("leave --lesson out"), "{}", named.stderr);
}

#[test]
fn every_shard_finds_the_lessons_of_the_whole_class() {
    let class = Class::new();
    let [one, other] = ["1/2", "2/2"].map(|part| part.parse::<Shard>().unwrap());
    let named = |shard: Shard| ('a'..).map(String::from).find(|name| shard.contains(name)).unwrap();
    class.hand_in_named(&named(one), RIGHT);
    class.hand_in_another_lesson(&named(other));
    assert_eq!(class.grade_all(&["--out", "whole"]).code, 0);
    for part in ["1", "2"] {
        let shard = class.grade_all(&["--out", part, "--shard", &format!("{part}/2")]);
        assert_eq!(shard.code, 0, "{}", shard.stderr);
        assert_eq!(class.results(part).len(), 1);
        let both = "  w01-l01: 1 of 2 submissions has it\n  w03-l02: 1 of 2 submissions has it\n";
        assert!(shard.stderr.starts_with(both), "{}", shard.stderr);
    }
    assert_eq!(class.merge(&["1", "2", "--out", "joined"]).code, 0);
    assert_eq!(comparable(class.results("joined")), comparable(class.results("whole")));
}

#[test]
fn a_class_without_a_recognizable_lesson_is_refused() {
    let class = Class::new();
    class.hand_in("ann", RIGHT);
    class.hand_in_empty_folder("bob");
    let refused = class.grade_all(&["--out", "grades"]);
    assert_eq!((refused.code, refused.stdout.as_str()), (2, ""));
    let message = "no submission contains a lesson that can be recognized; name the lesson";
    assert!(refused.stderr.contains(message), "{}", refused.stderr);
    assert!(refused.stderr.contains("\nann: the submission does not say"), "{}", refused.stderr);
    assert!(!class.path("grades").exists());
}

#[test]
fn results_of_another_class_are_not_changed() {
    let (class, other) = (Class::new(), Class::new());
    class.hand_in("ann", RIGHT);
    other.hand_in("bob", RIGHT);
    assert_eq!(class.grade(&["--out", "grades"]).code, 0);
    let before = class.files("grades");
    let out = class.path("grades");
    let refused = other.grade(&["--out", out.to_str().unwrap(), "--again"]);
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("the file has the results of"), "{}", refused.stderr);
    assert!(class.files("grades") == before);
}

#[test]
fn an_unusable_results_folder_is_reported_before_anything_runs() {
    let class = Class::new();
    class.hand_in("ann", RIGHT);
    fs::write(class.path("file"), "").unwrap();
    fs::create_dir(class.path("mine")).unwrap();
    fs::write(class.path("mine/junit.xml"), "precious").unwrap();
    fs::create_dir(class.path("odd")).unwrap();
    fs::write(class.path("odd/grades.sqlite"), "no database at all".repeat(100)).unwrap();
    for (out, why) in [
        ("file", "--out file: cannot create this folder"),
        ("file/grades", "--out file/grades: cannot create this folder"),
        ("/usr/grades", "/usr/grades is in a folder that every submission can read"),
        ("mine", "junit.xml exists and is not from the grader"),
        ("odd", "odd/grades.sqlite is not a file of results"),
    ] {
        let refused = class.grade(&["--out", out]);
        assert_eq!(refused.code, 2, "{out}");
        assert!(refused.stderr.contains(why) && refused.stdout.is_empty(), "{}", refused.stderr);
    }
    assert_eq!(fs::read_to_string(class.path("mine/junit.xml")).unwrap(), "precious");
}
