//! Tests of archives: inside one another, from Windows, and with folders that are ignored.

use crate::archives::{folder, tgz, zip, zip_bytes, zip_of_entries};
use crate::{archive, paths, read, refusal};
use std::fs;

const SERVER: (&str, &str) = ("w03/src/server.rs", "x");

#[test]
fn an_archive_in_a_folder_in_an_archive_is_opened() {
    let inner = zip(&[SERVER, ("w03/src/table.rs", "y")]);
    for (name, outer) in [
        ("a.zip", zip_bytes(&[("hand-in/w03.zip", &inner)])),
        ("a.zip", zip_bytes(&[("hand-in/w03.tgz", &tgz(&[SERVER])), ("hand-in/me.pdf", b"x")])),
    ] {
        let content = archive(name, &outer).unwrap();
        assert!(paths(&content, "w03-l02").contains(&"src/server.rs".to_owned()));
        assert!(content.notes[0].contains("was opened: an archive in the submission"));
    }
    // The hash is that of the files, however they are packed.
    let plain = archive("a.zip", &inner).unwrap();
    let packed = archive("a.zip", &zip_bytes(&[("w03.zip", &inner)])).unwrap();
    assert_eq!(plain.digest, packed.digest);
    // A folder may have one archive more around the files.
    let home = tempfile::tempdir().unwrap();
    let ada = home.path().join("Ada_1_assignsubmission_file_");
    fs::create_dir(&ada).unwrap();
    fs::write(ada.join("w03.zip"), zip_bytes(&[("w03.zip", &inner)])).unwrap();
    assert_eq!(read(&ada, &["w03-l02"]).unwrap().digest, plain.digest);
}

#[test]
fn an_archive_in_an_archive_in_an_archive_is_refused_with_its_name() {
    let one = zip(&[SERVER]);
    let two = zip_bytes(&[("two.zip", &one)]);
    let three = zip_bytes(&[("deep/three.zip", &two)]);
    let message = refusal(archive("a.zip", &three));
    let expected = "deep/three.zip: two.zip: an archive in an archive in an archive is not opened";
    assert!(message.starts_with(expected), "{message}");
}

#[test]
fn archives_beside_sources_are_not_opened() {
    let old = zip(&[("src/server.rs", "old")]);
    let files: [(&str, &[u8]); 2] = [("src/server.rs", b"new"), ("old.zip", &old)];
    let content = archive("a.zip", &zip_bytes(&files)).unwrap();
    assert_eq!(paths(&content, "w03-l02"), ["src/server.rs"]);
    assert_eq!(content.files.ignored[0].path, "old.zip");
}

#[test]
fn several_archives_need_the_names_of_lessons() {
    let files: [(&str, &[u8]); 2] = [("a.zip", &zip(&[SERVER])), ("b.zip", &zip(&[SERVER]))];
    let message = refusal(archive("a.zip", &zip_bytes(&files)));
    assert!(message.starts_with("there are several archives: a.zip, b.zip; hand in"), "{message}");

    let files: [(&str, &[u8]); 2] = [
        ("w03-l02.zip", &zip(&[("src/server.rs", "x")])),
        ("w04-l01-epoll-tracker.tgz", &tgz(&[("src/epoll.rs", "y")])),
    ];
    let content = archive("a.zip", &zip_bytes(&files)).unwrap();
    assert_eq!(paths(&content, "w03-l02"), ["src/server.rs"]);
}

#[test]
fn a_damaged_archive_inside_is_named() {
    let files: [(&str, &[u8]); 1] = [("x/w03.zip", b"PK\x03\x04 cut")];
    let message = refusal(archive("a.zip", &zip_bytes(&files)));
    assert!(message.starts_with("x/w03.zip: the archive is damaged"), "{message}");
}

#[test]
fn a_backslash_separates_folders_in_archives_and_in_folders() {
    let content = archive("a.zip", &zip(&[("hw\\src\\server.rs", "x")])).unwrap();
    assert_eq!(paths(&content, "w03-l02"), ["src/server.rs"]);
    assert!(content.notes[0].contains("counts as a separator of folders"), "{:?}", content.notes);
    let message = refusal(archive("a.zip", &zip(&[("..\\..\\x", "")])));
    assert!(message.contains("is not inside the archive"), "{message}");

    let home = tempfile::tempdir().unwrap();
    let ada = home.path().join("ada");
    folder(&ada, &[("hw\\src\\server.rs", "x"), ("hw\\target\\debug\\server.rs", "y")]);
    let content = read(&ada, &["w03-l02"]).unwrap();
    assert_eq!(paths(&content, "w03-l02"), ["src/server.rs"]);
}

#[test]
fn ignored_folders_do_not_count_towards_limits() {
    let large = "x".repeat(40 << 20);
    let target = [("hw/src/server.rs", "x"), ("hw/target/debug/big", &large)];
    for (name, bytes) in [("a.zip", zip(&target)), ("a.tgz", tgz(&target))] {
        let content = archive(name, &bytes).unwrap();
        assert_eq!(paths(&content, "w03-l02"), ["src/server.rs"], "{name}");
        let ignored: Vec<_> = content.files.ignored.iter().map(|file| &file.path).collect();
        assert_eq!(ignored, ["hw/target"], "{name}");
    }
    // More entries than a submission may have, but all of them in ignored folders.
    let many = |folder: &str| zip_of_entries("src/server.rs", folder, 30_000);
    for folder in ["hw/.git/objects", "__MACOSX", "hw\\target\\debug"] {
        let content = archive("a.zip", &many(folder)).unwrap();
        assert_eq!(paths(&content, "w03-l02"), ["src/server.rs"], "{folder}");
    }
    let message = refusal(archive("a.zip", &many("mine")));
    assert_eq!(message, "the archive holds more than 20000 entries; hand in only the sources");
}
