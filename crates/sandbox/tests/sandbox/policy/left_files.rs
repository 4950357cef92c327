//! Tests that read the files of an untrusted program after its end, without trust in the names and
//! types of these files.

use super::{bounded, run, sandboxed, text};
use crate::programs::{shell, written};
use sandbox::{Finished, Limits};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

fn leaves(line: &str) -> Finished {
    sandboxed(shell(line), &[]).run().unwrap()
}

#[test]
fn a_file_is_read_after_the_program_has_ended() {
    let finished =
        leaves("mkdir -p out/deep; echo result > out/deep/file; chmod 750 out/deep/file");
    let mut contents = String::new();
    finished.open(Path::new("out/deep/file")).unwrap().read_to_string(&mut contents).unwrap();
    assert_eq!(contents, "result\n");
    assert_eq!(finished.files().unwrap(), [(PathBuf::from("out/deep/file"), 0o750)]);
}

#[test]
fn links_pipes_folders_and_missing_files_cannot_be_opened() {
    let finished = leaves(
        "ln -s /etc/passwd absolute; ln -s ../etc/passwd relative; ln -s /proc/self/exe magic; \
         mkfifo pipe; mkdir folder; ln -s folder way; echo x > folder/file; ln -s pipe loop",
    );
    for name in ["absolute", "relative", "magic", "way/file", "loop", "pipe", "folder", "none"] {
        assert!(finished.open(Path::new(name)).is_err(), "{name}");
    }
    for kind in ["pipe", "folder"] {
        let refused = finished.open(Path::new(kind)).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::InvalidInput);
    }
    assert_eq!(finished.files().unwrap(), [(PathBuf::from("folder/file"), 0o644)]);
}

#[test]
fn no_path_leads_out_of_the_working_directory() {
    let finished = leaves("mkdir a");
    for path in ["/etc/passwd", "../etc/passwd", "a/../../etc/passwd", "/proc/self/environ", ""] {
        assert!(finished.open(Path::new(path)).is_err(), "{path}");
    }
}

#[test]
fn devices_cannot_be_made() {
    let finished = leaves("mknod null c 1 3; mknod disk b 254 0");
    assert_eq!(text(&finished).matches("Operation not permitted").count(), 2);
    assert!(finished.files().unwrap().is_empty());
}

#[test]
fn names_of_any_bytes_are_listed() {
    let finished = leaves("touch \"$(printf 'a\\nb')\" \"$(printf '\\377')\" ' '");
    assert_eq!(finished.files().unwrap().len(), 3);
}

#[test]
fn a_program_at_its_limit_of_files_has_all_of_them_listed() {
    let limits = Limits { files: 50, ..Limits::default() };
    let line = "i=0; while touch file$i 2>/dev/null; do i=$((i+1)); done; echo $i";
    let finished = bounded(shell(line), &[], limits).run().unwrap();
    let count = text(&finished).parse::<usize>().unwrap();
    assert!((40..=70).contains(&count), "{count}");
    assert_eq!(finished.files().unwrap().len(), count);
}

#[test]
fn a_shown_file_below_the_working_directory_is_not_listed() {
    // The executed program is a shown file, and its folder may be below /work.
    let program = written("leaves_nothing", "int main(void) { return 0; }");
    assert!(run(&program).files().unwrap().is_empty());
}
