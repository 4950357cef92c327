//! Tests of who handed in what, and when: the names of platforms, the roster and the times.

use crate::archives::{folder, tgz, zip};
use crate::{COURSE, found};
use grade::intake::{self, ClassFiles, ClassSources, Input, SubmissionSource};
use grade::model::{Extension, TimeSource};
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

pub(crate) fn class(files: &[(&str, &str)]) -> TempDir {
    let home = tempfile::tempdir().unwrap();
    folder(&home.path().join("class"), files);
    home
}

/// Reads the class with a roster and times, where they are given.
fn with_files(home: &TempDir, roster: Option<&str>, times: Option<&str>) -> ClassSources {
    let file = |name: &str, text: Option<&str>| {
        let path = home.path().join(name);
        text.map(|text| fs::write(&path, text).map(|()| path).unwrap())
    };
    let files = ClassFiles { roster: file("roster.csv", roster), times: file("times.csv", times) };
    let mut class = intake::find(&home.path().join("class"), &files).unwrap();
    // Without the path of the temporary folder.
    let place = format!("{}/", home.path().display());
    class.problems.iter_mut().for_each(|problem| *problem = problem.replace(&place, ""));
    class
}

pub(crate) fn students(sources: &[SubmissionSource]) -> Vec<&str> {
    sources.iter().map(|source| source.student.as_str()).collect()
}

fn used(source: &SubmissionSource) -> Vec<String> {
    let content = intake::read(source, &COURSE, &["w03-l02".to_owned()]).unwrap();
    content.files.lessons[0].used.clone()
}

#[test]
fn names_come_from_moodle_and_canvas() {
    let home = class(&[
        ("Ada Lovelace_11_assignsubmission_file_/server.rs", "x"),
        ("Ada Lovelace_11_assignsubmission_onlinetext_/onlinetext.html", "hello"),
        ("Participant_12_assignsubmission_file_/server.rs", "x"),
        ("Participant_13_assignsubmission_file_/server.rs", "x"),
        ("hoppergrace_21_301_server.rs", "x"),
        ("hoppergrace_21_302_table.rs", "y"),
        ("hoppergrace_21_303_text.html", "hello"),
        ("kay_LATE_22_304_server-1.rs", "x"),
        ("ritchie/server.rs", "x"),
    ]);
    let path = home.path().join("class/Bob_14_assignsubmission_file_w03.zip");
    fs::write(path, zip(&[("w03/server.rs", "x")])).unwrap();
    let sources = found(&home.path().join("class")).unwrap();
    let expected = [
        "Ada Lovelace",
        "Bob",
        "Participant (12)",
        "Participant (13)",
        "hoppergrace",
        "kay",
        "ritchie",
    ];
    assert_eq!(students(&sources), expected);
    assert_eq!(used(&sources[1]), ["server.rs"]);
    assert_eq!(used(&sources[4]), ["server.rs", "table.rs"]);
    assert_eq!(used(&sources[5]), ["server-1.rs as src/server.rs"]);
    assert_eq!(sources[5].notes, ["the platform marks it as late"]);
    // The numbers of Moodle and Canvas are no ids for a gradebook.
    assert!(sources.iter().all(|source| source.person.id.is_empty()));
    // Without a time of the platform's there is no time, whatever the files say.
    assert!(sources.iter().all(|source| source.time().is_none()));
}

#[test]
fn the_archives_of_ship_belong_to_one_student() {
    let home = class(&[("ritchie/server.rs", "x")]);
    let folder = home.path().join("class");
    for (id, lesson) in [("w03-l02", "w03-l02-poll-tracker"), ("w04-l01", "w04-l01-epoll-tracker")]
    {
        // The lesson on epoll builds on the earlier lesson, whose crate is in both archives.
        let own = format!("{lesson}/src/server.rs");
        let earlier = "w03-l02-poll-tracker/src/table.rs";
        let bytes = tgz(&[(own.as_str(), id), (earlier, "x")]);
        fs::write(folder.join(format!("{id}-ada-lovelace.tar.gz")), bytes).unwrap();
    }
    let sources = found(&folder).unwrap();
    assert_eq!(students(&sources), ["ada-lovelace", "ritchie"]);
    assert_eq!(used(&sources[0]), ["w03-l02/src/server.rs", "w03-l02/src/table.rs"]);
}

const METADATA: &str = "---
submission_1:
  :submitters:
  - :name: Ada Lovelace
    :sid: 's1'
    :email: ada@example.org
  :created_at: 2026-10-09 21:59:00.365935000 Z
  :score: 0.0
