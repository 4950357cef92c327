//! The command line as an ordinary user has it.

use super::course::Course;
use super::programs::Bench;
use assert_cmd::Command;
use assert_cmd::assert::Assert;

const NOBODY: [&str; 5] = ["--reuid", "65534", "--regid", "65534", "--clear-groups"];

/// What `cargo xtask` says to these arguments of an ordinary user; a line where this machine cannot
/// make one.
pub(crate) fn xtask_as_nobody(arguments: &[&str]) -> Option<Assert> {
    let mut setpriv = std::process::Command::new("setpriv");
    if !setpriv.args(NOBODY).arg("true").status().is_ok_and(|status| status.success()) {
        println!("skipped: setpriv cannot make an ordinary user of this one");
        return None;
    }
    let (bench, course) = (Bench::new(), Course::new());
    let prover = bench.path("xtask");
    std::fs::copy(env!("CARGO_BIN_EXE_xtask"), &prover).unwrap();
    let mut command = course.command_of(Command::new("setpriv"));
    command.args(NOBODY).arg(prover).current_dir(bench.path("")).env("TMPDIR", "/tmp");
    Some(command.args(arguments).assert())
}
