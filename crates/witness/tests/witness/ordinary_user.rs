//! Runs the tests of untrusted programs again as an ordinary user.

use crate::programs::FOLDER;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

const ORDINARY_USER: [&str; 5] = ["--reuid", "65534", "--regid", "65534", "--clear-groups"];

#[test]
fn an_ordinary_user_observes_a_server_as_root_does() {
    let mut setpriv = Command::new("setpriv");
    if !setpriv.args(ORDINARY_USER).arg("true").status().is_ok_and(|status| status.success()) {
        return println!("skipped: setpriv cannot start a program as an ordinary user here");
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o777)).unwrap();
    let tests = folder.path().join("tests");
    std::fs::copy(std::env::current_exe().unwrap(), &tests).unwrap();
    let mut again = Command::new("setpriv");
    again.args(ORDINARY_USER).arg(tests).args([
        "descriptors",
        "sandboxed",
        "untrusted",
        "--test-threads",
        "2",
    ]);
    again.env(FOLDER, folder.path().join("programs")).env("HOME", folder.path());
    let output = again.output().unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{stdout}{}", String::from_utf8_lossy(&output.stderr));
}
