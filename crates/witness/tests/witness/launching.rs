//! Tests of how programs are started, and of the errors about programs that cannot be started.

use crate::programs::{levels, shell, wait_logged};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use witness::{Errno, Exit, Launch, LaunchError, WaitError};

fn file(folder: &TempDir, name: &str, text: &[u8], mode: u32) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
    path
}

fn refusal(launch: Launch) -> LaunchError {
    launch.start().err().unwrap()
}

/// The errno with which execve(2) refuses a file.
fn exec_errno(program: &Path) -> Errno {
    let mut server = Launch::new(program).start().unwrap();
    match server.wait_idle().unwrap_err() {
        WaitError::Ended(Exit::NotExecuted(errno)) => errno,
        other => panic!("{other}"),
    }
}

#[test]
fn a_missing_program_is_not_found() {
    for name in ["/no/such/program", "no-such-program-on-the-path", "./here", ""] {
        assert!(matches!(refusal(Launch::new(name)), LaunchError::NotFound(_)), "{name}");
    }
}

#[test]
fn a_folder_is_no_program() {
    assert!(matches!(refusal(Launch::new("/tmp")), LaunchError::NotFound(_)));
}

#[test]
fn a_file_without_the_permission_is_not_executable() {
    let folder = tempfile::tempdir().unwrap();
    let refused = refusal(Launch::new(file(&folder, "plain", b"text", 0o644)));
    assert!(matches!(refused, LaunchError::NotExecutable(_)), "{refused}");
}

#[test]
fn a_nul_byte_in_a_name_an_argument_or_a_folder_is_refused() {
    let launches = [
        Launch::new("sh").args(["a\0b"]),
        Launch::new("sh").env("NAME", "a\0b"),
        Launch::new("sh").env("a\0b", "value"),
        Launch::new("/bin/sh").current_dir("a\0b"),
    ];
    for launch in launches {
        let refused = refusal(launch);
        assert!(matches!(refused, LaunchError::NulByte(_)), "{refused}");
    }
    assert!(Launch::new("a\0b").start().is_err());
}

#[test]
fn a_folder_that_is_not_there_cannot_be_entered() {
    let refused = refusal(Launch::new("sh").current_dir("/no/such/folder"));
    assert!(matches!(refused, LaunchError::NoDirectory { .. }), "{refused}");
    assert!(refused.to_string().starts_with("/no/such/folder "), "{refused}");
}

#[test]
fn a_script_whose_interpreter_is_missing_is_not_executed() {
    let folder = tempfile::tempdir().unwrap();
    let script = file(&folder, "script", b"#!/no/such/interpreter\n", 0o755);
    assert_eq!(exec_errno(&script), Errno::ENOENT);
}

#[test]
fn a_file_of_another_format_is_not_executed() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(exec_errno(&file(&folder, "text", b"echo no interpreter\n", 0o755)), Errno::ENOEXEC);
    assert_eq!(exec_errno(&file(&folder, "elf", b"\x7fELF and no more", 0o755)), Errno::ENOEXEC);
}

#[test]
fn a_script_is_given_its_arguments_environment_and_folder() {
    let folder = tempfile::tempdir().unwrap();
    let text = b"#!/bin/sh\necho \"$1|$2|$NAME|${HOME-none}|$(pwd)\"\nexec sleep infinity\n";
    file(&folder, "script", text, 0o755);
    let expected = format!("a b||a value|none|{}", folder.path().display());
    for level in levels() {
        let launch = Launch::new("./script").args(["a b", ""]).current_dir(folder.path());
        let launch = launch.env("NAME", "a value").env_remove("HOME").isolation(level);
        wait_logged(&mut launch.start().unwrap(), &expected);
    }
}

#[test]
fn a_program_is_found_on_the_path_of_its_environment() {
    let folder = tempfile::tempdir().unwrap();
    file(&folder, "greet", b"#!/bin/sh\necho hello\nexec sleep infinity\n", 0o755);
    let path = format!("{}:/usr/bin:/bin", folder.path().display());
    wait_logged(&mut Launch::new("greet").env("PATH", path).start().unwrap(), "hello");
}

#[test]
fn a_program_has_three_descriptors() {
    for level in levels() {
        let mut server = shell("exec sleep infinity").isolation(level).start().unwrap();
        server.wait_idle().unwrap();
        assert_eq!(server.descriptors().unwrap().len(), 3);
    }
}
