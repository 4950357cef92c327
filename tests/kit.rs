//! `cargo xtask kit`: what students get builds, proves and tests by itself, and answers nothing.

mod support;

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use predicates::str::is_empty;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use support::course::{Course, LESSON, original};
use support::programs::Bench;
use support::{TMPDIR, assert_says, command, complained, said, tamed, xtask};
use xtask::place;

#[test]
fn students_begin_in_it_and_finish_in_it() {
    let kit = Students::new();
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
    let answers = answers();
    assert!(answers.len() > 100, "{answers:?}");
    for (path, text) in files(&kit()) {
        for (line, number) in String::from_utf8_lossy(&text).lines().zip(1..) {
            if let Some(solution) = answers.get(&words(line)) {
                panic!("{}:{number}: {line:?} is an answer of {solution}", path.display());
            }
        }
    }
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
fn the_help_says_what_is_in_it() {
    let told = said(&xtask(&["kit", "--help"]).code(0).stderr(is_empty()));
    assert_says(&told, &["Usage: cargo xtask kit <OUT>", "no solutions", "Examples:"]);
}

/// A kit in which students work.
struct Students {
    folder: PathBuf,
}

impl Students {
    /// In a place that stays the same, for cargo names what it builds by it.
    fn new() -> Self {
        let folder = Path::new(TMPDIR).join("kit");
        if folder.exists() {
            fs::remove_dir_all(&folder).unwrap();
        }
        command().arg("kit").arg(&folder).assert().code(0).stderr(is_empty());
        Self { folder }
    }

    /// Fails unless `cargo test`, without the network, compiles without a warning and is green.
    #[track_caller]
    fn tests_are_green(&self, flags: &[&str]) {
        let mut cargo = tamed(Command::new(env!("CARGO")));
        // What the course has compiled of others' packages is not compiled again (from Cargo 1.91).
        cargo.env("CARGO_BUILD_BUILD_DIR", place::target());
        cargo.env("CARGO_TARGET_DIR", self.target()).current_dir(&self.folder);
        let tested = cargo.args(["test", "--locked", "--offline"]).args(flags).assert().success();
        let told = complained(&tested);
        assert!(!told.contains("warning"), "{told}");
    }

    fn proves(&self, lessons: &[&str]) -> Assert {
        let mut xtask = tamed(Command::new(self.target().join("debug/xtask")));
        xtask.env("CARGO_MANIFEST_DIR", self.folder.join("xtask"));
        xtask.env("CARGO_TARGET_DIR", self.target()).current_dir(&self.folder);
        xtask.arg("prove").args(lessons).assert()
    }

    /// Does every task, as the solutions do.
    fn finish(&self) {
        for solution in solutions() {
            let lesson = solution.ancestors().nth(2).unwrap().file_name().unwrap();
            let own = self.folder.join("lessons").join(lesson).join("src");
            fs::copy(&solution, own.join(solution.file_name().unwrap())).unwrap();
        }
    }

    fn target(&self) -> PathBuf {
        place::target().join("kit")
    }
}

/// A fresh kit.
fn kit() -> Bench {
    let bench = Bench::new();
    command().arg("kit").arg(bench.path("kit")).assert().code(0).stderr(is_empty());
    bench
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

/// Every file of a kit, by its path in it.
fn files(bench: &Bench) -> BTreeMap<PathBuf, Vec<u8>> {
    let kit = bench.path("kit");
    let mut files = BTreeMap::new();
    let mut folders = vec![kit.clone()];
    while let Some(folder) = folders.pop() {
        for path in entries(&folder) {
            if path.is_dir() {
                folders.push(path);
            } else {
                let bytes = fs::read(&path).unwrap();
                files.insert(path.strip_prefix(&kit).unwrap().to_owned(), bytes);
            }
        }
    }
    files
}

/// The lines that students are to write and that tell something, each with where it stands; not
/// those that other lessons, or other parts of a lesson, give them.
fn answers() -> BTreeMap<String, String> {
    let (mut answers, mut given) = (BTreeMap::new(), BTreeSet::new());
    for path in solutions() {
        let mut within = false;
        for (line, number) in fs::read_to_string(&path).unwrap().lines().zip(1..) {
            match (words(line), within) {
                (mark, _) if mark.starts_with("// <task ") => within = true,
                (mark, _) if mark == "// </task>" => within = false,
                (line, true) if line.len() > IDIOM => {
                    answers.insert(line, format!("{}:{number}", path.display()));
                }
                (line, _) => drop(given.insert(line)),
            }
        }
    }
    for path in sources("src").into_iter().filter(|path| !twin(path).exists()) {
        given.extend(fs::read_to_string(path).unwrap().lines().map(words));
    }
    answers.retain(|line, _| !given.contains(line));
    answers
}

/// The longest line, in characters, that anybody may have written: `while !bytes.is_empty() {`
const IDIOM: usize = 25;

/// A line whose spaces are no matter.
fn words(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn solutions() -> Vec<PathBuf> {
    sources("solution")
}

/// The files of `src/` or `solution/` of all lessons.
fn sources(folder: &str) -> Vec<PathBuf> {
    let lessons = entries(&original().join("lessons")).into_iter();
    lessons.flat_map(|lesson| entries(&lesson.join(folder))).collect()
}

/// The solution of a file in `src/`, if it has one.
fn twin(path: &Path) -> PathBuf {
    let lesson = path.ancestors().nth(2).unwrap();
    lesson.join("solution").join(path.file_name().unwrap())
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}
