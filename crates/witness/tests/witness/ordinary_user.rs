//! The tests of untrusted programs once more, as an ordinary user.

use crate::programs::FOLDER;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

const NOBODY: [&str; 5] = ["--reuid", "65534", "--regid", "65534", "--clear-groups"];

#[test]
fn an_ordinary_user_s_server_is_observed_alike() {
    let mut setpriv = Command::new("setpriv");
    if !setpriv.args(NOBODY).arg("true").status().is_ok_and(|status| status.success()) {
        return println!("skipped: setpriv cannot make an ordinary user of this one");
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o777)).unwrap();
    let tests = folder.path().join("tests");
    std::fs::copy(std::env::current_exe().unwrap(), &tests).unwrap();
    let mut again = Command::new("setpriv");
    again.args(NOBODY).arg(tests).args(["sandboxed", "untrusted", "--test-threads", "2"]);
    again.env(FOLDER, folder.path().join("programs")).env("HOME", folder.path());
    let output = again.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
}
