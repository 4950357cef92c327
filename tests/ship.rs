//! `cargo xtask ship`: a student hands in what is finished, and learns what is not.

mod support;

use predicates::str::{contains, is_empty};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use support::course::{Course, LESSON};
use support::{assert_contains, stderr_of, stdout_of};
use tempfile::tempdir;

/// The names of the files in an archive, sorted.
fn names_in(archive: &Path) -> Vec<String> {
    let listed = Command::new("tar").arg("-tzf").arg(archive).output().unwrap();
    assert!(listed.status.success(), "{listed:?}");
    let mut names: Vec<_> =
        String::from_utf8(listed.stdout).unwrap().lines().map(str::to_owned).collect();
    names.sort();
    names
}

/// The name of the lesson's folder.
fn package() -> &'static str {
    LESSON.trim_start_matches("lessons/")
}

#[test]
fn a_finished_lesson_is_written_to_an_archive() {
    let (course, out) = (Course::with_solution(), tempdir().unwrap());
    let ship = || {
        let mut command = course.command();
        command.args(["ship", "w03-l02", "--name", "Ada Lovelace", "--out"]).arg(out.path());
        command.assert()
    };
    let shipped = ship().code(0).stderr(is_empty());
    assert_contains(&stdout_of(&shipped), &["w03-l02-ada-lovelace.tar.gz", "src/server.rs"]);
    let archive = out.path().join("w03-l02-ada-lovelace.tar.gz");
    let names = names_in(&archive);
    assert!(names.contains(&"w03-l02-poll-tracker/src/table.rs".to_owned()), "{names:?}");
    assert!(names.iter().all(|name| name.ends_with(".rs")), "{names:?}");

    // The same files give the same archive again.
    let bytes = fs::read(&archive).unwrap();
    ship().code(0);
    assert_eq!(fs::read(&archive).unwrap(), bytes);
}

#[test]
fn a_lesson_with_a_task_left_is_written_only_on_request() {
    let (course, out) = (Course::new(), tempdir().unwrap());
    let ship = |flags: &[&str]| {
        let mut command = course.command();
        command.args(["ship", "w03-l02", "--name", "ada", "--out"]).arg(out.path()).args(flags);
        command.assert()
    };
    let refused = ship(&[]).code(2).stdout(is_empty());
    assert_contains(&stderr_of(&refused), &["src/connection.rs:", "--unfinished"]);
    assert_eq!(fs::read_dir(out.path()).unwrap().count(), 0);
    ship(&["--unfinished"]).code(0).stderr(contains("note: w03-l02"));
    assert_eq!(fs::read_dir(out.path()).unwrap().count(), 1);
}

#[test]
fn a_lesson_that_does_not_compile_is_not_written() {
    let (course, out) = (Course::with_solution(), tempdir().unwrap());
    course.edit("src/server.rs", "use ", "use nothing::Here; use ");
    let mut command = course.command();
    command.args(["ship", "w03-l02", "--name", "ada", "--out"]).arg(out.path());
    let refused = command.assert().code(2).stdout(is_empty());
    assert_contains(&stderr_of(&refused), &["src/server.rs:", "w03-l02 does not compile"]);
    assert_eq!(fs::read_dir(out.path()).unwrap().count(), 0);
}

