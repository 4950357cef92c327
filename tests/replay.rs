//! `cargo xtask replay` and `cargo xtask timeline` check one criterion again, and show what the clients
//! did and which system calls the program made.

mod support;

use assert_cmd::Command;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;
use std::io::Write;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::Stdio;
use support::course::Course;
use support::processes::{
    assert_gone, free_port, is_server_running, marker, wait_for, with_marker,
};
use support::programs::{TestDir, command_line, servers};
use support::{TIMEOUT, TMPDIR, assert_contains, command, stderr_of, stdout_of};

/// The output of a command that ends with `status`.
fn output(arguments: &[&str], server: &Path, status: i32) -> String {
    let server = command_line([server]);
    let answer = command().args(arguments).args(["--cmd", &server]).assert().code(status);
    let lines = String::from_utf8_lossy(&answer.get_output().stdout).into_owned();
    // The command that repeats a failure may have a long path.
    let fits = |line: &str| line.chars().count() <= 80 || line.trim().starts_with("again:");
    assert!(lines.lines().all(fits), "{lines}");
    stdout_of(&answer)
}

#[test]
fn a_replay_shows_the_calls_of_a_right_server_step_by_step() {
    let dir = TestDir::new();
    let server = dir.compiled("free_list.c");
    let shown = output(&["replay", "w03-l02", "reuse"], &server, 0);
    assert_contains(
        &shown,
        &[
            "replay of reuse",
            "1 started with PORT=7000 MAX_CLIENTS=64",
            "listen(3, the listener) = 0",
            "2 A connected",
            "A connects",
            ", client A",
            "prints \"[ACCEPT] fd=",
            "closes its connection",
            "✓ reuse",
        ],
    );
    let all = output(&["replay", "w03-l02", "slots", "--strace"], &server, 0);
    assert_contains(&all, &["mmap("]);
}

#[test]
fn a_replay_of_a_wrong_server_ends_with_the_failure() {
    let dir = TestDir::new();
    let server = dir.compiled_with("faulty/tracker.c", "ENDS_ON_EINTR");
    let shown = output(&["replay", "w03-l02", "interrupted"], &server, 1);
    assert_contains(
        &shown,
        &["= EINTR", "program 2 ends: status 1", "✗ interrupted", "again: cargo"],
    );
    let drawn = output(&["timeline", "w03-l02", "interrupted"], &server, 1);
    assert_contains(&drawn, &["timeline of interrupted", "poll() = EINTR", "✗ The server ended"]);
}

#[test]
fn a_run_that_does_not_show_the_last_failure_is_no_proof() {
    let (course, dir) = (Course::new(), TestDir::new());
    let server = dir.path("server");
    let shown = |arguments: &[&str], status| {
        let mut command = course.command();
        command.args(arguments).arg("--cmd").arg(&server);
        stdout_of(&command.assert().code(status))
    };
    fs::copy("/bin/true", &server).unwrap();
    shown(&["prove", "w03-l02", "--only", "slots"], 1);
    // The right server is in place of one whose failure is not seen while it is traced.
    fs::copy(dir.compiled("free_list.c"), &server).unwrap();
    for command in ["replay", "timeline"] {
        let inconclusive = shown(&[command, "w03-l02", "slots"], 2);
        assert_contains(
            &inconclusive,
            &[
                "inconclusive: the last proof failed; this run, which is slowed by tracing,",
                "next: prove it again: cargo xtask prove w03-l02 --only slots",
            ],
        );
        assert!(!inconclusive.contains('✓'), "{inconclusive}");
    }
    shown(&["prove", "w03-l02", "--only", "slots"], 0);
    assert_contains(&shown(&["replay", "w03-l02", "slots"], 0), &["✓ slots"]);
    let refused = course.command().args(["timeline", "w03-l02"]).assert().code(2);
    let words = ["nothing has failed in the last proof of w03-l02; name a criterion, e.g. starts"];
    assert_contains(&stderr_of(&refused), &words);
}

