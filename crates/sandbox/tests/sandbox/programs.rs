//! The programs of these tests: shell commands, and C programs that are compiled once.

use sandbox::Command;
use std::path::{Path, PathBuf};
use std::process;

/// What the C programs of these tests share.
const PRELUDE: &str = r#"
#define _GNU_SOURCE
#include <sys/socket.h>
#include <netinet/in.h>
#include <unistd.h>
#include <stdlib.h>
#include <signal.h>
#include <errno.h>
#include <stdio.h>
#include <poll.h>
#include <time.h>
"#;

/// The environment variable that names another folder for compiled programs.
pub(crate) const FOLDER: &str = "SANDBOX_PROGRAMS";

/// Compiles a program whose C text follows the prelude. Each program has a different name.
pub(crate) fn written(name: &str, text: &str) -> PathBuf {
    let folder = folder();
    let [source, fresh] =
        ["c", "new"].map(|it| folder.join(format!("{name}.{}.{it}", process::id())));
    std::fs::write(&source, format!("{PRELUDE}{text}")).unwrap();
    let mut cc = process::Command::new("cc");
    let status = cc.args(["-O1", "-pthread", "-o"]).arg(&fresh).arg(&source).status();
    assert!(status.unwrap().success(), "{source:?} does not compile");
    std::fs::remove_file(source).unwrap();
    // Another run of these tests may be executing the old program.
    let program = folder.join(name);
    std::fs::rename(fresh, &program).unwrap();
    program
}

/// The folder for compiled programs: beside cargo's own, or the one that the variable names, because
/// another user may not write beside cargo's.
fn folder() -> PathBuf {
    let named = std::env::var_os(FOLDER).map(PathBuf::from);
    let folder = named.unwrap_or(Path::new(env!("CARGO_TARGET_TMPDIR")).join("sandbox"));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// A shell that runs this command.
pub(crate) fn shell(line: &str) -> Command {
    Command::new("sh").args(["-c", line])
}
