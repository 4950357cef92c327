//! Lessons and wrong servers are found below a root.

use course::catalogue::Course;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

const LESSON: &str = include_str!("fixture/lesson.md");
const PATCH: &str = include_str!("fixture/forgot-close.patch");

/// A course with these files, each given as a path and its bytes.
fn course(files: &[(&str, &[u8])]) -> TempDir {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir(root.path().join("lessons")).unwrap();
    for (path, bytes) in files {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    root
}

fn problems(root: &TempDir) -> String {
    Course::open(root.path()).expect_err("the course has problems").to_string()
}

#[test]
fn lessons_are_sorted_by_id() {
    let other = LESSON.replace("w05-l03", "w01-l03");
    let root = course(&[
        ("lessons/w05-l03-count/lesson.md", LESSON.as_bytes()),
        ("lessons/w01-l03-zero/lesson.md", other.as_bytes()),
        ("lessons/no-lesson/notes.md", b"mine"),
        ("lessons/README.md", b"no folder"),
    ]);
    let course = Course::open(root.path()).unwrap();
    let ids: Vec<_> = course.lessons().iter().map(|lesson| lesson.id.as_str()).collect();
    assert_eq!(ids, ["w01-l03", "w05-l03"]);
    assert_eq!(course.root(), root.path());
}

#[test]
fn a_lesson_is_found_by_id_and_by_folder() {
    let root = course(&[("lessons/w05-l03-count/lesson.md", LESSON.as_bytes())]);
    let course = Course::open(root.path()).unwrap();
    assert_eq!(course.lesson("w05-l03").unwrap().title, "Count");
    assert_eq!(course.lesson("w05-l03-count").unwrap().title, "Count");
    let unknown = course.lesson("w5-l3").unwrap_err().to_string();
    assert_eq!(unknown, "lesson \"w5-l3\" is not in this course; did you mean w05-l03?");
    for name in ["", "sockets", "lessons", "/"] {
        let unknown = course.lesson(name).unwrap_err().to_string();
        assert!(unknown.ends_with("is not in this course; it has w05-l03"), "{unknown}");
    }
}

#[test]
fn a_course_without_lessons_knows_no_id() {
    let root = course(&[]);
    let unknown = Course::open(root.path()).unwrap().lesson("w05-l03").unwrap_err().to_string();
    assert_eq!(unknown, "lesson \"w05-l03\" is not in this course; there is none");
}

#[test]
fn problems_of_every_file_are_reported_with_paths_from_the_root() {
    let wrong = LESSON.replace("Ten lines.", "").replace("w05-l03", "w06-l03");
    let root = course(&[
        ("lessons/w05-l03-count/lesson.md", b"\xff"),
        ("lessons/w06-l03-count/lesson.md", wrong.as_bytes()),
    ]);
    let expected = "lessons/w05-l03-count/lesson.md:1: \
                    byte 0xff is not UTF-8; save the file as UTF-8\n\
                    lessons/w06-l03-count/lesson.md:65: **Expected:** is empty in task 2; write it";
    assert_eq!(problems(&root), expected);
}

#[test]
fn a_file_that_cannot_be_read_is_a_problem() {
    let root = course(&[("lessons/w05-l03-count/lesson.md/inside", b"")]);
    let message = problems(&root);
    assert!(message.starts_with("lessons/w05-l03-count/lesson.md: cannot be read: "), "{message}");
    let message = Course::open("/nowhere/at/all").unwrap_err().to_string();
    assert!(message.starts_with("lessons: cannot be read: "), "{message}");
}

#[test]
fn two_lessons_with_one_id_are_a_problem() {
    let root = course(&[
        ("lessons/w05-l03-count/lesson.md", LESSON.as_bytes()),
        ("lessons/w05-l03-again/lesson.md", LESSON.as_bytes()),
    ]);
    let expected = "lessons/w05-l03-count/lesson.md:2: \
                    id w05-l03 is already the id of lessons/w05-l03-again/lesson.md; choose another";
    assert_eq!(problems(&root), expected);
}

#[test]
fn wrong_servers_are_sorted_by_name() {
    let zero = PATCH.replace("mistake: forgot-close", "mistake: a-zero");
    let root = course(&[
        ("lessons/w05-l03-count/lesson.md", LESSON.as_bytes()),
        ("lessons/w05-l03-count/mistakes/forgot-close.patch", PATCH.as_bytes()),
        ("lessons/w05-l03-count/mistakes/a-zero.patch", zero.as_bytes()),
        ("lessons/w05-l03-count/mistakes/README.md", b"not a patch"),
    ]);
    let course = Course::open(root.path()).unwrap();
    let patches = course.mistakes(&course.lessons()[0]).unwrap();
    let ids: Vec<_> = patches.iter().map(|patch| patch.id.as_str()).collect();
    assert_eq!(ids, ["a-zero", "forgot-close"]);
    let path = Path::new("lessons/w05-l03-count/mistakes/a-zero.patch");
    assert_eq!(patches[0].path, path);
}

#[test]
fn a_lesson_may_have_no_wrong_servers() {
    let root = course(&[("lessons/w05-l03-count/lesson.md", LESSON.as_bytes())]);
    let course = Course::open(root.path()).unwrap();
    assert_eq!(course.mistakes(&course.lessons()[0]).unwrap(), []);
}

#[test]
fn the_lessons_of_this_repository_have_no_problems() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let course = Course::open(root).unwrap_or_else(|problems| panic!("\n{problems}"));
    assert!(!course.lessons().is_empty());
}
