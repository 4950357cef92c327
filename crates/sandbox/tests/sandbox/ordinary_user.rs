//! Runs the tests of the sandbox again as an ordinary user.

use crate::programs::FOLDER;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

const ORDINARY_USER: [&str; 5] = ["--reuid", "65534", "--regid", "65534", "--clear-groups"];

#[test]
fn the_sandbox_of_an_ordinary_user_restricts_as_root_s_does() {
    let mut setpriv = Command::new("setpriv");
    if !setpriv.args(ORDINARY_USER).arg("true").status().is_ok_and(|status| status.success()) {
        return println!("skipped: setpriv cannot start a program as an ordinary user here");
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o777)).unwrap();
    std::fs::copy(std::env::current_exe().unwrap(), folder.path().join("tests")).unwrap();
    let mut tests = Command::new("setpriv");
    tests.args(ORDINARY_USER).arg(folder.path().join("tests"));
    tests.args(["policy", "--test-threads", "2"]);
    tests.env(FOLDER, folder.path().join("programs")).env("HOME", folder.path());
    let output = tests.output().unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{stdout}{}", String::from_utf8_lossy(&output.stderr));
}
