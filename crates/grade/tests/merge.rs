//! Merges the results of a class's shards, with the command line.

mod files;

use assert_cmd::Command;
use grade::grade_lesson;
use grade::model::{LessonGrade, Submission, Verdict};
use grade::shard::Shard;
use grade::store::{FILE, RunInfo, Store};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The results of several shards, with a folder for each shard.
struct Shards {
    folder: TempDir,
}

fn run_info(shard: Shard) -> RunInfo {
    RunInfo {
        name: "class".into(),
        folder: "/home/teacher/class".into(),
        lessons: vec![("w03-l02".into(), "Accept & Track Many Clients".into())],
        named: true,
        course: "version 1".into(),
        isolation: "namespaces".into(),
        shard: Some(shard),
        roster: "everyone".into(),
    }
}

fn grade(verdict: Verdict) -> LessonGrade {
    let course = course::catalogue::Course::open(terminal::paths::root()).unwrap();
    grade_lesson::ungraded(course.lesson("w03-l02").unwrap(), verdict, "a reason")
}

/// A class of forty students. The students in `verdicts` have the verdicts given there. All other
/// students have the verdict `Refused`.
fn class(verdicts: &[(&str, Verdict)]) -> Vec<Submission> {
    let usual = grade(Verdict::Refused);
    let one = |index: usize| {
        let student = format!("student {index}");
        let verdict = verdicts.iter().find(|(name, _)| *name == student).map(|it| it.1);
        let lessons = vec![verdict.map_or_else(|| usual.clone(), grade)];
        Submission { student, lessons, ..Submission::default() }
    };
    (0..40).map(one).collect()
}

impl Shards {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes the results of one shard of `all` into the folder `name`. The first `waiting`
    /// submissions of the shard are not graded.
    fn grade(&self, name: &str, run_info: &RunInfo, all: &[Submission], waiting: usize) {
        fs::create_dir_all(self.path(name)).unwrap();
        let mut store = Store::open(&self.path(name).join(FILE), run_info, false).unwrap();
        let shard = run_info.shard.unwrap();
        let own: Vec<_> = all.iter().filter(|it| shard.contains(&it.student)).collect();
        let listed = own.iter().map(|it| (it.student.clone(), format!("{}.zip", it.student)));
        store.register(&listed.collect::<Vec<_>>()).unwrap();
        own.iter().skip(waiting).for_each(|it| store.save(it).unwrap());
    }

    /// Writes the results of the shards `1/of` to `of/of` of `all`, and returns their folders.
    fn grade_all(&self, all: &[Submission], of: u32) -> Vec<String> {
        let name = |part| format!("shard-{part}-{of}");
        for part in 1..=of {
            self.grade(&name(part), &run_info(format!("{part}/{of}").parse().unwrap()), all, 0);
        }
        (1..=of).map(name).collect()
    }

    /// Runs `grade-merge`. Returns its standard output if it merged the shards, else its standard
    /// error.
    fn merge(&self, shards: &[String], out: &str) -> Result<String, String> {
        let mut command = Command::cargo_bin("grade").unwrap();
        command.arg("grade-merge").args(shards).args(["--out", out]);
        let output = command.current_dir(self.folder.path()).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        match output.status.code() {
            Some(0) => Ok(text(&output.stdout)),
            Some(2) => Err(text(&output.stderr)),
            other => panic!("{other:?}: {}", text(&output.stderr)),
        }
    }

    /// The content of every file that was written, except the database.
    fn files(&self, out: &str) -> BTreeMap<PathBuf, Vec<u8>> {
        files::without_database(&self.path(out))
    }

    fn results(&self, out: &str) -> (RunInfo, Vec<(String, String)>, Vec<Submission>) {
        let store = Store::read(&self.path(out).join(FILE)).unwrap();
        (store.run_info().unwrap(), store.list().unwrap(), store.submissions().unwrap())
    }
}

#[test]
fn any_number_and_order_of_shards_gives_the_same_results() {
    let (shards, all) = (Shards::new(), class(&[("student 7", Verdict::Missing)]));
    shards.merge(&shards.grade_all(&all, 1), "whole").unwrap();
    let whole = (shards.results("whole"), shards.files("whole"));
    assert!(whole.1.contains_key(Path::new("grades.csv")), "{:?}", whole.1.keys());
    assert_eq!((whole.0.1.len(), whole.0.2.len(), whole.0.0.shard), (40, 40, None));
    for of in [2, 3, 7] {
        let mut names = shards.grade_all(&all, of);
        names.reverse();
        let out = format!("joined-{of}");
        let output = shards.merge(&names, &out).unwrap();
        assert!(output.contains("40 submissions graded"), "{output}");
        assert_eq!((shards.results(&out), shards.files(&out)), whole);
    }
}

