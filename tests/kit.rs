//! `cargo xtask kit`: what students get builds, proves and tests by itself, and answers nothing.

mod support;

use predicates::str::is_empty;
use std::fs;
use std::path::Path;
use support::answers::{Answers, solutions};
use support::course::{Course, LESSON, original};
use support::kit::{Students, files, kit};
use support::programs::Bench;
use support::{assert_says, command, complained, said, xtask};

#[test]
fn students_begin_in_it_and_finish_in_it() {
    let kit = Students::new("kit", &[]);
    kit.tests_are_green(&["--workspace"]);
    let told = kit.proves(&["w03-l02"]).code(1).stderr(is_empty());
    assert_says(&said(&told), &["✗ starts", "Task 1:", "src/", "not yet · 0 of 10"]);

    kit.finish();
    let lessons = ["w01-l01", "w02-l01", "w03-l02", "w04-l01", "w09-l01"];
    let told = kit.proves(&lessons).code(0).stderr(is_empty());
    assert_eq!(said(&told).matches("proved · ").count(), lessons.len());
    kit.tests_are_green(&["--workspace"]);
    let their_own = ["--test", "table", "--test", "watch", "--test", "store"];
    kit.tests_are_green(&[&["--workspace"], &their_own[..]].concat());
}

#[test]
fn it_has_what_students_need_and_nothing_of_the_staffs() {
    let kit = files(&kit());
    for file in [
        ".cargo/config.toml",
        "Cargo.lock",
        "LICENSE",
        "README.md",
        "crates/sockhelpers/src/lib.rs",
        "lessons/w03-l02-poll-tracker/lesson.md",
        "lessons/w03-l02-poll-tracker/src/table.rs",
        "lessons/w03-l02-poll-tracker/tests/table.rs",
        "lessons/w04-l01-epoll-tracker/poll-against-epoll.svg",
        "tests/misuse.rs",
        "xtask/src/prove.rs",
    ] {
        assert!(kit.contains_key(Path::new(file)), "{file} is missing");
    }
    let staffs = ["solution", "mistakes", "fuzz", "bench", "grade", "hostile", ".git", ".ci"];
    let staffs_files = ["mistakes.rs", "kit.rs", "starter.rs", "level.c", "select_poll.py"];
    for path in kit.keys() {
        let parts: Vec<_> = path.iter().map(|part| part.to_str().unwrap()).collect();
        let found = parts.iter().find(|part| staffs.contains(part) || staffs_files.contains(part));
        assert!(found.is_none() && !parts.last().unwrap().ends_with(".patch"), "{path:?}");
    }
    for (path, text) in &kit {
        let text = String::from_utf8_lossy(text);
        for mark in ["feature = \"solution\"", "\"../solution", "<staff>", "</staff>"] {
            assert!(!text.contains(mark), "{}: {mark}", path.display());
        }
    }
}

#[test]
fn no_file_gives_an_answer_away() {
    let answers = Answers::of_all_lessons();
    let (lines, windows) = answers.count();
    assert!(lines > 150 && windows > 100, "{lines} lines, {windows} windows");
    for (path, text) in files(&kit()) {
        if let Some((line, solution)) = answers.found_in(&String::from_utf8_lossy(&text)) {
            panic!("{}:{line} is an answer of {solution}", path.display());
        }
    }
}

#[test]
fn an_answer_is_found_wherever_it_is_repeated() {
    let answers = Answers::of_all_lessons();
    for path in solutions() {
        let text = fs::read_to_string(&path).unwrap();
        assert!(answers.found_in(&text).is_some(), "{}", path.display());
    }
    let short = "{\nlet mut arrived = false;\n\nfor index in 0..count {\n// Here.\n\
                 match self.watch.source(index) {\n}";
    assert!(answers.found_in(short).is_some());
    let long = "pub fn a() {\n  log::reject(self.table.active(),   self.table.capacity());\n}";
    assert_eq!(answers.found_in(long).unwrap().0, 2);
}

#[test]
fn the_same_course_gives_the_same_bytes() {
    assert_eq!(files(&kit()), files(&kit()));
}

#[test]
fn work_that_lies_in_src_is_not_handed_out() {
    let course = whole();
    let [solution, work] =
        ["solution/table.rs", "src/table.rs"].map(|it| course.path(LESSON).join(it));
    let starter = fs::read(&work).unwrap();
    fs::copy(solution, &work).unwrap();
    fs::write(course.path(LESSON).join("src/draft.rs"), "my answer").unwrap();
    let bench = Bench::new();
    let kit = bench.path("kit");
    course.command().arg("kit").arg(&kit).assert().code(0).stderr(is_empty());
    assert_eq!(fs::read(kit.join(LESSON).join("src/table.rs")).unwrap(), starter);
    assert!(!kit.join(LESSON).join("src/draft.rs").exists());
}

#[test]
fn nothing_that_is_there_is_overwritten() {
    let bench = Bench::new();
    fs::write(bench.path("mine.txt"), "mine").unwrap();
    let [full, file, missing] = ["", "mine.txt", "no/kit"].map(|name| bench.path(name));
    let (within, linked) = (original().join("lessons/kit"), bench.path("link"));
    std::os::unix::fs::symlink(original(), &linked).unwrap();
    for (place, words) in [
        (full.as_path(), &["not empty, it holds link (2 in all)", "new or empty"][..]),
        (&file, &["Not a directory", "new or empty"]),
        (&missing, &["there is no folder", "make it first"]),
        (&within, &["within the course itself"]),
        (&linked.join("kit"), &["within the course itself"]),
    ] {
        let refused = command().arg("kit").arg(place).assert().code(2).stdout(is_empty());
        assert_says(&complained(&refused), words);
    }
    assert_eq!(fs::read(&file).unwrap(), b"mine");
    assert!(!within.exists());
}

