//! Ctrl-C, SIGTERM and even SIGKILL end a proof soon, and the server with it.

mod support;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use support::TMPDIR;
use support::processes::{assert_gone, eventually, free_port, marker, serving};
use support::programs::{Bench, line};

#[test]
fn ctrl_c_ends_a_proof_that_hangs() {
    let bench = Bench::new();
    let hanging = line([&bench.compiled("strange/deaf_and_spinning.c")]);
    let status = struck(&hanging, &["--timeout", "3600"], Strike::Group(Signal::SIGINT));
    assert_eq!(status.code(), Some(130));
}

// <staff>
#[test]
fn ctrl_c_ends_a_series_of_proofs() {
    let bench = Bench::new();
    let server = line([&bench.compiled("linear_scan.c")]);
    let status = struck(&server, &["--repeat", "100000"], Strike::Group(Signal::SIGINT));
    assert_eq!(status.code(), Some(130));
}
// </staff>

#[test]
fn sigterm_ends_a_proof_that_hangs() {
    let bench = Bench::new();
    let hanging = line([&bench.compiled("strange/deaf_and_spinning.c")]);
    let status = struck(&hanging, &["--timeout", "3600"], Strike::Prover(Signal::SIGTERM));
    assert_eq!(status.code(), Some(143));
}

#[test]
fn sigkill_takes_the_server_along() {
    let bench = Bench::new();
    let hanging = line([&bench.compiled("strange/deaf_and_spinning.c")]);
    let status = struck(&hanging, &["--timeout", "3600"], Strike::Prover(Signal::SIGKILL));
    assert_eq!(status.code(), None);
}

#[test]
fn sigkill_takes_the_server_along_without_a_box() {
    let bench = Bench::new();
    let hanging = line([&bench.compiled("strange/deaf_and_spinning.c")]);
    let flags = ["--timeout", "3600", "--tier", "plain"];
    let status = struck(&hanging, &flags, Strike::Prover(Signal::SIGKILL));
    assert_eq!(status.code(), None);
}

/// Who gets which signal: the prover alone, or its process group, as from a terminal.
enum Strike {
    Prover(Signal),
    Group(Signal),
}

/// Starts a proof, sends the signal once the server runs, and waits until nothing of it is left.
fn struck(program: &str, flags: &[&str], strike: Strike) -> ExitStatus {
    let marker = marker();
    let mut prover = start(&format!("{program} {marker}"), flags);
    eventually("the server runs", || serving(&marker));
    let pid = Pid::from_raw(prover.id() as i32);
    match strike {
        Strike::Prover(signal) => kill(pid, signal).unwrap(),
        Strike::Group(signal) => kill(Pid::from_raw(-pid.as_raw()), signal).unwrap(),
    }
    eventually("the prover ends", || prover.try_wait().unwrap().is_some());
    assert_gone(&marker);
    prover.wait().unwrap()
}

fn start(program: &str, flags: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.args(["prove", "w03-l02", "--cmd", program, "--port", &free_port().to_string()]);
    command.args(flags).env("TMPDIR", TMPDIR).process_group(0);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}