submission_2:
  :submitters:
  - :name: Bob
    :sid:
    :email: bob@example.org
  - :name: Eve
    :email: eve@example.org
  :created_at: !ruby/object:ActiveSupport::TimeWithZone
    utc: 2026-10-09 22:59:00.3 Z
submission_9:
  :submitters: []
";

#[test]
fn names_and_times_come_from_gradescopes_metadata() {
    let home = class(&[
        ("submission_1/server.rs", "x"),
        ("submission_2/server.rs", "y"),
        ("submission_3/server.rs", "z"),
        ("submission_metadata.yml", METADATA),
    ]);
    let class = with_files(&home, None, None);
    assert_eq!(students(&class.sources), ["Ada Lovelace", "Bob", "Eve", "submission_3"]);
    let times: Vec<_> = class.sources.iter().map(|it| it.submitted.map(|it| it.seconds)).collect();
    let [first, second] = [Some(1_791_583_140), Some(1_791_586_740)];
    assert_eq!(times, [first, second, second, None]);
    assert_eq!(class.sources[0].submitted.unwrap().source, TimeSource::Platform);
    assert_eq!(class.sources[0].person.id, "s1");
    let missing = "class/submission_metadata.yml: submission_9 is not in the folder; export the \
                   submissions again";
    assert_eq!(class.problems, [missing]);
    // A damaged file is one line, and the submissions keep their names.
    fs::write(home.path().join("class/submission_metadata.yml"), "a: [").unwrap();
    let class = with_files(&home, None, None);
    assert_eq!(students(&class.sources), ["submission_1", "submission_2", "submission_3"]);
    assert!(
        class.problems[0].starts_with("class/submission_metadata.yml: "),
        "{:?}",
        class.problems
    );
}

#[test]
fn a_roster_gives_names_and_says_who_is_absent() {
    let home = class(&[
        ("submission_1/server.rs", "x"),
        ("submission_metadata.yml", &METADATA[..METADATA.find("submission_2").unwrap()]),
        ("hoppergrace_21_301_server.rs", "x"),
        ("kay.d/server.rs", "x"),
        ("team [7]/server.rs", "x"),
        ("s5/server.rs", "x"),
        ("stranger/server.rs", "x"),
    ]);
    let roster = "name,id,email,files,extension,late_days
Ada King,s1,ADA@example.org,,2d,
Grace Hopper,s2,,,,2
\"Kay, Alan\",s3,,kay*/,2026-10-12T23:59:00+02:00,
Seven,s4,,team [7],,
Same,s5,,,,
Same,s6,,,,
";
    let class = with_files(&home, Some(roster), None);
    let expected =
        ["Ada King", "Grace Hopper", "Kay, Alan", "Same (s5)", "Same (s6)", "Seven", "stranger"];
    assert_eq!(students(&class.sources), expected);
    let [ada, grace, kay, _, absent, ..] = &class.sources[..] else { panic!() };
    assert!(matches!(absent.input, Input::Nothing));
    assert_eq!((grace.allowance.late_days, grace.person.id.as_str()), (2, "s2"));
    assert_eq!(kay.allowance.extension, Some(Extension::Until(1_791_842_340)));
    assert_eq!(ada.allowance.extension, Some(Extension::By(172_800)));
    let stranger =
        "roster.csv: no line fits stranger; add a person, or name it in the column files";
    assert_eq!(class.problems, [stranger]);
}

#[test]
fn a_bad_line_of_a_roster_is_named_and_all_others_count() {
    let home = class(&[("ada/server.rs", "x"), ("bob/server.rs", "x")]);
    let roster = "id,mail,files,late_days
ada,a@b,ada,
ada,a@b,bob,
bob,,bob,soon
cleo,,cleo,
,,,
dora,,
";
    let class = with_files(&home, Some(roster), None);
    let expected = [
        "roster.csv line 1: unknown column \"mail\", which is left out; the columns are id, name, \
         email, files, extension, late_days",
        "roster.csv line 3: the id \"ada\" is already on line 2, which counts; give each person \
         one line",
        "roster.csv line 4: late_days \"soon\" is no whole number of days; write 2, for example",
        "roster.csv line 6: the id is empty; give each person an id",
        "roster.csv line 7: 3 columns, and the first line has 4; write commas between the columns, \
         and quotes around a text with a comma",
        "roster.csv: no line fits bob; add a person, or name it in the column files",
        "roster.csv line 5: no submission is named cleo; correct the column files, or leave it \
         empty",
    ];
    assert_eq!(class.problems, expected);
    assert_eq!(class.unusable, 5);
    assert_eq!(students(&class.sources), ["ada", "bob", "cleo"]);

    let fails = |roster: &str| {
        let path = home.path().join("roster.csv");
        fs::write(&path, roster).unwrap();
        let files = ClassFiles { roster: Some(path), times: None };
        format!("{:#}", intake::find(&home.path().join("class"), &files).unwrap_err())
    };
    assert!(fails("name,email\nAda,a@b\n").contains("roster.csv line 1: there is no column id"));
    assert!(fails("id;name\n1;Ada\n").contains("line 1: there is no column id; the columns are"));
    let files = ClassFiles { roster: Some(home.path().join("none.csv")), times: None };
    let error = format!("{:#}", intake::find(&home.path().join("class"), &files).unwrap_err());
    assert!(
        error.contains("none.csv: cannot read it; give a CSV file with the columns"),
        "{error}"
    );
}

