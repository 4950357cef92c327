//! Ctrl-C, SIGTERM and SIGKILL end a proof and the server of the proof.

mod support;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use support::TMPDIR;
use support::processes::{assert_gone, free_port, is_server_running, marker, wait_for};
use support::programs::{TestDir, command_line};

#[test]
fn ctrl_c_ends_a_proof_that_hangs() {
    let dir = TestDir::new();
    let hanging = command_line([&dir.compiled("faulty/ignores_sigterm_and_spins.c")]);
    let status =
        status_after_signal(&hanging, &["--timeout", "3600"], Target::Group(Signal::SIGINT));
    assert_eq!(status.code(), Some(130));
}

// <staff>
#[test]
fn ctrl_c_ends_repeated_proofs() {
    let dir = TestDir::new();
    let server = command_line([&dir.compiled("linear_scan.c")]);
    let status =
        status_after_signal(&server, &["--repeat", "100000"], Target::Group(Signal::SIGINT));
    assert_eq!(status.code(), Some(130));
}
// </staff>

#[test]
fn sigterm_ends_a_proof_that_hangs() {
    let dir = TestDir::new();
    let hanging = command_line([&dir.compiled("faulty/ignores_sigterm_and_spins.c")]);
    let status =
        status_after_signal(&hanging, &["--timeout", "3600"], Target::Prover(Signal::SIGTERM));
    assert_eq!(status.code(), Some(143));
}

#[test]
fn sigkill_ends_the_server() {
    let dir = TestDir::new();
    let hanging = command_line([&dir.compiled("faulty/ignores_sigterm_and_spins.c")]);
    let status =
        status_after_signal(&hanging, &["--timeout", "3600"], Target::Prover(Signal::SIGKILL));
    assert_eq!(status.code(), None);
}

#[test]
fn sigkill_ends_the_server_without_isolation() {
    let dir = TestDir::new();
    let hanging = command_line([&dir.compiled("faulty/ignores_sigterm_and_spins.c")]);
    let flags = ["--timeout", "3600", "--isolation", "none"];
    let status = status_after_signal(&hanging, &flags, Target::Prover(Signal::SIGKILL));
    assert_eq!(status.code(), None);
}

/// The receiver of the signal: only the prover, or the prover's process group. Ctrl-C in a terminal
/// sends the signal to the process group.
enum Target {
    Prover(Signal),
    Group(Signal),
}

/// Starts a proof, sends the signal as soon as the server runs, and waits until the prover and all
/// processes of the server have ended. Returns the prover's exit status.
fn status_after_signal(program: &str, flags: &[&str], target: Target) -> ExitStatus {
    let marker = marker();
    let mut prover = start(&format!("{program} {marker}"), flags);
    wait_for("the server runs", || is_server_running(&marker));
    let pid = Pid::from_raw(prover.id() as i32);
    match target {
        Target::Prover(signal) => kill(pid, signal).unwrap(),
        Target::Group(signal) => kill(Pid::from_raw(-pid.as_raw()), signal).unwrap(),
    }
    wait_for("the prover ends", || prover.try_wait().unwrap().is_some());
    assert_gone(&marker);
    prover.wait().unwrap()
}

fn start(program: &str, flags: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.args(["prove", "w03-l02", "--cmd", program, "--port", &free_port().to_string()]);
    command.args(flags).env("TMPDIR", TMPDIR).process_group(0);
    command.env("SOCKPROOF_PROGRESS", "off");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}
