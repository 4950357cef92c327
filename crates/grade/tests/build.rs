//! Builds submissions, and some of them are hostile.

mod archives;

use archives::folder;
use course::catalogue::Course;
use grade::build::{Builder, Built};
use grade::conditions::{Conditions, DEFAULT_BUDGET};
use grade::intake::{self, Project};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;
use tempfile::TempDir;
use witness::IsolationLevel;

static COURSE: LazyLock<Course> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    Course::open(root.canonicalize().unwrap()).unwrap()
});

/// A builder with its own temporary folder.
struct TestBuilder {
    home: TempDir,
    builder: Builder<'static>,
}

impl TestBuilder {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let builder = open(home.path());
        Self { home, builder }
    }

    fn build(&self, lesson: &str, files: &[(&str, &str)]) -> Built {
        self.builder.build(lesson, &self.project(lesson, files)).unwrap()
    }

    fn project(&self, lesson: &str, files: &[(&str, &str)]) -> Project {
        let handed = tempfile::tempdir_in(self.home.path()).unwrap();
        folder(handed.path(), files);
        let handed = intake::source_at(handed.path()).unwrap();
        let content = intake::read(&handed, &COURSE, &[lesson.to_owned()]).unwrap();
        content.projects[lesson].clone()
    }

    /// Builds a submission that must fail to build, and returns the message. The message must not
    /// contain the path of the course's folder, except in a text that the submission itself quotes.
    fn build_error(&self, lesson: &str, files: &[(&str, &str)]) -> String {
        let message = self.build(lesson, files).result.expect_err("the build must fail");
        let repository = COURSE.root().to_str().unwrap();
        let quoted = files.iter().flat_map(|(_, text)| text.split('"').skip(1).step_by(2));
        let unquoted = quoted.fold(message.clone(), |text, quote| text.replace(quote, ""));
        assert!(!message.contains('\x1b') && !unquoted.contains(repository), "{message}");
        assert!(message.len() < 40_000, "{}", message.len());
        message
    }
}

fn conditions(hidden: Vec<PathBuf>) -> Conditions {
    let budget = Duration::from_secs(DEFAULT_BUDGET.into());
    Conditions { isolation: IsolationLevel::here(), hidden, budget }
}

fn open(folder: &Path) -> Builder<'static> {
    Builder::open(&COURSE, folder, &conditions(Vec::new())).unwrap()
}

/// The files of a lesson's solution, with the paths that the files have in a submission.
fn solution(lesson: &str) -> Vec<(String, String)> {
    let lesson = COURSE.lesson(lesson).unwrap();
    let home = COURSE.root().join(lesson.folder()).join("solution");
    let file = |entry: fs::DirEntry| {
        let name = entry.file_name().into_string().unwrap();
        (format!("src/{name}"), fs::read_to_string(entry.path()).unwrap())
    };
    fs::read_dir(home).unwrap().map(|entry| file(entry.unwrap())).collect()
}

fn borrowed(files: &[(String, String)]) -> Vec<(&str, &str)> {
    files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect()
}

/// The files of several lessons, each lesson in its folder of a workspace.
fn workspace(lessons: &[(&str, Vec<(String, String)>)]) -> Vec<(String, String)> {
    let inside = |(lesson, files): &(&str, Vec<(String, String)>)| {
        let place = |(path, text): &(String, String)| (format!("{lesson}/{path}"), text.clone());
        files.iter().map(place).collect::<Vec<_>>()
    };
    lessons.iter().flat_map(inside).collect()
}

#[test]
fn every_solution_is_built() {
    let lessons: Vec<_> = COURSE.lessons().iter().map(|lesson| lesson.id.as_str()).collect();
    let builder = TestBuilder::new();
    for lesson in lessons {
        let built = builder.build(lesson, &borrowed(&solution(lesson)));
        assert!(built.was_needed && built.elapsed > Duration::ZERO);
        let program = built.result.unwrap();
        let file = PathBuf::from(&program.command[0]);
        assert!(file.starts_with(builder.home.path()) && file.starts_with(&program.visible[0]));
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o755);
        assert_eq!(&fs::read(file).unwrap()[..4], b"\x7fELF");
    }
}

#[test]
fn the_same_content_is_built_once() {
    let builder = TestBuilder::new();
    let project = builder.project("w01-l01", &borrowed(&solution("w01-l01")));
    let times: Vec<_> = std::thread::scope(|scope| {
        let build = || builder.builder.build("w01-l01", &project).unwrap();
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(build)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap().elapsed).collect()
    });
    assert_eq!(times.iter().filter(|time| **time > Duration::ZERO).count(), 1, "{times:?}");

    let later = open(builder.home.path());
    let again = later.build("w01-l01", &project).unwrap();
    assert!(again.elapsed.is_zero() && again.was_needed && again.result.is_ok());
}

