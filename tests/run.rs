//! `cargo xtask run` starts a server on this machine's network, shows its log, and ends it together
//! with everything that it has started.

mod support;

use assert_cmd::Command as Xtask;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use support::processes::{assert_gone, free_port, marker, wait_for};
use support::programs::{TestDir, command_line, servers};
use support::{assert_contains, hermetic, stderr_of, stdout_of};

/// A server that runs until a test ends it.
struct Running {
    child: Child,
    lines: BufReader<std::process::ChildStdout>,
    marker: String,
}

impl Running {
    /// Starts `cargo xtask run`, as the leader of a process group, and reads its output until a line
    /// contains `words`.
    fn until(program: &str, port: u16, words: &str) -> Self {
        let marker = marker();
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.args(["run", "w02-l01", "--cmd", &format!("{program} {marker}")]);
        command.args(["--port", &port.to_string()]).process_group(0).stdin(Stdio::null());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        let mut running = Self { child, lines, marker };
        running.read_until(words);
        running
    }

    fn read_until(&mut self, words: &str) -> String {
        let mut text = String::new();
        loop {
            let begun = text.len();
            let length = self.lines.read_line(&mut text).unwrap();
            assert!(length > 0, "{words:?} is missing in {text}");
            if text[begun..].contains(words) {
                return text;
            }
        }
    }

    /// Presses Ctrl-C. Returns the rest of the output, and the exit status.
    fn ctrl_c(mut self) -> (String, Option<i32>) {
        kill(Pid::from_raw(-(self.child.id() as i32)), Signal::SIGINT).unwrap();
        let mut rest = String::new();
        self.lines.read_to_string(&mut rest).unwrap();
        let status = self.child.wait().unwrap();
        assert_gone(&self.marker);
        (rest, status.code())
    }
}

fn python(name: &str) -> String {
    format!("python3 {}", command_line([&servers().join(name)]))
}

#[test]
fn ctrl_c_ends_a_server_and_its_children() {
    let port = free_port();
    let mut running = Running::until(&python("fork/plain.py"), port, "[START] ");
    let clients: Vec<_> =
        (0..3).map(|_| TcpStream::connect(("127.0.0.1", port)).unwrap()).collect();
    for _ in &clients {
        running.read_until("[FORK]");
    }
    let (rest, status) = running.ctrl_c();
    // On a busy machine, the server may need more than its 2 seconds.
    assert!(rest.contains("the server "), "{rest}");
    assert_eq!(status, Some(130));
    // The port can be used again at once.
    wait_for("nothing listens", || TcpStream::connect(("127.0.0.1", port)).is_err());
}

#[test]
fn a_server_that_ignores_sigterm_is_killed() {
    let dir = TestDir::new();
    let program = command_line([&dir.compiled("faulty/ignores_sigterm_and_spins.c")]);
    let (rest, status) = Running::until(&program, free_port(), "[START] ").ctrl_c();
    assert!(rest.contains("2 seconds after SIGTERM, and was killed"), "{rest}");
    assert_eq!(status, Some(130));
}

#[test]
fn sigkill_of_the_command_ends_the_server() {
    let mut running = Running::until(&python("fork/plain.py"), free_port(), "[START] ");
    running.child.kill().unwrap();
    running.child.wait().unwrap();
    assert_gone(&running.marker);
}

#[test]
fn a_reader_that_ends_ends_the_server() {
    let program = python("faulty/million_lines.py");
    let Running { mut child, lines, marker } =
        Running::until(&program, free_port(), "started with");
    drop(lines);
    child.wait().unwrap();
    assert_gone(&marker);
}

#[test]
fn escapes_are_shown_and_not_sent_to_the_terminal() {
    let program = python("faulty/terminal_escapes.py");
    let mut running = Running::until(&program, free_port(), "started with");
    let text = running.read_until("[DISCONNECT]");
    assert!(!text.contains('\u{1b}') && text.contains("\\x1b[2J"), "{text}");
    running.ctrl_c();
}

#[test]
fn a_million_lines_are_shown_to_the_last() {
    let program = python("faulty/million_lines.py");
    let mut running = Running::until(&program, free_port(), "started with");
    let text = running.read_until("that was a million");
    assert_eq!(text.matches("│ line ").count(), 1_000_000);
    running.ctrl_c();
}

#[test]
fn a_server_that_ends_shows_its_last_words() {
    let ended = |command: &str| {
        let mut xtask = hermetic(Xtask::new(env!("CARGO_BIN_EXE_xtask")));
        xtask
            .args(["run", "w03-l02", "--port", &free_port().to_string(), "--cmd", command])
            .assert()
    };
    let shown =
        ended("sh -c 'echo [START] active=0/$MAX_CLIENTS; echo mine; echo bad >&2; exit 3'");
    let output = stdout_of(&shown.code(1));
    assert_contains(&output, &["started with PORT=", "MAX_CLIENTS=64", "[START] active=0/64"]);
    assert_contains(&output, &["│ mine", "! bad", "the server ended with exit status 3"]);
    assert_contains(&stdout_of(&ended("sh -c 'printf last; exit 0'").code(0)), &["│ last"]);
    assert_contains(&stderr_of(&ended("./none").code(2)), &["cannot run", "build it first"]);
}

#[test]
fn a_client_is_not_started() {
    let mut xtask = hermetic(Xtask::new(env!("CARGO_BIN_EXE_xtask")));
    let refused = xtask.args(["run", "w01-l02", "--cmd", "true"]).assert().code(2);
    let text = stderr_of(&refused);
    assert_contains(&text, &["the programs of w01-l02 are clients", "./client localhost 3490"]);
    assert_eq!(text.matches("w01-l02 ").count(), 1, "{text}");
}

#[test]
fn a_setting_of_the_environment_is_used() {
    let mut xtask = hermetic(Xtask::new(env!("CARGO_BIN_EXE_xtask")));
    xtask.args(["run", "w03-l02", "--cmd", "sh -c 'echo port $PORT slots $MAX_CLIENTS'"]);
    let shown = xtask.env("PORT", "7654").env("MAX_CLIENTS", "many").assert().code(0);
    assert_contains(&stdout_of(&shown), &["started with PORT=7654", "│ port 7654 slots many"]);
}
