//! `cargo xtask kit`: the kit for students builds, proves and tests by itself, without any answer.

mod support;

use predicates::str::is_empty;
use std::fs;
use std::path::Path;
use support::answers::{Answers, solutions};
use support::course::{Course, LESSON, course_root};
use support::kit::{StudentKit, files, kit};
use support::programs::TestDir;
use support::{assert_contains, command, stderr_of, stdout_of, xtask};

#[test]
#[ignore = "takes a minute: builds a kit, and runs its tests"]
fn a_kit_takes_students_from_the_first_task_to_the_last() {
    let kit = StudentKit::new("kit", &[]);
    kit.assert_tests_pass(&["--workspace"]);
    let output = kit.prove(&["w03-l02"]).code(1).stderr(is_empty());
    assert_contains(&stdout_of(&output), &["✗ starts", "Task 1:", "src/", "not yet · 0 of 15"]);

    // The status is shown, a reset gives the same starter again, and there is no reference.
    assert_contains(&stdout_of(&kit.xtask(&[]).code(0)), &["· w03-l02", "next: cargo xtask prove"]);
    let table = kit.folder.join("lessons/w03-l02-poll-tracker/src/table.rs");
    let starter = fs::read(&table).unwrap();
    fs::write(&table, "my work").unwrap();
    let reset = kit.xtask(&["reset", "w03-l02"]).code(0).stderr(is_empty());
    assert_contains(&stdout_of(&reset), &["put back", "src/table.rs", "kept", ".kept/1"]);
    assert_eq!(fs::read(&table).unwrap(), starter);
    for command in ["diff", "reveal"] {
        let refused = kit.xtask(&[command, "w03-l02"]).code(2).stdout(is_empty());
        assert_contains(&stderr_of(&refused), &["the reference of w03-l02 is not in this"]);
    }

    kit.finish();
    let lessons = [
        "w01-l01", "w01-l02", "w02-l01", "w02-l02", "w03-l02", "w03-l03", "w04-l01", "w04-l02",
        "w09-l01",
    ];
    let output = kit.prove(&lessons).code(0).stderr(is_empty());
    assert_eq!(stdout_of(&output).matches("proved · ").count(), lessons.len());
    // The other suites have passed above.
    let students_tests =
        ["--test", "table", "--test", "lines", "--test", "epoll", "--test", "store"];
    kit.assert_tests_pass(&[&["--workspace", "--lib", "--bins"], &students_tests[..]].concat());
}