#[test]
fn a_failure_is_shown_again_with_the_values_of_the_last_proof() {
    let course = Course::new();
    let shown = |arguments: &[&str]| {
        let mut command = course.command();
        stdout_of(&command.args(arguments).args(["--cmd", "true"]).assert().code(1))
    };
    let proved = shown(&["prove", "w03-l02", "--only", "config"]);
    let (_, seed) = proved.split_once(" --seed ").unwrap();
    let seed = seed.split(' ').next().unwrap();
    let (_, port) = proved.split_once("started with PORT=").unwrap();
    let port = port.split(' ').next().unwrap();
    let replayed = shown(&["replay", "w03-l02", "config"]);
    assert_contains(&replayed, &[&format!("PORT={port} "), &format!(" --seed {seed}")]);
    assert_contains(&shown(&["timeline", "w03-l02"]), &[&format!("PORT={port} ")]);
}

#[test]
fn ctrl_c_ends_a_replay_at_once_and_without_a_verdict() {
    let (dir, marker) = (TestDir::new(), marker());
    let server = format!("{} {marker}", command_line([&dir.compiled("linear_scan.c")]));
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.args(["replay", "w03-l02", "slots", "--step", "--cmd", &server]);
    command.env("SOCKPROOF_PROGRESS", "off").env("TMPDIR", TMPDIR).process_group(0);
    let mut replay = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = replay.stdin.take().unwrap();
    stdin.write_all(b"\n").unwrap();
    wait_for("the server runs", || is_server_running(&marker));
    kill(Pid::from_raw(-(replay.id() as i32)), Signal::SIGINT).unwrap();
    let output = replay.wait_with_output().unwrap();
    let shown = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(130), "{shown}");
    assert!(shown.contains("replay of slots") && !shown.contains('✓'), "{shown}");
    assert_gone(&marker);
}

#[test]
fn child_processes_have_columns_of_their_own() {
    let dir = TestDir::new();
    let server = dir.compiled("fork/double_fork.c");
    let shown = output(&["timeline", "w02-l01", "flips"], &server, 0);
    assert_contains(&shown, &["program", "child 1", "✓"]);
}

#[test]
fn a_drawing_is_an_svg_image_of_its_own() {
    let dir = TestDir::new();
    let (server, file) = (dir.compiled("free_list.c"), dir.path("slots.svg"));
    output(&["timeline", "w03-l02", "slots", "--svg", file.to_str().unwrap()], &server, 0);
    let svg = fs::read_to_string(file).unwrap();
    assert_contains(&svg, &["<svg xmlns=", "accept", "[ACCEPT] fd=", "</svg>"]);
    assert!(!svg.contains("href="), "{svg}");
}

#[test]
fn some_steps_alone_are_drawn() {
    let dir = TestDir::new();
    let server = dir.compiled("free_list.c");
    let shown = output(&["timeline", "w03-l02", "reuse", "--steps", "3-4"], &server, 0);
    assert_contains(&shown, &["── 3. A left (FIN)", "── 4. B connected"]);
    assert!(!shown.contains("2. A connected") && !shown.contains("5. "), "{shown}");
    let command = command_line([&server]);
    let too_many = ["timeline", "w03-l02", "reuse", "--steps", "900-", "--cmd", &command];
    assert_contains(&misuse(&too_many), &["reuse has no step 900; it has "]);
}

#[test]
fn the_script_does_the_same_without_the_course() {
    let dir = TestDir::new();
    let (server, file) = (dir.compiled("fork/double_fork.c"), dir.path("flips.sh"));
    output(
        &["replay", "w02-l01", "flips", "--script", "--out", file.to_str().unwrap()],
        &server,
        0,
    );
    on_a_free_port(&file);
    let answer = Command::new("sh").arg(&file).arg(&server).assert().code(0);
    let shown = stdout_of(&answer);
    assert_contains(&shown, &["== A connected", "A connects", "B receives b'", "== the end"]);
    assert!(!shown.contains("in the recording"), "{shown}");
    let without = Command::new("sh").arg(&file).assert().code(1);
    let example = format!("example: sh {} {}", file.display(), server.display());
    assert_contains(&stderr_of(&without), &["usage: sh", &example]);
    let wrong = Command::new("sh").arg(&file).arg("/no/such/server").assert().code(1);
    assert_eq!(stderr_of(&wrong), "cannot start /no/such/server: No such file or directory");
}

