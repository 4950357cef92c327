//! A busy machine may delay a proof, but does not change the proof's verdict.

mod support;

use assert_cmd::assert::{Assert, OutputAssertExt};
use predicates::str::{contains, is_empty};
use std::hint;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use support::programs::{TestDir, command_line, python, servers};
use support::{TMPDIR, assert_contains, prove, stdout_of};

/// The number of simultaneous proofs.
const PROOFS: usize = 32;

#[test]
#[ignore = "takes half a minute on a busy machine"]
fn proves_thirty_two_servers_at_the_same_time() {
    prove(&["--solution", "--only", "starts"]).code(0);
    let start = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.args(["prove", "w03-l02", "--solution"]).env("TMPDIR", TMPDIR).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let provers: Vec<_> = (0..PROOFS).map(|_| start()).collect();
    for prover in provers {
        let proved = prover.wait_with_output().unwrap().assert().code(0).stderr(is_empty());
        proved.stdout(contains("proved · 15 of 15"));
    }
}

#[test]
fn proves_the_solution_repeatedly_under_load() {
    let proved = under_load(|| prove(&["--solution", "--repeat", "10"]));
    assert_contains(&stdout_of(&proved.code(0)), &["proved · 10 of 10 runs"]);
}

#[test]
#[ignore = "takes half a minute on a busy machine"]
fn proves_a_server_in_c_repeatedly_under_load() {
    let dir = TestDir::new();
    let server = command_line([&dir.compiled("linear_scan.c")]);
    let proved = under_load(|| prove(&["--cmd", &server, "--repeat", "10"]));
    assert_contains(&stdout_of(&proved.code(0)), &["proved · 10 of 10 runs"]);
}

#[test]
#[ignore = "takes half a minute on a busy machine"]
fn proves_a_slow_server_under_load() {
    let dir = TestDir::new();
    let server = command_line([&dir.compiled("slow.c")]);
    let proved = under_load(|| prove(&["--cmd", &server, "--timeout", "120"]));
    assert_contains(&stdout_of(&proved.code(0)), &["proved · "]);
}

#[test]
#[ignore = "takes half a minute on a busy machine"]
fn proves_a_server_in_python_repeatedly_under_load() {
    let Some(python) = python() else { return };
    let server = command_line([&python, &servers().join("select_poll.py")]);
    let proved = under_load(|| prove(&["--cmd", &server, "--repeat", "10"]));
    assert_contains(&stdout_of(&proved.code(0)), &["proved · 10 of 10 runs"]);
}

/// Runs `work` while two threads are in a busy loop.
fn under_load(work: impl FnOnce() -> Assert) -> Assert {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    hint::spin_loop();
                }
            });
        }
        let _guard = SetOnDrop(&done);
        work()
    })
}

/// Sets the flag when it is dropped. Therefore the threads end even if `work` panics.
struct SetOnDrop<'a>(&'a AtomicBool);

impl Drop for SetOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