#[test]
fn a_kit_has_the_students_files_and_no_staff_files() {
    let kit = files(&kit());
    for file in [
        ".cargo/config.toml",
        ".vscode/tasks.json",
        "Cargo.lock",
        "LICENSE",
        "README.md",
        "crates/sockhelpers/src/lib.rs",
        "lessons/w03-l02-poll-tracker/lesson.md",
        "lessons/w03-l02-poll-tracker/src/table.rs",
        "lessons/w03-l02-poll-tracker/.starter/table.rs",
        "lessons/w03-l02-poll-tracker/tests/table.rs",
        "lessons/w04-l01-epoll-tracker/poll-against-epoll.svg",
        "tests/misuse.rs",
        "xtask/src/prove.rs",
        "xtask/src/view/main_loop/on_key.rs",
        "xtask/src/watch/main_loop/on_key.rs",
    ] {
        assert!(kit.contains_key(Path::new(file)), "{file} is missing");
    }
    let staff =
        ["solution", "mistakes", "fuzz", "bench", "grade", "mutants", "hostile", ".git", ".ci"];
    let staff_files = ["mistakes.rs", "kit.rs", "starter.rs", "level.c", "select_poll.py"];
    for path in kit.keys() {
        let parts: Vec<_> = path.iter().map(|part| part.to_str().unwrap()).collect();
        let found = parts.iter().find(|part| staff.contains(part) || staff_files.contains(part));
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
fn no_file_of_a_kit_has_an_answer() {
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
fn every_solution_has_answers_that_are_found() {
    let answers = Answers::of_all_lessons();
    for path in solutions() {
        let text = fs::read_to_string(&path).unwrap();
        assert!(answers.found_in(&text).is_some(), "{}", path.display());
    }
    let short = "{\nlet mut listener_is_ready = false;\n\nfor index in 0..count {\n// Here.\n\
                 match self.epoll.source(index) {\n}";
    assert!(answers.found_in(short).is_some());
    let long = "pub fn a() {\n  log::reject(self.table.active(),   self.table.capacity());\n}";
    assert_eq!(answers.found_in(long).unwrap().0, 2);
}

#[test]
fn a_built_program_is_ignored_and_its_sources_are_not() {
    let dir = kit();
    let git = |arguments: &[&str]| {
        let mut git = std::process::Command::new("git");
        let output = git.arg("-C").arg(dir.path("kit")).args(arguments).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    git(&["init", "--quiet"]);
    let lesson = dir.path("kit").join("lessons/w01-l02-stream-client");
    fs::create_dir(lesson.join("server")).unwrap();
    for file in ["client", "client.c", "server/main.go", ".progress", "w01-l02-ada.tar.gz"] {
        fs::write(lesson.join(file), "x").unwrap();
    }
    git(&["add", "lessons/w01-l02-stream-client"]);
    let added = git(&["diff", "--cached", "--name-only"]);
    for (file, is_added) in [
        ("/client\n", false),
        ("/client.c\n", true),
        ("/server/main.go\n", true),
        (".progress\n", true),
        (".tar.gz\n", false),
    ] {
        assert_eq!(added.contains(file), is_added, "{file}: {added}");
    }
}

#[test]
fn two_kits_of_a_course_are_equal() {
    assert_eq!(files(&kit()), files(&kit()));
}

#[test]
fn work_in_src_is_not_in_the_kit() {
    let course = full_course();
    let [solution, work] =
        ["solution/table.rs", "src/table.rs"].map(|it| course.path(LESSON).join(it));
    let starter = fs::read(&work).unwrap();
    fs::copy(solution, &work).unwrap();
    fs::write(course.path(LESSON).join("src/draft.rs"), "my answer").unwrap();
    let dir = TestDir::new();
    let kit = dir.path("kit");
    course.command().arg("kit").arg(&kit).assert().code(0).stderr(is_empty());
    assert_eq!(fs::read(kit.join(LESSON).join("src/table.rs")).unwrap(), starter);
    assert!(!kit.join(LESSON).join("src/draft.rs").exists());
}

#[test]
fn no_file_is_overwritten() {
    let dir = TestDir::new();
    fs::write(dir.path("mine.txt"), "mine").unwrap();
    let [full, file, missing] = ["", "mine.txt", "no/kit"].map(|name| dir.path(name));
    let (within, linked) = (course_root().join("lessons/kit"), dir.path("link"));
    std::os::unix::fs::symlink(course_root(), &linked).unwrap();
    for (folder, words) in [
        (full.as_path(), &["not empty, it holds link (2 in all)", "new or empty"][..]),
        (&file, &["Not a directory", "new or empty"]),
        (&missing, &["there is no folder", "make it first"]),
        (&within, &["within the course itself"]),
        (&linked.join("kit"), &["within the course itself"]),
    ] {
        let refused = command().arg("kit").arg(folder).assert().code(2).stdout(is_empty());
        assert_contains(&stderr_of(&refused), words);
    }
    assert_eq!(fs::read(&file).unwrap(), b"mine");
    assert!(!within.exists());
}

#[test]
fn a_kit_is_written_to_an_empty_folder() {
    let dir = TestDir::new();
    let kit = dir.path("kit");
    fs::create_dir(&kit).unwrap();
    let output = command().arg("kit").arg(&kit).assert().code(0).stderr(is_empty());
    assert_contains(&stdout_of(&output), &["written · 9 lessons · ", " files"]);
    assert!(kit.join("README.md").is_file());
}

#[test]
fn a_kit_that_fails_leaves_no_file() {
    let course = full_course();
    let dir = TestDir::new();
    fs::write(course.path("Cargo.lock"), "no lock file").unwrap();
    let output = course.command().arg("kit").arg(dir.path("kit")).assert().code(2).stdout("");
    assert_contains(&stderr_of(&output), &["cargo cannot read the kit", "Cargo.lock"]);
    assert_eq!(fs::read_dir(dir.path("")).unwrap().count(), 0);
}

#[test]
fn an_unclosed_staff_region_is_reported_with_file_and_line() {
    let course = full_course();
    let line = course.edit("src/log.rs", "use ", "// <staff>\nuse ");
    let dir = TestDir::new();
    let output = course.command().arg("kit").arg(dir.path("kit")).assert().code(2).stdout("");
    let location = format!("{LESSON}/src/log.rs:{line}: this staff region has no end");
    assert_contains(&stderr_of(&output), &[&location, "</staff>"]);
}

#[test]
fn a_lesson_without_a_solution_is_an_error() {
    let course = full_course();
    fs::remove_dir_all(course.path(LESSON).join("solution")).unwrap();
    let dir = TestDir::new();
    let output = course.command().arg("kit").arg(dir.path("kit")).assert().code(2).stdout("");
    assert_contains(&stderr_of(&output), &[LESSON, "no solution/ to derive a starter from"]);
}

#[test]
fn a_kit_of_two_lessons_has_only_these_and_compiles() {
    let week = StudentKit::new("week", &["--lesson", "w01-l01,w02-l01"]);
    let readme = fs::read_to_string(week.folder.join("README.md")).unwrap();
    assert_contains(
        &readme,
        &["cargo xtask prove w02-l01 ", "| [w01-l01](lessons/w01-l01-blocking-"],
    );
    for other in ["[w03-l02]", "prove w03-l02", "slots,reuse", "[tests](tests)"] {
        let commands = readme.split("```").enumerate().filter(|(_, it)| !it.starts_with("text"));
        assert!(!commands.into_iter().any(|(_, text)| text.contains(other)), "{other}");
    }
    week.assert_compiles();
}

#[test]
fn a_kit_includes_the_lessons_that_its_lessons_build_on() {
    let dir = TestDir::new();
    let output = command().arg("kit").arg(dir.path("kit")).args(["--lesson", "w04-l01"]).assert();
    let output = stdout_of(&output.code(0).stderr(is_empty()));
    assert_contains(
        &output,
        &["2 lessons", "w03-l02 is in the kit as well, because w04-l01 builds on it"],
    );
    let kit = files(&dir);
    assert!(kit.contains_key(Path::new("lessons/w03-l02-poll-tracker/src/table.rs")));
    assert!(kit.contains_key(Path::new("tests/misuse.rs")));
    assert!(!kit.keys().any(|path| path.starts_with("lessons/w09-l01-kv-store")));
    let readme = String::from_utf8_lossy(&kit[Path::new("README.md")]);
    assert!(readme.contains("prove w03-l02") && !readme.contains("[w09-l01]"), "{readme}");
}

#[test]
fn an_unknown_lesson_is_misuse() {
    let dir = TestDir::new();
    let refused = command().arg("kit").arg(dir.path("kit")).args(["--lesson", "w04-l10"]).assert();
    let refused = refused.code(2).stdout(is_empty());
    assert_contains(&stderr_of(&refused), &["lesson \"w04-l10\"", "did you mean w04-l01?"]);
    assert!(!dir.path("kit").exists());
}

#[test]
fn a_kit_has_the_students_commands_and_no_others() {
    let kit = files(&kit());
    let main = String::from_utf8_lossy(&kit[Path::new("xtask/src/main.rs")]).to_lowercase();
    let commands =
        ["starter", "mistakes", "check", "kit", "mutants", "bench", "grade", "gradescope"];
    let found = commands.iter().find(|command| main.contains(*command));
    assert_eq!(found, None, "{main}");
    let manifest = String::from_utf8_lossy(&kit[Path::new("Cargo.toml")]);
    assert!(!manifest.contains("exclude"), "{manifest}");
}

#[test]
fn the_help_describes_the_kit() {
    let output = stdout_of(&xtask(&["kit", "--help"]).code(0).stderr(is_empty()));
    assert_contains(
        &output,
        &["Usage: cargo xtask kit [OPTIONS] <OUT>", "--lesson", "no solutions", "Examples:"],
    );
}

/// A copy of the course with all files that a kit needs.
fn full_course() -> Course {
    let course = Course::new();
    fs::create_dir(course.path(".vscode")).unwrap();
    for name in [".gitignore", "LICENSE", "README.md", ".rustfmt.toml", ".vscode/tasks.json"] {
        fs::copy(course_root().join(name), course.path(name)).unwrap();
    }
    fs::create_dir(course.path(".cargo")).unwrap();
    fs::copy(course_root().join(".cargo/config.toml"), course.path(".cargo/config.toml")).unwrap();
    course
}
