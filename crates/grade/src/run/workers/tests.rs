//! Tests which submissions are graded, how often, and what is saved. The grader of these tests
//! reads the verdict from the server's text.

use super::*;
use crate::intake::ClassFiles;
use crate::store::{FILE, RunInfo};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use terminal::paths;

/// A class on disk.
struct Class {
    folder: TempDir,
    course: Course,
}

impl Class {
    /// A class of these students. Each student has a name, and the text of the only file that the
    /// student has handed in.
    fn of(students: &[(&str, &str)]) -> Self {
        let class = Self {
            folder: tempfile::tempdir().unwrap(),
            course: Course::open(paths::root()).unwrap(),
        };
        students.iter().for_each(|(name, text)| class.hand_in(name, text));
        class
    }

    fn hand_in(&self, name: &str, text: &str) {
        let folder = self.submissions().join(name);
        fs::create_dir_all(folder.join("src")).unwrap();
        fs::write(folder.join("src/server.rs"), text).unwrap();
    }

    fn submissions(&self) -> PathBuf {
        self.folder.path().join("class")
    }

    fn store(&self) -> Store {
        let run_info = RunInfo {
            name: "class".into(),
            folder: "/class".into(),
            lessons: vec![("w03-l02".into(), String::new())],
            named: true,
            course: String::new(),
            isolation: "namespaces".into(),
            shard: None,
            roster: String::new(),
        };
        Store::open(&self.folder.path().join(FILE), &run_info, false).unwrap()
    }

    /// Grades the class with `grader`. Returns the result of the run and how often `grader` was
    /// called.
    fn graded(&self, grader: &(dyn Fn(&str) -> Result<Verdict> + Sync)) -> (Result<()>, usize) {
        let lessons = [self.course.lesson("w03-l02").unwrap()];
        let calls = AtomicUsize::new(0);
        let grader = |one: &Lesson, project: &Project| {
            calls.fetch_add(1, Relaxed);
            let text = &project.files[Path::new("src/server.rs")].bytes;
            Ok(grade_lesson::ungraded(one, grader(std::str::from_utf8(text).unwrap())?, ""))
        };
        let workers = Workers::new(&self.course, &lessons, true, self.store(), &grader);
        let sources = intake::find(&self.submissions(), &ClassFiles::default()).unwrap().sources;
        let done = workers.grade_all(&sources, 2, &Progress::silent());
        drop(workers);
        (done, calls.into_inner())
    }

    fn verdicts(&self) -> Vec<(String, Verdict)> {
        let all = self.store().submissions().unwrap().into_iter();
        all.map(|it| (it.student, it.lessons[0].verdict)).collect()
    }
}

/// A grader that proves a server if its text contains `right`.
fn by_text(text: &str) -> Result<Verdict> {
    Ok(if text.contains("right") { Verdict::Proved } else { Verdict::NotYet })
}

#[test]
fn an_unchanged_submission_is_not_graded_again() {
    let class = Class::of(&[("alice", "// right"), ("bob", "// wrong")]);
    assert_eq!(class.graded(&by_text).1, 2);
    let verdicts = [("alice".into(), Verdict::Proved), ("bob".into(), Verdict::NotYet)];
    assert_eq!(class.verdicts(), verdicts);
    assert_eq!(class.graded(&by_text).1, 0);
    assert_eq!(class.verdicts(), verdicts);
}

#[test]
fn a_changed_submission_is_graded_again() {
    let class = Class::of(&[("alice", "// right"), ("bob", "// wrong")]);
    class.graded(&by_text).0.unwrap();
    class.hand_in("bob", "// right at last");
    assert_eq!(class.graded(&by_text).1, 1);
    assert_eq!(class.verdicts()[1].1, Verdict::Proved);
}

#[test]
fn the_same_content_is_graded_once() {
    let students = ["a", "b", "c", "d", "e", "f"].map(|name| (name, "// the same"));
    let class = Class::of(&students);
    assert_eq!(class.graded(&by_text).1, 1);
    assert_eq!(class.verdicts().len(), 6);
    assert!(class.verdicts().iter().all(|(_, verdict)| *verdict == Verdict::NotYet));
}

#[test]
fn an_inconclusive_submission_is_graded_again() {
    let class = Class::of(&[("alice", "// right"), ("bob", "// right, hidden")]);
    let partly_hidden = |text: &str| match text.contains("hidden") {
        true => Ok(Verdict::Inconclusive),
        false => by_text(text),
    };
    assert_eq!(class.graded(&partly_hidden).1, 2);
    assert_eq!(class.graded(&partly_hidden).1, 1);
    assert_eq!(class.verdicts()[1].1, Verdict::Inconclusive);
    assert_eq!(class.graded(&by_text).1, 1);
    assert_eq!(class.verdicts()[1].1, Verdict::Proved);
    assert_eq!(class.graded(&by_text).1, 0);
}

#[test]
fn a_fault_of_the_machine_stops_the_run_and_loses_no_result() {
    let class =
        Class::of(&[("alice", "// right"), ("bob", "// no room"), ("carol", "// right too")]);
    let full_disk = |text: &str| match text.contains("no room") {
        true => anyhow::bail!("no room is left"),
        false => by_text(text),
    };
    let fault = class.graded(&full_disk).0.unwrap_err();
    assert!(fault.to_string().contains("no room"), "{fault}");
    let before = class.verdicts().len();
    assert_eq!(class.graded(&by_text).1, 3 - before);
    assert!(
        class
            .verdicts()
            .iter()
            .all(|(name, verdict)| (name == "bob") == (*verdict == Verdict::NotYet))
    );
}

#[test]
fn a_file_that_is_no_submission_is_refused_and_all_others_are_graded() {
    let class = Class::of(&[("alice", "// right")]);
    fs::write(class.submissions().join("bob.zip"), "no archive").unwrap();
    class.graded(&by_text).0.unwrap();
    assert_eq!(
        class.verdicts(),
        [("alice".into(), Verdict::Proved), ("bob".into(), Verdict::Refused)]
    );
}

#[test]
fn a_lesson_that_was_not_handed_in_is_missing() {
    let class = Class::of(&[("alice", "// right")]);
    let folder = class.submissions().join("bob/w04-l01-epoll-tracker/src");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("server.rs"), "// right").unwrap();
    class.graded(&by_text).0.unwrap();
    let verdicts = [("alice".into(), Verdict::Proved), ("bob".into(), Verdict::Missing)];
    assert_eq!(class.verdicts(), verdicts);
}
