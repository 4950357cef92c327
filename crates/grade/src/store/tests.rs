//! Tests which results remain in the file, and which files are refused.

use super::*;
use crate::model::{HandInTime, LessonGrade, TimeSource};
use course::lesson::Lesson;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

fn run_info() -> RunInfo {
    RunInfo {
        name: "class".into(),
        folder: "/home/teacher/class".into(),
        lessons: vec![("w03-l02".into(), "Accept".into())],
        named: true,
        course: "version 1".into(),
        isolation: "namespaces".into(),
        shard: None,
        roster: "everyone".into(),
    }
}

fn grade(verdict: Verdict) -> LessonGrade {
    let text = include_bytes!("../../../../lessons/w03-l02-poll-tracker/lesson.md");
    let path = Path::new("lessons/w03-l02-poll-tracker/lesson.md");
    crate::grade_lesson::ungraded(&Lesson::parse(path, text).unwrap(), verdict, "")
}

fn submission(student: &str, digest: &str, verdict: Verdict) -> Submission {
    Submission {
        student: student.into(),
        submitted: Some(HandInTime { seconds: 1_700_000_000, source: TimeSource::Platform }),
        digest: digest.into(),
        notes: vec!["a note".into()],
        lessons: vec![grade(verdict)],
        ..Submission::default()
    }
}

fn names(students: &[&str]) -> Vec<(String, String)> {
    students.iter().map(|it| (it.to_string(), format!("{it}.zip"))).collect()
}

#[test]
fn results_are_ordered_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE);
    let mut store = Store::open(&path, &run_info(), false).unwrap();
    store.register(&names(&["carol", "alice", "bob"])).unwrap();
    let of = |name| submission(name, name, Verdict::Proved);
    store.save(&of("bob")).unwrap();
    store.save(&of("alice")).unwrap();
    drop(store);
    let store = Store::open(&path, &run_info(), false).unwrap();
    assert_eq!(store.submissions().unwrap(), [of("alice"), of("bob")]);
    assert_eq!(store.waiting().unwrap(), ["carol"]);
    assert_eq!(store.find("bob").unwrap(), Some(of("bob")));
    assert_eq!(store.find("carol").unwrap(), None);
    assert_eq!(store.list().unwrap()[2], ("carol".into(), "carol.zip".into()));
}

#[test]
fn registering_again_keeps_results_and_deletes_waiting_submissions() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(&folder.path().join(FILE), &run_info(), false).unwrap();
    store.register(&names(&["alice", "bob"])).unwrap();
    store.save(&submission("alice", "a", Verdict::NotYet)).unwrap();
    store.register(&names(&["alice", "carol"])).unwrap();
    assert_eq!(store.waiting().unwrap(), ["carol"]);
    assert!(store.find("alice").unwrap().is_some());
}

#[test]
fn an_inconclusive_submission_is_not_found_by_its_content() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join(FILE), &run_info(), false).unwrap();
    store.save(&submission("bob", "same", Verdict::Inconclusive)).unwrap();
    assert_eq!(store.find_content("same").unwrap(), None);
    store.save(&submission("carol", "same", Verdict::NotYet)).unwrap();
    assert_eq!(store.find_content("same").unwrap().unwrap().student, "carol");
}

#[test]
fn results_of_another_class_are_not_changed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE);
    let store = Store::open(&path, &run_info(), false).unwrap();
    store.save(&submission("alice", "a", Verdict::Proved)).unwrap();
    drop(store);
    let before = fs::read(&path).unwrap();
    let shard = Some("1/2".parse().unwrap());
    let lessons = vec![("w04-l01".into(), String::new())];
    for (other, again, why) in [
        (
            RunInfo { folder: "/other".into(), ..run_info() },
            true,
            "the file has the results of /home/teacher/class",
        ),
        (RunInfo { lessons, ..run_info() }, true, "results for w03-l02"),
        (RunInfo { shard, ..run_info() }, true, "the whole class"),
        (
            RunInfo { isolation: "none".into(), ..run_info() },
            false,
            "graded with isolation namespaces, not none",
        ),
        (
            RunInfo { course: "version 2".into(), ..run_info() },
            false,
            "another version of the course",
        ),
    ] {
        let error = format!("{:#}", Store::open(&path, &other, again).unwrap_err());
        assert!(error.contains(why) && error.contains(FILE), "{error}");
        assert_eq!(fs::read(&path).unwrap(), before);
    }
    let newer = RunInfo { course: "version 2".into(), ..run_info() };
    let store = Store::open(&path, &newer, true).unwrap();
    assert_eq!((store.submissions().unwrap().len(), store.run_info().unwrap()), (0, newer));
}