#[test]
fn a_times_file_comes_before_the_platforms_metadata() {
    let home = class(&[
        ("submission_1/server.rs", "x"),
        ("submission_metadata.yml", &METADATA[..METADATA.find("submission_2").unwrap()]),
        ("hoppergrace_21_301_server.rs", "x"),
        ("hoppergrace_21_302_table.rs", "y"),
        ("kay/server.rs", "x"),
    ]);
    let times = "name,time
submission_1/,2026-10-09T12:00:00+02:00
hoppergrace_21_301_server.rs,2026-10-09T10:00:00Z
hoppergrace_21_302_table.rs,2026-10-09T11:00:00Z
kay,2026-10-09 23:59
kay,09.10.2026 23:59
nobody.zip,2026-10-09T11:00:00Z
kay,2026-10-09T11:00:00Z,x
";
    let class = with_files(&home, None, Some(times));
    let found: Vec<_> = class.sources.iter().map(|it| it.submitted.map(|it| it.seconds)).collect();
    let noon_in_berlin = 1_791_540_000;
    assert_eq!(found, [Some(noon_in_berlin), Some(noon_in_berlin + 3600), None]);
    assert_eq!(class.sources[0].submitted.unwrap().source, TimeSource::TimesFile);
    let expected = [
        "times.csv line 5: \"2026-10-09 23:59\" has no offset from UTC; write it as in RFC 3339: \
         2026-10-09T23:59:00+02:00",
        "times.csv line 6: \"09.10.2026 23:59\" is no time as in RFC 3339; write it like \
         2026-10-09T23:59:00+02:00",
        "times.csv line 8: 3 columns; write the name of a folder or file, a comma, and the time",
        "times.csv line 7: nothing in class is named nobody.zip; write the name of a folder or \
         file there",
    ];
    assert_eq!(class.problems, expected);
}

fn git(folder: &Path, arguments: &[&str]) {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).args(["-c", "user.name=a", "-c", "user.email=a@b"]);
    command.env("GIT_COMMITTER_DATE", "2026-10-09T23:59:00+02:00");
    assert!(command.args(arguments).output().unwrap().status.success(), "{arguments:?}");
}

#[test]
fn the_time_of_a_clone_is_that_of_its_commit_and_its_configuration_never_runs() {
    let home = class(&[("ada/repo/server.rs", "x")]);
    let repository = home.path().join("class/ada/repo");
    let time = || {
        let sources = found(&home.path().join("class")).unwrap();
        sources[0].time().map(|time| (time.seconds, time.source))
    };
    assert_eq!(time(), None);
    git(&repository, &["init", "--quiet"]);
    assert_eq!(time(), None, "there is no commit yet");
    git(&repository, &["add", "."]);
    git(&repository, &["commit", "--quiet", "--message", "x"]);
    let expected = Some((1_791_583_140, TimeSource::Commit));
    assert_eq!(time(), expected);
    // The same, when everything is packed.
    git(&repository, &["gc", "--quiet"]);
    git(&repository, &["pack-refs", "--all"]);
    assert_eq!(time(), expected);
    // Programs in the clone's configuration do not run.
    let marker = home.path().join("ran");
    let evil = format!("touch {}", marker.display());
    for key in ["core.fsmonitor", "core.sshCommand", "gpg.program", "core.pager", "alias.cat-file"]
    {
        git(&repository, &["config", key, &evil]);
    }
    git(&repository, &["config", "log.showSignature", "true"]);
    assert_eq!(time(), expected);
    assert!(!marker.exists());
    // A HEAD that leads outside, or nowhere, gives no time.
    for head in ["ref: ../../x\n", "ref: refs/../../x\n", "ref: refs/heads/none\n", "junk", ""] {
        fs::write(repository.join(".git/HEAD"), head).unwrap();
        assert_eq!(time(), None, "{head:?}");
    }
    fs::remove_file(repository.join(".git/HEAD")).unwrap();
    nix::unistd::mkfifo(&repository.join(".git/HEAD"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    assert_eq!(time(), None);
}
