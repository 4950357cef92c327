//! For a bad submission or for wrong usage, the grader prints a clear message. All other
//! submissions are graded.

#[path = "../../../tests/support/graded.rs"]
mod graded;

mod files;

use grade::intake::File;
use grade::model::Verdict;
use grade::sample_class::{Files, archive};
use graded::{Class, Grader, can_become_nobody, lessons};
use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

const LESSON: &str = "w03-l02";

#[test]
fn each_bad_submission_has_a_one_line_reason_and_all_others_are_graded() {
    let class = Class::new();
    class.hand_in("right", &right());
    let entry = |name: &str| class.submissions().join(name);
    let zip = archive::zip(&right()).unwrap();
    let tar = archive::tar_gz(&right()).unwrap();

    fs::create_dir(entry("empty")).unwrap();
    class.hand_in("notes", &[("notes.txt".into(), file("I was ill"))].into());
    fs::write(entry("half.zip"), &zip[..zip.len() / 2]).unwrap();
    fs::write(entry("half.tar.gz"), &tar[..tar.len() / 2]).unwrap();
    fs::write(entry("nothing.zip"), "").unwrap();
    fs::write(entry("other.tar.gz"), &zip).unwrap();
    fs::write(entry("server.rs"), "fn main() {}").unwrap();
    fs::write(entry("above.tar.gz"), packed("../../above", tar::EntryType::Regular)).unwrap();
    fs::write(entry("root.tar.gz"), packed("/tmp/root", tar::EntryType::Regular)).unwrap();
    fs::write(entry("link.tar.gz"), packed("server.py", tar::EntryType::Symlink)).unwrap();
    fs::write(entry("device.tar.gz"), packed("server.py", tar::EntryType::Block)).unwrap();
    symlink("/etc", entry("out")).unwrap();
    symlink("right", entry("copied")).unwrap();
    fs::create_dir(entry("inside")).unwrap();
    symlink("/etc/passwd", entry("inside").join("server.py")).unwrap();
    nix::unistd::mkfifo(&entry("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    class.hand_in("bad-recipe", &[("submission.toml".into(), file("run = \n"))].into());

    let out = class.home().join("grades");
    let mut command = class.command(Grader::CurrentUser);
    command.arg("grade").arg(class.submissions()).args(["--lesson", LESSON, "--out"]).arg(&out);
    let answer = command.assert();
    let lessons = lessons(&out);
    assert_eq!(lessons["right"].verdict, Verdict::Proved, "{:?}", lessons["right"].reason);
    for (student, lesson) in lessons.iter().filter(|(student, _)| *student != "right") {
        assert!(
            matches!(lesson.verdict, Verdict::Refused | Verdict::Missing),
            "{student}: {:?} {}",
            lesson.verdict,
            lesson.reason
        );
        assert!(lesson.verdict == Verdict::Missing || !lesson.reason.is_empty(), "{student}");
        assert!(!lesson.reason.contains('\n'), "{student}: {}", lesson.reason);
    }
    let refused = ["half", "above", "root", "link", "device", "out", "pipe", "bad-recipe"];
    for student in refused {
        assert!(
            lessons.keys().any(|name| name.starts_with(student)),
            "{student} is not in the results"
        );
    }
    assert!(!class.submissions().join("../../above").exists());
    assert!(!Path::new("/tmp/root").exists());
    answer.code(0);
}

#[test]
fn odd_names_stay_distinct_and_are_readable() {
    let class = Class::new();
    let names: [&[u8]; 7] = [
        b"two\nlines",
        b"not \xff UTF-8",
        b"spaces  and\ttabs",
        b"\x1b[31mred",
        "right-to-left \u{202e}".as_bytes(),
        b"same",
        b"-rf",
    ];
    for name in names {
        let folder = class.submissions().join(OsStr::from_bytes(name));
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("server.py"), right_server()).unwrap();
    }
    fs::write(class.submissions().join("same.zip"), archive::zip(&right()).unwrap()).unwrap();
    let graded = class.grade(Grader::CurrentUser, LESSON, 2);
    assert_eq!(graded.lessons.len(), 8);
    for (student, lesson) in &graded.lessons {
        assert!(
            !student.contains(|char: char| char.is_control() || char == '\u{202e}'),
            "{student:?}"
        );
        assert_eq!(lesson.verdict, Verdict::Proved, "{student}: {}", lesson.reason);
    }
    assert!(!graded.output.contains(|char: char| char.is_control() && char != '\n'));
}

#[test]
fn a_folder_without_submissions_is_refused() {
    let class = Class::new();
    for folder in [class.submissions(), class.home().join("nowhere"), class.home().join("canary")] {
        let message = refused(&class, &folder, &class.home().join("grades"));
        assert!(message.contains(&*folder.to_string_lossy()), "{message}");
    }
}

#[test]
fn an_unreadable_submission_is_inconclusive() {
    if !can_become_nobody() {
        return;
    }
    let class = Class::new();
    class.hand_in("right", &right());
    class.hand_in("secret", &right());
    let secret = class.submissions().join("secret");
    fs::set_permissions(&secret, Permissions::from_mode(0o000)).unwrap();
    let out = class.submissions().with_file_name("grades");
    let mut command = class.command(Grader::Nobody);
    command.arg("grade").arg(class.submissions()).args(["--lesson", LESSON, "--out"]).arg(&out);
    let answer = command.assert().code(2);
    let (lessons, message) = (lessons(&out), answer.get_output());
    let verdict = |student: &str| lessons.get(student).map(|lesson| lesson.verdict);
    assert_eq!(verdict("right"), Some(Verdict::Proved), "{message:?}");
    assert_eq!(verdict("secret"), Some(Verdict::Inconclusive), "{message:?}");
}

#[test]
fn results_of_another_class_are_not_changed() {
    let (one, other) = (Class::new(), Class::new());
    for class in [&one, &other] {
        class.hand_in("right", &right());
    }
    let out = one.grade(Grader::CurrentUser, LESSON, 1).out;
    let before = files::all(&out);
    refused(&other, &other.submissions(), &out);
    assert_eq!(files::all(&out), before);
}

#[test]
fn a_file_of_another_version_or_program_is_not_changed() {
    let class = Class::new();
    class.hand_in("right", &right());
    let out = class.grade(Grader::CurrentUser, LESSON, 1).out;
    let file = out.join(grade::store::FILE);
    for change in [older, newer, another_programs, garbage] {
        change(&file);
        let before = files::all(&out);
        let message = refused(&class, &class.submissions(), &out);
        assert!(message.contains(grade::store::FILE), "{message}");
        assert_eq!(files::all(&out), before);
    }
}

#[test]
fn a_full_disk_is_reported() {
    let class = Class::new();
    for number in 0..20 {
        class.hand_in(&format!("right-{number}"), &right());
    }
    let out = class.home().join("small");
    fs::create_dir(&out).unwrap();
    let script = "mount -t tmpfs -o size=48k small \"$1\" && shift && exec \"$@\"";
    let program = env!("CARGO_BIN_EXE_grade");
    let mut unshare = assert_cmd::Command::new("unshare");
    unshare.args(["--mount", "sh", "-c", script, "sh"]).arg(&out).arg(program);
    unshare.arg("grade").arg(class.submissions()).args(["--lesson", LESSON, "--out"]).arg(&out);
    let answer = unshare.output().unwrap();
    let message = String::from_utf8_lossy(&answer.stderr).into_owned();
    if message.contains("unshare failed") || message.contains("mount:") {
        println!("skipped: no file system can be mounted here");
        return;
    }
    assert_eq!(answer.status.code(), Some(2), "{message}");
    assert!(message.contains("disk is full") || message.contains("No space"), "{message}");
}

/// Runs a grader that must refuse to start, and returns its message.
#[track_caller]
fn refused(class: &Class, submissions: &Path, out: &Path) -> String {
    let mut command = class.command(Grader::CurrentUser);
    command.arg("grade").arg(submissions).args(["--lesson", LESSON, "--out"]).arg(out);
    let answer = command.assert().code(2).get_output().clone();
    assert!(answer.stdout.is_empty(), "{}", String::from_utf8_lossy(&answer.stdout));
    let message = String::from_utf8(answer.stderr).unwrap();
    assert!(message.lines().count() < 8 && !message.contains("panicked"), "{message}");
    message
}

fn older(file: &Path) {
    version(file, 0);
}

fn newer(file: &Path) {
    version(file, 99);
}

fn version(file: &Path, number: i32) {
    let database = rusqlite::Connection::open(file).unwrap();
    database.pragma_update(None, "user_version", number).unwrap();
}

fn another_programs(file: &Path) {
    fs::remove_file(file).unwrap();
    let database = rusqlite::Connection::open(file).unwrap();
    database.execute_batch("CREATE TABLE recipes (name TEXT)").unwrap();
}

fn garbage(file: &Path) {
    fs::write(file, "these are no results, but somebody's notes".repeat(100)).unwrap();
}

/// A `.tar.gz` archive with one entry of this name and type. A correct submission has no such
/// entry.
fn packed(name: &str, kind: tar::EntryType) -> Vec<u8> {
    let mut header = tar::Header::new_gnu();
    header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
    header.set_entry_type(kind);
    header.set_mode(0o644);
    header.set_size(0);
    if kind == tar::EntryType::Symlink {
        header.set_link_name("/etc/passwd").unwrap();
    }
    header.set_cksum();
    let gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    let mut archive = tar::Builder::new(gz);
    archive.append(&header, std::io::empty()).unwrap();
    archive.into_inner().unwrap().finish().unwrap()
}

fn right() -> Files {
    [("server.py".into(), file(&right_server()))].into()
}

fn right_server() -> String {
    let course = terminal::paths::root();
    fs::read_to_string(course.join("tests/servers/select_poll.py")).unwrap()
}

fn file(text: &str) -> File {
    File { bytes: text.as_bytes().to_vec(), is_executable: false }
}
