//! The same tests once more, as an ordinary user.

use crate::programs::FOLDER;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

const NOBODY: [&str; 5] = ["--reuid", "65534", "--regid", "65534", "--clear-groups"];

#[test]
fn an_ordinary_user_s_sandbox_is_as_strong() {
    let mut setpriv = Command::new("setpriv");
    if !setpriv.args(NOBODY).arg("true").status().is_ok_and(|status| status.success()) {
        return println!("skipped: setpriv cannot start a program as an ordinary user here");
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o777)).unwrap();
    std::fs::copy(std::env::current_exe().unwrap(), folder.path().join("tests")).unwrap();
    let mut tests = Command::new("setpriv");
    tests.args(NOBODY).arg(folder.path().join("tests"));
    tests.args(["policy", "--test-threads", "2"]);
    tests.env(FOLDER, folder.path().join("programs")).env("HOME", folder.path());
    let output = tests.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
}
