//! What it sees of this machine.

use super::{finish, says, text};
use crate::programs::shell;

#[test]
fn it_is_an_ordinary_user_in_a_folder_of_its_own() {
    assert_eq!(says("id -u; id -g; id -G; pwd; hostname"), "1000\n1000\n1000\n/work\nbox");
}

#[test]
fn it_sees_the_system_and_nothing_of_anyone() {
    let listed = says("ls -d /* | grep -v -E '^/(lib|sbin|bin)'");
    assert_eq!(listed, "/dev\n/etc\n/proc\n/tmp\n/usr\n/work");
}