#[test]
fn a_file_of_another_program_or_version_is_not_changed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE);
    let make = |pragmas: &str| {
        let _ = fs::remove_file(&path);
        Connection::open(&path).unwrap().execute_batch(pragmas).unwrap();
    };
    let refused = |why: &str| {
        let before = fs::read(&path).unwrap();
        for error in [Store::open(&path, &run_info(), true).err(), Store::read(&path).err()] {
            let error = format!("{:#}", error.unwrap());
            assert!(error.contains(why), "{error}");
        }
        assert_eq!(fs::read(&path).unwrap(), before);
    };
    fs::write(&path, "student,points\n".repeat(100)).unwrap();
    refused("not a file of results");
    make("CREATE TABLE theirs (a)");
    refused("another program's");
    make("PRAGMA application_id = 0x70726f66; PRAGMA user_version = 99; CREATE TABLE class (a)");
    refused("newer grader");
    make("PRAGMA application_id = 0x70726f66; CREATE TABLE class (a)");
    refused("older grader");
}

#[test]
fn two_graders_cannot_open_the_same_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE);
    let _store = Store::open(&path, &run_info(), false).unwrap();
    let error = format!("{:#}", Store::open(&path, &run_info(), false).unwrap_err());
    assert!(error.contains("in use by another grader"), "{error}");
}

/// The environment variable of the process that is killed. Its value is the file for the results.
const VICTIM: &str = "STORE_TEST_FILE";
const SUBMISSIONS: usize = 400;

/// This is not a test by itself: it is the process that saves results until it is killed.
#[test]
fn a_process_that_saves_results() {
    let Some(path) = std::env::var_os(VICTIM) else { return };
    let store = Store::open(Path::new(&path), &run_info(), false).unwrap();
    let first = store.submissions().unwrap().len();
    for index in first..SUBMISSIONS {
        store.save(&submission(&format!("{index:04}"), "x", Verdict::Proved)).unwrap();
        println!("saved {index}");
    }
    println!("saved all");
}

#[test]
fn a_kill_at_any_moment_loses_no_saved_result() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE);
    let mut saved = 0;
    for round in 0.. {
        let mut victim = Command::new(std::env::current_exe().unwrap());
        victim.args(["--exact", "store::tests::a_process_that_saves_results", "--nocapture"]);
        let mut victim = victim.env(VICTIM, &path).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(victim.stdout.take().unwrap()).lines();
        let printed = lines.map_while(Result::ok).filter(|line| line.contains("saved "));
        // Each round waits for a different number of results. The process is killed while it saves
        // the next result.
        let seen = printed.take(1 + round * 7 % 23).last();
        victim.kill().unwrap();
        victim.wait().unwrap();
        let store = Store::open(&path, &run_info(), false).unwrap();
        let found = store.submissions().unwrap();
        let whole =
            (0..found.len()).map(|it| submission(&format!("{it:04}"), "x", Verdict::Proved));
        assert!(found.iter().cloned().eq(whole), "the saved results are complete and in order");
        let seen = seen.unwrap();
        let last = seen.rsplit_once("saved ").unwrap().1;
        let last = last.parse().map_or(SUBMISSIONS, |it: usize| it + 1);
        assert!(found.len() >= last && found.len() >= saved, "{} of {last}", found.len());
        saved = found.len();
        if saved == SUBMISSIONS {
            break;
        }
    }
}