#[test]
fn an_empty_folder_is_taken() {
    let bench = Bench::new();
    let kit = bench.path("kit");
    fs::create_dir(&kit).unwrap();
    let told = command().arg("kit").arg(&kit).assert().code(0).stderr(is_empty());
    assert_says(&said(&told), &["written · 5 lessons · ", " files"]);
    assert!(kit.join("README.md").is_file());
}

#[test]
fn of_a_kit_that_fails_nothing_is_left() {
    let course = whole();
    let bench = Bench::new();
    fs::write(course.path("Cargo.lock"), "no lock file").unwrap();
    let told = course.command().arg("kit").arg(bench.path("kit")).assert().code(2).stdout("");
    assert_says(&complained(&told), &["cargo cannot read the kit", "Cargo.lock"]);
    assert_eq!(fs::read_dir(bench.path("")).unwrap().count(), 0);
}

#[test]
fn a_mark_that_does_not_fit_is_told_by_file_and_line() {
    let course = whole();
    let line = course.edit("src/log.rs", "use ", "// <staff>\nuse ");
    let bench = Bench::new();
    let told = course.command().arg("kit").arg(bench.path("kit")).assert().code(2).stdout("");
    let place = format!("{LESSON}/src/log.rs:{line}: this staff region has no end");
    assert_says(&complained(&told), &[&place, "</staff>"]);
}

#[test]
fn a_lesson_without_a_solution_is_not_handed_out() {
    let course = whole();
    fs::remove_dir_all(course.path(LESSON).join("solution")).unwrap();
    let bench = Bench::new();
    let told = course.command().arg("kit").arg(bench.path("kit")).assert().code(2).stdout("");
    assert_says(&complained(&told), &[LESSON, "no solution/ to derive a starter from"]);
}

#[test]
fn a_week_has_its_lessons_and_compiles() {
    let week = Students::new("week", &["--lesson", "w01-l01,w02-l01"]);
    let readme = fs::read_to_string(week.folder.join("README.md")).unwrap();
    assert_says(&readme, &["cargo xtask prove w02-l01 ", "| [w01-l01](lessons/w01-l01-blocking-"]);
    for other in ["[w03-l02]", "prove w03-l02", "slots,reuse", "[tests](tests)"] {
        let commands = readme.split("```").enumerate().filter(|(_, it)| !it.starts_with("text"));
        assert!(!commands.into_iter().any(|(_, text)| text.contains(other)), "{other}");
    }
    week.compiles();
}

#[test]
fn what_a_lesson_builds_on_is_in_the_kit_with_it() {
    let bench = Bench::new();
    let told = command().arg("kit").arg(bench.path("kit")).args(["--lesson", "w04-l01"]).assert();
    let told = said(&told.code(0).stderr(is_empty()));
    assert_says(&told, &["2 lessons", "w03-l02 is in it as well, for w04-l01 builds on it"]);
    let kit = files(&bench);
    assert!(kit.contains_key(Path::new("lessons/w03-l02-poll-tracker/src/table.rs")));
    assert!(kit.contains_key(Path::new("tests/misuse.rs")));
    assert!(!kit.keys().any(|path| path.starts_with("lessons/w09-l01-kv-store")));
    let readme = String::from_utf8_lossy(&kit[Path::new("README.md")]);
    assert!(readme.contains("prove w03-l02") && !readme.contains("[w09-l01]"), "{readme}");
}

#[test]
fn a_lesson_that_is_not_there_is_misuse() {
    let bench = Bench::new();
    let refused =
        command().arg("kit").arg(bench.path("kit")).args(["--lesson", "w04-l10"]).assert();
    let refused = refused.code(2).stdout(is_empty());
    assert_says(&complained(&refused), &["lesson \"w04-l10\"", "did you mean w04-l01?"]);
    assert!(!bench.path("kit").exists());
}

#[test]
fn it_has_the_students_commands_and_no_others() {
    let kit = files(&kit());
    let main = String::from_utf8_lossy(&kit[Path::new("xtask/src/main.rs")]).to_lowercase();
    let commands = ["starter", "mistakes", "check", "kit", "bench", "grade", "gradescope"];
    let found = commands.iter().find(|command| main.contains(*command));
    assert_eq!(found, None, "{main}");
    let manifest = String::from_utf8_lossy(&kit[Path::new("Cargo.toml")]);
    assert!(!manifest.contains("exclude"), "{manifest}");
}

#[test]
fn the_help_says_what_is_in_it() {
    let told = said(&xtask(&["kit", "--help"]).code(0).stderr(is_empty()));
    assert_says(
        &told,
        &["Usage: cargo xtask kit [OPTIONS] <OUT>", "--lesson", "no solutions", "Examples:"],
    );
}

/// A course with all that a kit is made of.
fn whole() -> Course {
    let course = Course::new();
    for name in [".gitignore", "LICENSE", "README.md", "rustfmt.toml"] {
        fs::copy(original().join(name), course.path(name)).unwrap();
    }
    fs::create_dir(course.path(".cargo")).unwrap();
    fs::copy(original().join(".cargo/config.toml"), course.path(".cargo/config.toml")).unwrap();
    course
}