#[test]
fn a_shard_may_be_given_twice_and_merged_again() {
    let (shards, all) = (Shards::new(), class(&[]));
    let mut names = shards.grade_all(&all, 2);
    names.push(names[0].clone());
    shards.merge(&names, "joined").unwrap();
    let first = shards.results("joined");
    shards.merge(&names, "joined").unwrap();
    assert_eq!(shards.results("joined"), first);
}

#[test]
fn missing_shards_are_named() {
    let (shards, all) = (Shards::new(), class(&[]));
    let names = shards.grade_all(&all, 4);
    let output = shards.merge(&[names[0].clone(), names[2].clone()], "joined").unwrap_err();
    assert!(output.contains("missing: shard 2/4, 4/4; grade it with --shard 2/4"), "{output}");
    assert!(!shards.path("joined").exists());
}

#[test]
fn a_shard_that_is_not_finished_is_named() {
    let (shards, all) = (Shards::new(), class(&[]));
    let names = shards.grade_all(&all, 2);
    shards.grade("late", &run_info("2/2".parse().unwrap()), &all, 3);
    let output = shards.merge(&[names[0].clone(), "late".into()], "joined").unwrap_err();
    assert!(output.contains("late is not finished: 3 of its submissions wait"), "{output}");
}

#[test]
fn shards_with_different_results_for_a_student_are_refused() {
    let (shards, all) = (Shards::new(), class(&[]));
    let mut names = shards.grade_all(&all, 1);
    shards.grade(
        "other",
        &run_info("1/1".parse().unwrap()),
        &class(&[("student 7", Verdict::Missing)]),
        0,
    );
    names.push("other".into());
    let output = shards.merge(&names, "joined").unwrap_err();
    assert!(output.contains("different results for student 7"), "{output}");
}

#[test]
fn shards_of_different_classes_are_refused() {
    let (shards, all) = (Shards::new(), class(&[]));
    let first = shards.grade_all(&all, 2)[0].clone();
    let second = || run_info("2/2".parse().unwrap());
    let lessons = vec![("w04-l01".into(), String::new())];
    for (name, other, why) in [
        ("a", RunInfo { name: "another".into(), ..second() }, "classes: class and another"),
        ("b", RunInfo { lessons, ..second() }, "lessons: w03-l02 and w04-l01\n"),
        ("g", RunInfo { named: false, ..second() }, "choices of lessons"),
        ("c", RunInfo { course: "version 2".into(), ..second() }, "versions of the course"),
        (
            "d",
            RunInfo { isolation: "none".into(), ..second() },
            "isolation levels: namespaces and none",
        ),
        ("e", RunInfo { roster: "somebody".into(), ..second() }, "a name is in only one of them"),
        ("f", run_info("2/3".parse().unwrap()), "another folder is one of 2 parts"),
    ] {
        shards.grade(name, &other, &all, 0);
        let output = shards.merge(&[first.clone(), name.into()], "joined").unwrap_err();
        assert!(output.contains(why), "{output}");
    }
}

#[test]
fn a_folder_without_results_is_named() {
    let shards = Shards::new();
    fs::create_dir(shards.path("empty")).unwrap();
    for name in ["empty", "nowhere"] {
        let output = shards.merge(&[name.into()], "joined").unwrap_err();
        assert!(output.contains(&format!("{name} has no grades.sqlite")), "{output}");
    }
}

#[test]
fn other_results_are_not_overwritten() {
    let (shards, all) = (Shards::new(), class(&[]));
    let names = shards.grade_all(&all, 2);
    let output = shards.merge(&names, &names[0]).unwrap_err();
    assert!(
        output.contains("the file has results for shard 1/2; choose another --out"),
        "{output}"
    );
    fs::create_dir(shards.path("mine")).unwrap();
    fs::write(shards.path("mine").join("grades.csv"), "precious").unwrap();
    let output = shards.merge(&names, "mine").unwrap_err();
    assert!(output.contains("grades.csv exists and is not from the grader"), "{output}");
    assert_eq!(fs::read(shards.path("mine").join("grades.csv")).unwrap(), b"precious");
}
