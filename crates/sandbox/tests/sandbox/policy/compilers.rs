//! Tests that compilers and interpreters work in a sandbox.

use super::{run, sandboxed, text};
use crate::programs::shell;
use sandbox::{Exit, Finished};
use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command as Process;

/// A folder with one source file.
fn source(name: &str, text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
    fs::write(folder.path().join(name), text).unwrap();
    folder
}

fn build(folder: &Path, line: &str, visible: &[&Path]) -> Finished {
    let visible = [&[folder], visible].concat();
    sandboxed(shell(line).current_dir(folder), &visible).run().unwrap()
}

/// Runs the built program in another sandbox, and returns its output.
fn outcome(built: &Finished, name: &str) -> String {
    assert_eq!(built.exit, Exit::Status(0), "{}", text(built));
    let mut bytes = Vec::new();
    built.open(Path::new(name)).unwrap().read_to_end(&mut bytes).unwrap();
    let folder = source(name, "");
    let program = folder.path().join(name);
    fs::write(&program, bytes).unwrap();
    fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
    text(&run(&program))
}

const C: &str = "#include <stdio.h>\nint main(void) { puts(\"from C\"); }\n";

#[test]
fn cc_compiles_and_links() {
    let folder = source("main.c", C);
    let built = build(folder.path(), "cc -g -O2 -Wall -pthread -o program main.c", &[]);
    assert_eq!(outcome(&built, "program"), "from C");
}

#[test]
fn make_builds() {
    let folder = source("main.c", C);
    fs::write(folder.path().join("Makefile"), "program: main.o\n\t$(CC) -o $@ $^\n").unwrap();
    assert_eq!(outcome(&build(folder.path(), "make -j2", &[]), "program"), "from C");
}

#[test]
fn rustc_compiles_and_links() {
    let asked = Process::new("rustc").args(["--print", "sysroot"]).output();
    let Some(answer) = asked.ok().filter(|answer| answer.status.success()) else {
        return println!("skipped: this user has no rustc");
    };
    let sysroot = PathBuf::from(String::from_utf8(answer.stdout).unwrap().trim_end());
    let folder = source("main.rs", "fn main() { println!(\"from Rust\"); }\n");
    let line = format!("{}/bin/rustc main.rs -o program", sysroot.display());
    let built = build(folder.path(), &line, &[&sysroot]);
    assert_eq!(outcome(&built, "program"), "from Rust");
}

#[test]
fn python_runs() {
    let folder = source(
        "main.py",
        "import socket, threading, subprocess, tempfile\n\
        import multiprocessing\n\
        tempfile.TemporaryFile().write(b'x')\n\
        thread = threading.Thread(target=lambda: None); thread.start(); thread.join()\n\
        multiprocessing.Lock()\n\
        address = socket.getaddrinfo('localhost', 80, socket.AF_INET)[0][4]\n\
        print(address, subprocess.check_output(['echo', 'child']), socket.getfqdn())\n",
    );
    let built = build(folder.path(), "/usr/bin/python3 main.py", &[]);
    assert_eq!(text(&built), "('127.0.0.1', 80) b'child\\n' localhost");
}

#[test]
fn a_compiler_cannot_read_secret_files_of_this_machine() {
    let folder = source("main.c", "#include \"/etc/shadow\"\n#include \"/root/.bashrc\"\n");
    let built = build(folder.path(), "cc -c main.c", &[]);
    assert_eq!(built.exit, Exit::Status(1));
    assert!(text(&built).contains("No such file or directory"), "{}", text(&built));
}
