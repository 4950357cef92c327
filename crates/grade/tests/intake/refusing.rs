//! Tests of submissions that are broken or hostile.

use crate::archives::{self, folder, tar, tgz, zip};
use crate::{COURSE, archive, read, refusal};
use grade::intake::{self, Rejection, SubmissionSource};
use proptest::prelude::*;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;

#[test]
fn a_symbolic_link_is_never_followed() {
    let home = tempfile::tempdir().unwrap();
    let alice = home.path().join("alice");
    folder(&alice, &[("src/server.rs", "x")]);
    symlink("/etc/passwd", alice.join("src/table.rs")).unwrap();
    let message = refusal(read(&alice, &["w03-l02"]));
    assert_eq!(message, "src/table.rs is a symbolic link; hand in the file itself");
    fs::remove_file(alice.join("src/table.rs")).unwrap();
    symlink("/", alice.join("lessons")).unwrap();
    assert!(refusal(read(&alice, &["w03-l02"])).contains("symbolic link"));

    symlink(&alice, home.path().join("mallory")).unwrap();
    let mallory = SubmissionSource::at("mallory", &home.path().join("mallory"));
    let message = refusal(intake::read(&mallory, &COURSE, &[]));
    assert!(message.starts_with("the submission is a symbolic link"), "{message}");
}

#[test]
fn special_files_are_refused() {
    let home = tempfile::tempdir().unwrap();
    let alice = home.path().join("alice");
    folder(&alice, &[("src/server.rs", "x")]);
    nix::unistd::mkfifo(&alice.join("src/pipe.rs"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    assert!(refusal(read(&alice, &["w03-l02"])).starts_with("src/pipe.rs is a FIFO"));
    assert!(refusal(read(&alice.join("src/pipe.rs"), &[])).starts_with("the submission is a FIFO"));
    fs::write(home.path().join("server.rs"), "x").unwrap();
    assert!(
        refusal(read(&home.path().join("server.rs"), &[]))
            .starts_with("the submission is a plain file")
    );
}

#[test]
fn an_unreadable_submission_is_a_fault_of_the_machine() {
    let home = tempfile::tempdir().unwrap();
    let alice = home.path().join("alice");
    folder(&alice, &[("src/server.rs", "x")]);
    fs::set_permissions(alice.join("src"), PermissionsExt::from_mode(0o0)).unwrap();
    let result = read(&alice, &["w03-l02"]);
    fs::set_permissions(alice.join("src"), PermissionsExt::from_mode(0o755)).unwrap();
    // Root can read every file, so root gets no error here.
    if !nix::unistd::geteuid().is_root() {
        assert!(matches!(result, Err(Rejection::Unreadable(_))), "{result:?}");
    }
    let gone = SubmissionSource::at("x", &home.path().join("gone"));
    let result = intake::read(&gone, &COURSE, &[]);
    assert!(matches!(result, Err(Rejection::Unreadable(_))), "{result:?}");
}

#[test]
fn broken_and_hostile_archives_are_refused() {
    let fine = [("src/server.rs", "x")];
    let cut = |bytes: Vec<u8>, part: usize| bytes[..bytes.len() * part / 10].to_vec();
    let table: Vec<(&str, Vec<u8>, &str)> = vec![
        ("a.zip", Vec::new(), "the archive is empty"),
        (
            "a.zip",
            tgz(&fine),
            "by its name the submission is a zip archive, but its content is gzip",
        ),
        (
            "a.tar.gz",
            zip(&fine),
            "by its name the submission is gzip, but its content is a zip archive",
        ),
        ("a.tgz", tar(&fine), "but its content is a tar archive"),
        ("a.zip", b"Rar!\x1a\x07\x01\x00".to_vec(), "but its content is a RAR archive"),
        ("a.tar", b"hello".to_vec(), "the archive is damaged"),
        ("a.zip", cut(zip(&fine), 5), "the archive is damaged"),
        ("a.tar.gz", cut(tgz(&fine), 7), "the archive is damaged: its end is missing"),
        ("a.tar", cut(tar(&[("src/server.rs", &"x".repeat(9000))]), 5), "its end is missing"),
        ("a.zip", zip(&[("../x", "")]), "the archive's entry ../x is not inside the archive"),
        ("a.tar", archives::raw_tar("../x", b'0', b"", ""), "../x is not inside the archive"),
        ("a.tar", archives::raw_tar("/etc/x", b'0', b"", ""), "/etc/x is not inside the archive"),
        ("a.zip", zip(&[("C:/x", "")]), "C:/x names a drive"),
        ("a.tar", archives::raw_tar("src/l.rs", b'2', b"", "/etc/passwd"), "is a symbolic link"),
        ("a.tar", archives::raw_tar("src/l.rs", b'1', b"", "/etc/passwd"), "is a hard link"),
        ("a.tar", archives::raw_tar("src/l.rs", b'3', b"", ""), "is a device"),
        ("a.tar", archives::raw_tar("src/l.rs", b'6', b"", ""), "is a FIFO"),
        ("a.zip", archives::linked_zip(), "src/l.rs is a symbolic link"),
        (
            "a.tar",
            tar(&[("src/a.rs", "x"), ("src/a.rs", "y")]),
            "src/a.rs is in the submission twice",
        ),
        ("a.zip", archives::zip_with_duplicates(), "src/a.rs is in the submission twice"),
        ("a.zip", archives::overlapping_zip(), "share their bytes"),
        ("a.zip", archives::encrypted_zip(), "is encrypted"),
        ("a.zip", archives::zip_that_claims(1 << 40), "the archive claims 1099511627776 entries"),
        ("a.zip", zip(&[("a\\..\\..\\x", "")]), "is not inside the archive"),
        ("a.zip", archives::zip_of_entries("a.rs", "a", 70_000), "holds more than 20000 entries"),
        ("a.zip", archives::damaged_zip(), "the archive is damaged"),
        ("a.tar.gz", archives::bomb_tgz(), "unpacks to more than 1024 MiB"),
        ("a.zip", archives::bomb_zip(), "holds more than 32 MiB"),
        ("a.tar", archives::sparse_tar(), "sparse"),
        ("a.zip", zip(&[("a/b", ""), ("a/b/c", "")]), "a/b/c is inside another file"),
    ];
    for (name, bytes, message) in table {
        let found = refusal(archive(name, &bytes));
        assert!(found.contains(message), "{name}: {message:?} is not in {found:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_mutated_archive_is_read_or_refused(
        form in 0..3usize,
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
        is_cut: bool,
    ) {
        let entries = [("hw/src/server.rs", "fn main() {}"), ("hw/src/table.rs", "// table")];
        let (name, mut bytes) = match form {
            0 => ("a.zip", zip(&entries)),
            1 => ("a.tar", tar(&entries)),
            _ => ("a.tar.gz", tgz(&entries)),
        };
        for (place, byte) in edits {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if is_cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        match archive(name, &bytes) {
            Ok(content) => {
                let files = content.projects.values().flat_map(|project| project.files.keys());
                for path in files {
                    prop_assert!(PathBuf::from("/x").join(path).starts_with("/x"));
                    prop_assert!(!path.components().any(|c| c.as_os_str() == ".."));
                }
            }
            Err(Rejection::Refused(message)) => prop_assert!(!message.contains('\n'), "{}", message),
            Err(other) => prop_assert!(false, "not refused: {}", other),
        }
    }
}