#[test]
fn a_failed_build_is_cached_with_its_message() {
    let builder = TestBuilder::new();
    let wrong = [("src/server.rs", "fn main( {")];
    let message = builder.build_error("w01-l01", &wrong);
    assert!(message.contains("--> src/server.rs:1:"), "{message}");
    assert!(message.ends_with("the build ended with exit status 1"), "{message}");
    let again = builder.build("w01-l01", &wrong);
    assert!(again.elapsed.is_zero());
    assert_eq!(again.result.unwrap_err(), message);
}

#[test]
fn sources_cannot_read_files_of_this_machine() {
    let builder = TestBuilder::new();
    let secret = builder.home.path().join("secret");
    fs::write(&secret, "1").unwrap();
    let (secret, root) = (secret.display(), COURSE.root().display());
    let answer = "lessons/w03-l02-poll-tracker/solution/server.rs";
    let attacks = [
        ("include!(\"../solution/server.rs\");".to_owned(), "couldn't read"),
        (format!("include!(\"{root}/{answer}\");"), "couldn't read"),
        (format!("#[path = \"{root}/{answer}\"] mod answer;"), "couldn't read"),
        ("#[path = \"../solution/server.rs\"] mod answer;".to_owned(), "couldn't read"),
        (format!("const X: &str = include_str!(\"{secret}\");"), "couldn't read"),
        ("const X: &str = include_str!(\"/etc/shadow\");".to_owned(), "couldn't read"),
        ("const X: &str = env!(\"CARGO\");".to_owned(), "not defined at compile time"),
        ("const X: &[u8] = include_bytes!(\"/dev/zero\");".to_owned(), "memory"),
        ("extern crate smuggled;".to_owned(), "can't find crate"),
        ("#![feature(proc_macro_hygiene)]".to_owned(), "error"),
    ];
    for (attack, why) in attacks {
        let message = builder.build_error("w03-l02", &[("src/server.rs", &attack)]);
        assert!(message.contains(why), "{attack}: {message}");
    }
}

#[test]
fn the_sandbox_has_its_own_passwd_file() {
    let builder = TestBuilder::new();
    let mut files = solution("w01-l01");
    let check = "const _: () = assert!(include_str!(\"/etc/passwd\").len() < 100);";
    files[0].1.push_str(check);
    builder.build("w01-l01", &borrowed(&files)).result.unwrap();
}

#[test]
fn build_scripts_and_manifests_of_a_submission_are_ignored() {
    let builder = TestBuilder::new();
    let mut files = solution("w01-l01");
    for (path, text) in [
        ("build.rs", "fn main() { panic!() }"),
        ("Cargo.toml", "[package]\nname = \"x\"\n[lib]\nproc-macro = true\n"),
        (".cargo/config.toml", "[build]\nrustc = \"/bin/false\"\n"),
        ("src/build.rs", "fn main() { panic!() }"),
    ] {
        files.push((path.to_owned(), text.to_owned()));
    }
    builder.build("w01-l01", &borrowed(&files)).result.unwrap();
}

#[test]
fn a_crate_builds_on_the_earlier_lessons_that_were_handed_in() {
    let builder = TestBuilder::new();
    let poll = ("w03-l02-poll-tracker", solution("w03-l02"));
    let epoll = ("w04-l01-epoll-tracker", solution("w04-l01"));
    let store = ("w09-l01-kv-store", solution("w09-l01"));
    for (lesson, handed) in [
        ("w04-l01", vec![epoll.clone()]),
        ("w04-l01", vec![poll.clone(), epoll.clone()]),
        ("w09-l01", vec![poll.clone(), store.clone()]),
        ("w09-l01", vec![epoll.clone(), store.clone()]),
        ("w09-l01", vec![poll, epoll.clone(), store]),
    ] {
        let built = builder.build(lesson, &borrowed(&workspace(&handed)));
        built.result.unwrap_or_else(|message| panic!("{lesson} on {}: {message}", handed.len()));
    }
    let broken = ("w03-l02-poll-tracker", vec![("src/table.rs".to_owned(), "oops".to_owned())]);
    let message = builder.build_error("w04-l01", &borrowed(&workspace(&[broken, epoll])));
    assert!(message.contains("lessons/w03-l02-poll-tracker/src/table.rs:1:"), "{message}");
}

