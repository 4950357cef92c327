//! Each isolation level can be chosen by its name. If this machine does not permit a level, the
//! message explains why.
//!
//! The program `tests/support/container.c` simulates a container: it refuses the system calls that
//! Docker refuses by default.

mod support;

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use predicates::str::is_empty;
use proofs::IsolationLevel;
use std::path::Path;
use support::other_user::xtask_as_other_user;
use support::processes::free_port;
use support::programs::{TestDir, command_line};
use support::{assert_contains, hermetic, stderr_of, stdout_of};

const SERVER: &str = "linear_scan.c";

/// Runs `cargo xtask` in a simulated container that refuses namespaces and the system calls in
/// `refused`.
fn in_container(dir: &TestDir, refused: &[&str], arguments: &[&str]) -> Assert {
    let container = dir.compiled("../support/container.c");
    let words = refused.iter().flat_map(|call| ["refuse", call]);
    let mut command = hermetic(Command::new(container));
    command.args(words).arg(env!("CARGO_BIN_EXE_xtask")).args(arguments).assert()
}

/// The arguments of a proof of `program` on `port` at an isolation level.
fn proof<'a>(program: &'a str, port: &'a str, level: &'a str) -> [&'a str; 8] {
    ["prove", "w03-l02", "--cmd", program, "--port", port, "--isolation", level]
}

/// The text at the end of a proof's heading, for an isolation level.
fn heading(level: IsolationLevel) -> &'static str {
    if level == IsolationLevel::None { "· not sandboxed" } else { "· sandboxed" }
}

fn server(dir: &TestDir) -> String {
    command_line([dir.compiled(SERVER).as_path() as &Path])
}

#[test]
fn a_correct_server_is_proved_at_every_isolation_level() {
    let dir = TestDir::new();
    let (server, port) = (server(&dir), free_port().to_string());
    for level in IsolationLevel::ALL.into_iter().filter(|level| level.refusal().is_none()) {
        let mut command = hermetic(Command::new(env!("CARGO_BIN_EXE_xtask")));
        let proved = command.args(proof(&server, &port, &level.to_string())).assert().code(0);
        assert_contains(&stdout_of(&proved), &[heading(level), "proved · 15 of 15 ·"]);
    }
}

#[test]
fn a_correct_server_is_proved_in_a_container() {
    let dir = TestDir::new();
    let (server, port) = (server(&dir), free_port().to_string());
    for refused in [&["landlock"][..], &[]] {
        for level in IsolationLevel::ALL.into_iter().filter(|level| level.refusal().is_none()) {
            if level == IsolationLevel::Namespaces
                || level == IsolationLevel::Landlock && !refused.is_empty()
            {
                continue;
            }
            let name = level.to_string();
            let arguments = proof(&server, &port, &name);
            if level == IsolationLevel::OtherUser && !refused.is_empty() {
                // The container's root lacks CAP_SYS_RESOURCE. Without Landlock, it does not become
                // the other user for prlimit(2), because the program could then signal it.
                let seen = in_container(&dir, refused, &arguments).code(2);
                assert_contains(&stdout_of(&seen), &["14 of 15 proved", "prlimit(2)"]);
                continue;
            }
            let proved = in_container(&dir, refused, &arguments).code(0);
            assert_contains(&stdout_of(&proved), &[heading(level), "proved · 15 of 15 ·"]);
        }
    }
}

#[test]
fn the_message_for_a_refused_level_has_advice() {
    let dir = TestDir::new();
    let (server, port) = (server(&dir), free_port().to_string());
    let message = |refused: &[&str], level| {
        let output = in_container(&dir, refused, &proof(&server, &port, level)).code(2);
        stderr_of(&output)
    };
    let namespaces = message(&[], "namespaces");
    assert_contains(
        &namespaces,
        &["--isolation namespaces is not possible here", "clone(2)", "seccomp=unconfined"],
    );
    let landlock = message(&["landlock"], "landlock");
    assert_contains(
        &landlock,
        &["--isolation landlock is not possible here", "Linux 5.13", "--isolation none"],
    );
}

#[test]
fn an_ordinary_user_cannot_isolate_by_another_user() {
    let arguments = ["prove", "w03-l02", "--cmd", "true", "--isolation", "other-user"];
    let Some(output) = xtask_as_other_user(&arguments) else { return };
    let output = stderr_of(&output.code(2));
    assert_contains(&output, &["--isolation other-user is not possible here", "run this as root"]);
}

#[test]
fn the_doctor_says_what_a_container_permits() {
    let dir = TestDir::new();
    let seen = in_container(&dir, &["landlock"], &["doctor"]);
    let seen = stdout_of(&seen.stderr(is_empty()));
    assert_contains(&seen, &["! isolation only none: clone(2)", "this machine's ports"]);
    assert_contains(&seen, &["to get it: ", "docker run --security-opt seccomp=unconfined"]);
    assert_contains(&seen, &["✓ descriptors", "✓ cc"]);

    let mut command = hermetic(Command::new(env!("CARGO_BIN_EXE_xtask")));
    let here = stdout_of(&command.arg("doctor").env("PATH", "").assert().stderr(is_empty()));
    assert_contains(&here, &["– git not in PATH", "sudo apt-get install git"]);
}

#[test]
fn the_strongest_level_of_a_container_is_chosen() {
    let dir = TestDir::new();
    let server = server(&dir);
    let port = free_port().to_string();
    let arguments = ["prove", "w03-l02", "--cmd", &server, "--port", &port, "--only", "starts"];
    let plain = in_container(&dir, &["landlock"], &arguments).code(0);
    assert_contains(&stdout_of(&plain), &["· not sandboxed", "proved · 1 of 1 ·"]);
}
