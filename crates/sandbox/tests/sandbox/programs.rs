//! The programs that these tests run: shell commands and C programs. Each C program is compiled
//! once.

use sandbox::Command;
use std::path::{Path, PathBuf};
use std::process;

/// The first lines of every C program of these tests.
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

/// Compiles a C program. The source text is the prelude followed by `text`. Each program has a
/// different name.
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

/// The folder for compiled programs: the folder in the environment variable [`FOLDER`], or a folder
/// in cargo's target directory. The variable is for tests that run as another user, because this
/// user may not write in cargo's target directory.
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