#[test]
fn a_program_in_another_language_counts_in_place_of_the_crate() {
    let (course, out) = (Course::new(), tempdir().unwrap());
    let lesson = course.path(LESSON);
    fs::write(lesson.join("server.py"), "print(1)\n").unwrap();
    fs::write(lesson.join("start"), "#!/bin/sh\n").unwrap();
    fs::set_permissions(lesson.join("start"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::copy("/bin/true", lesson.join("compiled")).unwrap();
    let manifest = lesson.join("submission.toml");
    fs::write(&manifest, "run = \"python3 server.py\"\nbuild = \"test -e server.py\"\n").unwrap();
    let ship = || {
        let mut command = course.command();
        command.args(["ship", "w03-l02", "--name", "ada", "--out"]).arg(out.path());
        command.assert()
    };
    ship().code(0).stderr(is_empty());
    let names = names_in(&out.path().join("w03-l02-ada.tar.gz"));
    let own = ["server.py", "start", "submission.toml"];
    assert_eq!(names, own.map(|name| format!("{}/{name}", package())));

    fs::write(&manifest, "build = \"exit 3\"\n").unwrap();
    let refused = ship().code(2);
    assert_contains(&stderr_of(&refused), &["`exit 3` has failed", "--unfinished"]);
    fs::write(&manifest, "build = 3\n").unwrap();
    assert_contains(&stderr_of(&ship().code(2)), &["submission.toml", "not a text in quotes"]);
    fs::write(&manifest, "build = \n").unwrap();
    assert_contains(&stderr_of(&ship().code(2)), &["submission.toml", "line 1"]);
}

#[test]
fn a_program_of_one_file_is_known_by_its_name() {
    let (course, out) = (Course::new(), tempdir().unwrap());
    let lesson = course.path(LESSON);
    let ship = || {
        let mut command = course.command();
        command.args(["ship", "w03-l02", "--name", "ada", "--out"]).arg(out.path());
        command.assert()
    };
    // Of a file with another name, nobody knows how it is run.
    fs::write(lesson.join("tracker.go"), "package main\n").unwrap();
    assert_contains(&stderr_of(&ship().code(2)), &["tracker.go", "submission.toml"]);
    fs::remove_file(lesson.join("tracker.go")).unwrap();

    fs::write(lesson.join("server.c"), "int main(void) { return 0; }\n").unwrap();
    ship().code(0).stderr(is_empty());
    assert_eq!(
        names_in(&out.path().join("w03-l02-ada.tar.gz")),
        [format!("{}/server.c", package())]
    );
}

/// The folder of the lesson about clients.
const CLIENT_LESSON: &str = "lessons/w01-l02-stream-client";

#[test]
fn a_client_in_another_language_is_handed_in_with_its_commands() {
    let (course, out) = (Course::new(), tempdir().unwrap());
    let lesson = course.path(CLIENT_LESSON);
    let ship = || {
        let mut command = course.command();
        command.args(["ship", "w01-l02", "--name", "ada", "--out"]).arg(out.path());
        command.assert()
    };
    fs::write(lesson.join("client.c"), "int main(void) { return 0; }\n").unwrap();
    let complete = "build = \"cc -O2 -o client client.c\" run = \"./client\"";
    let refused = stderr_of(&ship().code(2).stdout(is_empty()));
    assert_contains(&refused, &["client.c is not part", "a client in another", complete]);
    assert!(!refused.contains("server"), "{refused}");

    let manifest = lesson.join("submission.toml");
    for (text, words) in [
        ("cmd = \"./client\"\n", &["there is no key cmd", "build, run, "][..]),
        ("run = \"./client\"\n", &["nothing makes ./client", "To hand in what you have"]),
        ("build = \"true\"\nrun = \"./client\"\n", &["nothing makes ./client"]),
        ("build = \"cc -o client client.c\"\n", &["nothing makes ./server"]),
    ] {
        fs::write(&manifest, text).unwrap();
        // A program that the student has built is not handed in.
        fs::copy("/bin/true", lesson.join("client")).unwrap();
        let refused = stderr_of(&ship().code(2).stdout(is_empty()));
        assert_contains(&refused, &[words, &[complete]].concat());
        fs::remove_file(lesson.join("client")).unwrap();
    }

    let both = "build = \"cc -O2 -o client client.c\"\nrun = \"./client\"\n";
    fs::write(&manifest, both).unwrap();
    assert_contains(&stdout_of(&ship().code(0).stderr(is_empty())), &["./client", "client.c"]);
    // An archive in the lesson's folder is no part of the next one.
    let mut here = course.command();
    here.current_dir(&lesson).args(["ship", "--name", "ada"]).assert().code(0);
    assert!(lesson.join("w01-l02-ada.tar.gz").is_file());
    assert!(!stdout_of(&ship().code(0)).contains("stream-client/w01-l02-ada.tar.gz"));
    assert!(!lesson.join("client").exists(), "what ship has built is not left in the folder");
    let names = names_in(&out.path().join("w01-l02-ada.tar.gz"));
    let folder = CLIENT_LESSON.trim_start_matches("lessons/");
    assert_eq!(names, ["client.c", "submission.toml"].map(|name| format!("{folder}/{name}")));
}

#[test]
fn of_two_finished_programs_it_is_said_which_is_handed_in() {
    let (course, out) = (Course::with_solution(), tempdir().unwrap());
    let lesson = course.path(LESSON);
    let ship = || {
        let mut command = course.command();
        command.args(["ship", "w03-l02", "--name", "ada", "--out"]).arg(out.path());
        command.assert().code(0)
    };
    fs::write(lesson.join("tracker.go"), "package main\n").unwrap();
    let shipped = ship();
    let words = ["the lesson's crate is handed in, and", "tracker.go is not", "submission.toml"];
    assert_contains(&stderr_of(&shipped), &words);
    assert_contains(&stderr_of(&shipped), &["build = \"go build -o server tracker.go\""]);
    assert_contains(&stdout_of(&shipped), &["the lesson's crate", "src/table.rs"]);
    fs::remove_file(lesson.join("tracker.go")).unwrap();

    fs::write(lesson.join("server.c"), "int main(void) { return 0; }\n").unwrap();
    let shipped = ship();
    let words = ["the lesson's crate is not handed in", "take server.c out of the folder"];
    assert_contains(&stderr_of(&shipped), &words);
    assert_contains(&stdout_of(&shipped), &["./server", "server.c"]);
    assert!(!lesson.join("server").exists());
}

#[test]
fn a_last_proof_that_is_not_yet_and_an_archive_that_is_replaced_are_named() {
    let (course, out) = (Course::new(), tempdir().unwrap());
    fs::write(course.path(LESSON).join("server.py"), "print(1)\n").unwrap();
    fs::write(course.path(LESSON).join("submission.toml"), "run = \"python3 server.py\"\n")
        .unwrap();
    let ship = || {
        let mut command = course.command();
        command.args(["ship", "w03-l02", "--name", "ada", "--out"]).arg(out.path());
        command.assert().code(0)
    };
    assert!(!stdout_of(&ship().stderr(is_empty())).contains("replaces"));
    let mut prove = course.command();
    prove.args(["prove", "w03-l02", "--only", "starts", "--cmd", "true"]).assert().code(1);
    let shipped = ship();
    let words = ["note: the last proof of w03-l02 was \"not yet\": 0 of 1, just now"];
    assert_contains(&stderr_of(&shipped), &words);
    assert_contains(&stdout_of(&shipped), &["1 KiB · replaces an earlier archive"]);
}

#[test]
fn the_help_has_a_complete_example_for_each_kind_of_program() {
    let course = Course::new();
    let help = stdout_of(&course.command().args(["ship", "--help"]).assert().code(0));
    assert_contains(
        &help,
        &[
            "build = \"cc -O2 -o client client.c\" run = \"./client\"",
            "run = \"python3 server.py\"",
        ],
    );
}

#[test]
fn a_mistyped_argument_gets_the_next_step() {
    let course = Course::new();
    let error = |arguments: &[&str]| {
        let mut command = course.command();
        stderr_of(&command.arg("ship").args(arguments).assert().code(2).stdout(is_empty()))
    };
    assert_contains(&error(&["w3-l2"]), &["did you mean w03-l02"]);
    assert_contains(&error(&["w03-l02", "--name", "--"]), &["--name"]);
    assert_contains(&error(&["w03-l02", "--name", "."]), &["ada-lovelace"]);
    assert_contains(&error(&["w03-l02", "--out", "/nowhere"]), &["/nowhere", "make it first"]);
}