/// The port of the lesson may be in use on this machine: the script uses another one.
fn on_a_free_port(script: &Path) {
    let (text, port) = (fs::read_to_string(script).unwrap(), free_port());
    fs::write(script, text.replace("PORT=1205", &format!("PORT={port}"))).unwrap();
}

#[test]
fn a_script_that_ends_early_ends_its_server() {
    let dir = TestDir::new();
    let (server, file) = (dir.compiled("fork/double_fork.c"), dir.path("flips.sh"));
    let out = file.to_str().unwrap();
    output(&["replay", "w02-l01", "flips", "--script", "--out", out], &server, 0);
    on_a_free_port(&file);
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("\nfinish()\n", "\nsignal.pause()\n")).unwrap();

    let interrupted = marker();
    // A program that a shell starts in the background ignores SIGINT, and so do its children (signal(7)).
    let mut script = std::process::Command::new("env");
    script
        .args(["--default-signal=INT", "sh"])
        .args([&file, &server])
        .arg(&interrupted)
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let script = script.spawn().unwrap();
    let command = server.to_str().unwrap();
    let is_server = |line: &String| line.starts_with(command);
    wait_for("the server runs", || with_marker(&interrupted).iter().any(is_server));
    kill(Pid::from_raw(script.id() as i32), Signal::SIGINT).unwrap();
    let ended = script.wait_with_output().unwrap();
    assert_eq!(ended.status.signal(), Some(Signal::SIGINT as i32));
    assert_eq!(String::from_utf8_lossy(&ended.stderr), "interrupted\n");
    assert_gone(&interrupted);

    let unread = marker();
    let line = format!("sh {out} {} {unread} | head -n 1", server.display());
    let shell = Command::new("sh").args(["-c", &line]).timeout(TIMEOUT).assert().code(0);
    assert_eq!(stderr_of(&shell), "");
    assert_gone(&unread);
}

#[test]
fn a_replay_of_a_client_shows_its_connections() {
    let dir = TestDir::new();
    let client = dir.compiled("client/nonblocking.c");
    let shown = output(&["replay", "w01-l02", "exchange"], &client, 0);
    assert_contains(&shown, &["connect(3", "program", "receives \""]);
    let command = command_line([&client]);
    let arguments = ["replay", "w01-l02", "exchange", "--script", "--cmd", &command];
    let answer = misuse(&arguments);
    assert_contains(&answer, &["--script is for servers"]);
}

/// The message of a command that is misused.
fn misuse(arguments: &[&str]) -> String {
    stderr_of(&command().args(arguments).assert().code(2))
}

#[test]
fn enter_goes_on_and_an_empty_input_too() {
    let dir = TestDir::new();
    let server = command_line([&dir.compiled("free_list.c")]);
    let arguments = ["replay", "w03-l02", "slots", "--step", "--cmd", &server];
    for input in ["\n\n", ""] {
        let answer = command().args(arguments).write_stdin(input).assert().code(0);
        assert_contains(&stdout_of(&answer), &["✓ slots"]);
    }
}

#[test]
fn misuse_is_explained() {
    let server = command_line([&servers().join("no-such-server")]);
    for (arguments, words) in [
        (vec!["replay", "w03-l02", "reus"], "did you mean reuse?"),
        (vec!["replay", "w3-l02", "reuse"], "is not in this course"),
        (vec!["timeline", "w03-l02", "slots", "--cmd", &server], "cannot run"),
        (vec!["replay", "w03-l02", "slots", "--gdb", "1"], "--gdb"),
    ] {
        assert_contains(&misuse(&arguments), &[words]);
    }
}