#[test]
fn a_module_may_become_a_folder() {
    let builder = TestBuilder::new();
    let mut files = solution("w01-l01");
    for (path, _) in files.iter_mut().filter(|(path, _)| path == "src/echo.rs") {
        *path = "src/echo/mod.rs".to_owned();
    }
    builder.build("w01-l01", &borrowed(&files)).result.unwrap();
}

const C: &str = "#include <stdio.h>\nint main(void) { puts(\"hello\"); }\n";

#[test]
fn a_program_is_built_by_its_makefile_script_or_manifest() {
    let builder = TestBuilder::new();
    let made = [("server.c", C), ("Makefile", "server: server.c\n\tcc -o server server.c\n")];
    let script = [("a b.c", C), ("build.sh", "cc -o server 'a b.c'\n")];
    let named = [
        ("x.c", C),
        (
            "submission.toml",
            "build = \"cc x.c -o 'my server'\"\nrun = \"'./my server' a\"\nport = 9\n",
        ),
    ];
    for files in [&made, &script, &named] {
        let built = builder.build("w03-l02", files);
        assert!(built.was_needed);
        let program = built.result.unwrap();
        let file = program.directory.join(&program.command[0]);
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o755);
        assert_eq!(program.visible, [program.directory]);
    }
    assert_eq!(builder.build("w03-l02", &named).result.unwrap().port, Some(9));
}

#[test]
fn a_script_needs_no_build() {
    let builder = TestBuilder::new();
    let built = builder.build("w03-l02", &[("server.py", "print()"), ("lib/x.py", "")]);
    assert!(!built.was_needed && built.elapsed.is_zero());
    let program = built.result.unwrap();
    assert_eq!(program.command, ["python3", "server.py"]);
    assert!(program.directory.join("lib/x.py").is_file());

    let bare = [("server.pl", "#!/usr/bin/perl\n"), ("submission.toml", "run = \"./server.pl\"")];
    let program = builder.build("w03-l02", &bare).result.unwrap();
    let mode = program.directory.join("server.pl").metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o755);
}

#[test]
fn a_build_without_a_program_says_why() {
    let builder = TestBuilder::new();
    let table = BTreeMap::from([
        ("true", "the build left no file ./server"),
        ("ln -s /bin/sh server", "the build left ./server as a symbolic link"),
        ("mkfifo server", "the build left ./server, which is not a regular file"),
        ("mkdir server", "the build left ./server, which is not a regular file"),
        ("touch server; head -c 70M /dev/zero >x", "the build left more than 64 MiB"),
        ("touch server; head -c 300M /dev/zero >x", "No space left on device"),
        ("echo oops; exit 3", "oops\nthe build ended with exit status 3"),
        ("yes", "the build printed more than 1 MiB"),
        ("kill -9 $$", "the build was killed by SIGKILL"),
        ("touch server; i=0; while : >f$i; do i=$((i+1)); done", "No space left on device"),
    ]);
    for (line, why) in table {
        let message = builder.build_error("w03-l02", &[("build.sh", line)]);
        assert!(message.contains(why), "{line}: {message}");
    }
    let none = [("submission.toml", "run = \"./server\"")];
    assert!(builder.build_error("w03-l02", &none).contains("there is no file ./server to run"));
    let outside = [("submission.toml", "run = \"../../bin/sh\"")];
    assert!(builder.build_error("w03-l02", &outside).contains("is not in the submission"));
}

#[test]
fn a_daemon_that_keeps_the_output_open_does_not_delay_the_build() {
    let builder = TestBuilder::new();
    let built =
        builder.build("w03-l02", &[("build.sh", "cp build.sh server; sleep 1000 & exit 0")]);
    assert!(built.elapsed < Duration::from_secs(60), "{:?}", built.elapsed);
    built.result.unwrap();
}

#[test]
fn an_incomplete_cache_entry_is_built_again() {
    let builder = TestBuilder::new();
    let files = [("build.sh", "cp build.sh server")];
    let program = builder.build("w03-l02", &files).result.unwrap();
    fs::remove_dir_all(&program.directory).unwrap();
    let again = builder.build("w03-l02", &files);
    assert!(again.elapsed > Duration::ZERO);
    assert!(again.result.unwrap().directory.join("server").is_file());
    fs::remove_file(program.directory.with_extension("json")).unwrap();
    assert!(builder.build("w03-l02", &files).result.is_ok());
    let unfinished = fs::read_dir(builder.home.path().join("built"))
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().starts_with('.'));
    assert_eq!(unfinished.count(), 0);
}
