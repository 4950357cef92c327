//! Runs `cargo xtask` as an ordinary user.

use super::course::Course;
use super::programs::TestDir;
use assert_cmd::Command;
use assert_cmd::assert::Assert;

const NOBODY: [&str; 5] = ["--reuid", "65534", "--regid", "65534", "--clear-groups"];

/// Runs `cargo xtask` with these arguments as the user nobody. If the tests cannot change the user,
/// prints a line and returns `None`.
pub(crate) fn xtask_as_other_user(arguments: &[&str]) -> Option<Assert> {
    let mut setpriv = std::process::Command::new("setpriv");
    if !setpriv.args(NOBODY).arg("true").status().is_ok_and(|status| status.success()) {
        println!("skipped: setpriv cannot change the user here");
        return None;
    }
    let (dir, course) = (TestDir::new(), Course::new());
    let prover = dir.path("xtask");
    std::fs::copy(env!("CARGO_BIN_EXE_xtask"), &prover).unwrap();
    let mut command = course.command_of(Command::new("setpriv"));
    command.args(NOBODY).arg(prover).current_dir(dir.path("")).env("TMPDIR", "/tmp");
    // The user may not write into the course.
    command.env("SOCKPROOF_PROGRESS", "off");
    Some(command.args(arguments).assert())
}
