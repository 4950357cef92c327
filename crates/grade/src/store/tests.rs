//! What stays in a results file, whatever happens.

use super::*;
use crate::model::LessonGrade;
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
        isolation: "strong".into(),
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
        submitted: Some(1_700_000_000),
        digest: digest.into(),
        notes: vec!["a note".into()],
        lessons: vec![grade(verdict)],
    }
}

fn names(students: &[&str]) -> Vec<(String, String)> {
    students.iter().map(|it| (it.to_string(), format!("{it}.zip"))).collect()
}

#[test]
fn results_come_back_by_name_whatever_the_order() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE);
    let mut store = Store::open(&path, &run_info(), false).unwrap();
    store.enlist(&names(&["carol", "alice", "bob"])).unwrap();
    let of = |name| submission(name, name, Verdict::Proved);
    store.keep(&of("bob")).unwrap();
    store.keep(&of("alice")).unwrap();
    drop(store);
    let store = Store::open(&path, &run_info(), false).unwrap();
    assert_eq!(store.submissions().unwrap(), [of("alice"), of("bob")]);
    assert_eq!(store.waiting().unwrap(), ["carol"]);
    assert_eq!(store.find("bob").unwrap(), Some(of("bob")));
    assert_eq!(store.find("carol").unwrap(), None);
    assert_eq!(store.list().unwrap()[2], ("carol".into(), "carol.zip".into()));
}

#[test]
fn a_later_list_keeps_what_is_graded_and_forgets_who_waited() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(&folder.path().join(FILE), &run_info(), false).unwrap();
    store.enlist(&names(&["alice", "bob"])).unwrap();
    store.keep(&submission("alice", "a", Verdict::NotYet)).unwrap();
    store.enlist(&names(&["alice", "carol"])).unwrap();
    assert_eq!(store.waiting().unwrap(), ["carol"]);
    assert!(store.find("alice").unwrap().is_some());
}

#[test]
fn only_what_is_graded_for_good_stands_for_the_same_content() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join(FILE), &run_info(), false).unwrap();
    store.keep(&submission("bob", "same", Verdict::Inconclusive)).unwrap();
    assert_eq!(store.find_content("same").unwrap(), None);
    store.keep(&submission("carol", "same", Verdict::NotYet)).unwrap();
    assert_eq!(store.find_content("same").unwrap().unwrap().student, "carol");
}

#[test]
fn results_of_another_class_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE);
    let store = Store::open(&path, &run_info(), false).unwrap();
    store.keep(&submission("alice", "a", Verdict::Proved)).unwrap();
    drop(store);
    let before = fs::read(&path).unwrap();
    let shard = Some("1/2".parse().unwrap());
    let lessons = vec![("w04-l01".into(), String::new())];
    for (other, again, why) in [
        (
            RunInfo { folder: "/other".into(), ..run_info() },
            true,
            "the results of /home/teacher/class",
        ),
        (RunInfo { lessons, ..run_info() }, true, "results for w03-l02"),
        (RunInfo { shard, ..run_info() }, true, "the whole class"),
        (
            RunInfo { isolation: "plain".into(), ..run_info() },
            false,
            "graded with isolation strong, not plain",
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
    let anew = RunInfo { course: "version 2".into(), ..run_info() };
    let store = Store::open(&path, &anew, true).unwrap();
    assert_eq!((store.submissions().unwrap().len(), store.run_info().unwrap()), (0, anew));
}

#[test]
fn a_file_that_is_not_ours_is_left_alone() {
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
    refused("no results file");
    make("CREATE TABLE theirs (a)");
    refused("another program's");
    make("PRAGMA application_id = 0x70726f66; PRAGMA user_version = 99; CREATE TABLE class (a)");
    refused("newer grader");
    make("PRAGMA application_id = 0x70726f66; CREATE TABLE class (a)");
    refused("older grader");
}

#[test]
fn two_graders_do_not_share_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE);
    let _store = Store::open(&path, &run_info(), false).unwrap();
    let error = format!("{:#}", Store::open(&path, &run_info(), false).unwrap_err());
    assert!(error.contains("in use by another grader"), "{error}");
}

/// Set in the process that is killed: the file that it keeps results in.
const VICTIM: &str = "STORE_TEST_FILE";
const CROWD: usize = 400;

/// Not a test by itself: keeps results without an end, until it is killed.
#[test]
fn a_process_that_keeps_results() {
    let Some(path) = std::env::var_os(VICTIM) else { return };
    let store = Store::open(Path::new(&path), &run_info(), false).unwrap();
    let begun = store.submissions().unwrap().len();
    for index in begun..CROWD {
        store.keep(&submission(&format!("{index:04}"), "x", Verdict::Proved)).unwrap();
        println!("kept {index}");
    }
    println!("kept all");
}

#[test]
fn a_kill_at_any_moment_loses_nothing_that_was_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE);
    let mut kept = 0;
    for round in 0.. {
        let mut victim = Command::new(std::env::current_exe().unwrap());
        victim.args(["--exact", "store::tests::a_process_that_keeps_results", "--nocapture"]);
        let mut victim = victim.env(VICTIM, &path).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(victim.stdout.take().unwrap()).lines();
        let said = lines.map_while(Result::ok).filter(|line| line.contains("kept "));
        // Killed when it has kept so many more, in the middle of the next.
        let seen = said.take(1 + round * 7 % 23).last();
        victim.kill().unwrap();
        victim.wait().unwrap();
        let store = Store::open(&path, &run_info(), false).unwrap();
        let found = store.submissions().unwrap();
        let whole =
            (0..found.len()).map(|it| submission(&format!("{it:04}"), "x", Verdict::Proved));
        assert!(found.iter().cloned().eq(whole), "what is there is whole and in order");
        let last =
            seen.unwrap().rsplit_once("kept ").unwrap().1.parse().map_or(CROWD, |it: usize| it + 1);
        assert!(found.len() >= last && found.len() >= kept, "{} of {last}", found.len());
        kept = found.len();
        if kept == CROWD {
            break;
        }
    }
}
