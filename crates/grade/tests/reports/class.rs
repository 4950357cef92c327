//! A sample class of forty students and two lessons. The results come from real proofs. The class
//! has every kind of problem that a class can have.

use course::catalogue::Course;
use course::report::Status;
use grade::model::{BuildStatus, HandInTime, LessonGrade, Submission, TimeSource, Verdict};
use grade::overrides::Overrides;
use grade::report::Class;
use grade::rubric::Rubric;
use std::collections::BTreeMap;
use std::sync::OnceLock;
use terminal::paths;

const NAMES: [&str; 40] = [
    "adeyemi-tobi",
    "alvarez-lucia",
    "andersson-nils",
    "bauer-jonas",
    "bianchi-giulia",
    "chen-wei",
    "cohen-noa",
    "costa-rafael",
    "dubois-camille",
    "dvořák-petr",
    "eriksen-ida",
    "fischer-lena",
    "garcía-mateo",
    "haddad-layla",
    "hansen-emil",
    "horváth-anna",
    "ivanova-daria",
    "jansen-sophie",
    "johansson-elsa",
    "kaya-deniz",
    "kim-minjun",
    "kowalska-zofia",
    "lee-hana",
    "lindqvist-axel",
    "martin-hugo",
    "mbeki-thandi",
    "müller-paula",
    "nakamura-yui",
    "nguyen-linh",
    "novak-luka",
    "o'brien-saoirse",
    "okafor-chidi",
    "papadakis-eleni",
    "patel-arjun",
    "popescu-ana",
    "rossi-marco",
    "santos-beatriz",
    "schmidt-karl",
    "silva-inês",
    "tanaka-ren",
];
const ECHO: [&str; 8] = [
    "solution",
    "short-write",
    "solution",
    "no-reuse",
    "solution",
    "c-string",
    "solution",
    "short-write",
];
const TRACKER: [&str; 11] = [
    "solution",
    "forgot-close",
    "spin-on-eof",
    "solution",
    "forgot-close",
    "off-by-one",
    "solution",
    "thread-per-client",
    "stale-pollfd",
    "wrong-fd",
    "starter",
];

/// The compiler's output for a server that does not compile.
pub(crate) const RUSTC: &str = "\
error[E0425]: cannot find value `clients` in this scope
  --> src/server.rs:41:13
   |
41 |     for fd in clients.iter() {
   |               ^^^^^^^ help: a local variable with a similar name exists: `client`

error[E0308]: mismatched types
  --> src/table.rs:22:9
   |
21 |     pub fn take(&mut self, fd: OwnedFd) -> Option<Slot> {
   |                                            ------------ expected `Option<Slot>`
22 |         self.slots.len()
   |         ^^^^^^^^^^^^^^^^ expected `Option<Slot>`, found `usize`

error: could not compile `w03-l02-poll-tracker` (bin) due to 2 previous errors
";

/// The grade of one server in `sample.json`. An example of a name is `w03-l02/forgot-close`.
pub(crate) fn lesson(name: &str) -> LessonGrade {
    static GRADES: OnceLock<BTreeMap<String, LessonGrade>> = OnceLock::new();
    let grades = GRADES.get_or_init(|| serde_json::from_str(include_str!("sample.json")).unwrap());
    grades.get(name).cloned().unwrap_or_else(|| panic!("no {name} in sample.json"))
}

/// A submission without lessons.
pub(crate) fn alice() -> Submission {
    student("alice")
}

/// The rubric with the points from the lessons' front matter.
pub(crate) fn rubric() -> Rubric {
    Rubric::open(None, &Course::open(paths::root()).unwrap()).unwrap()
}

/// The lessons for which the sample class was graded.
pub(crate) fn lessons() -> Vec<(String, String)> {
    ["w01-l01/solution", "w03-l02/solution"]
        .map(|name| (lesson(name).lesson, lesson(name).title))
        .to_vec()
}

/// The forty submissions of the sample class, ordered by name.
pub(crate) fn submissions() -> Vec<Submission> {
    let mut class: Vec<_> = NAMES.iter().enumerate().map(|(n, name)| typical(n, name)).collect();
    class[3].lessons[1] = unbuilt("w03-l02", RUSTC);
    class[9].lessons[1] = unbuilt("w03-l02", RUSTC);
    class[17].lessons[1] = unbuilt("w03-l02", "error: linking with `cc` failed: exit status: 1\n");
    class[5].lessons = vec![without("w01-l01", Verdict::Missing, ""), class[5].lessons[1].clone()];
    class[12].lessons = ["w01-l01", "w03-l02"]
        .map(|id| without(id, Verdict::Refused, "broken.zip: ends early"))
        .into();
    class[12].digest.clear();
    class[20].lessons[1] = inconclusive();
    class[24].lessons[1] = flaky();
    class[7].notes = vec!["left out: Cargo.toml (given by the course)".to_owned()];
    class
}

/// Calls `use_class` with the sample class.
pub(crate) fn with_class<T>(use_class: impl FnOnce(&Class<'_>) -> T) -> T {
    with_submissions(&submissions(), use_class)
}

/// Calls `use_class` with a class of these submissions.
pub(crate) fn with_submissions<T>(
    submissions: &[Submission],
    use_class: impl FnOnce(&Class<'_>) -> T,
) -> T {
    let (rubric, lessons) = (rubric(), lessons());
    let name = "networks-2026";
    let overrides = &Overrides::default();
    use_class(&Class {
        name,
        lessons: &lessons,
        submissions,
        rubric: &rubric,
        overrides,
        copies: None,
    })
}

/// The grade of a lesson for which there is no program to check.
pub(crate) fn without(id: &str, verdict: Verdict, reason: &str) -> LessonGrade {
    let mut grade = lesson(&format!("{id}/solution"));
    for criterion in &mut grade.criteria {
        criterion.status = Status::Skipped;
        criterion.runs = 0;
        criterion.millis = 0.0;
    }
    grade.verdict = verdict;
    grade.reason = reason.to_owned();
    grade.isolation.clear();
    grade.seconds = 0.0;
    grade.build.status = BuildStatus::None;
    grade.build.seconds = 0.0;
    grade
}

fn student(name: &str) -> Submission {
    Submission {
        student: name.to_owned(),
        submitted: Some(HandInTime {
            seconds: 1_791_500_000 + name.len() as i64 * 977,
            source: TimeSource::Platform,
        }),
        digest: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".to_owned(),
        ..Submission::default()
    }
}

fn typical(number: usize, name: &str) -> Submission {
    let echo = lesson(&format!("w01-l01/{}", ECHO[number % ECHO.len()]));
    let tracker = lesson(&format!("w03-l02/{}", TRACKER[number % TRACKER.len()]));
    Submission { lessons: vec![echo, tracker], ..student(name) }
}

fn unbuilt(id: &str, message: &str) -> LessonGrade {
    let mut grade = without(id, Verdict::NotYet, "");
    grade.build.status = BuildStatus::Failed;
    grade.build.seconds = 0.44;
    grade.build.message = message.to_owned();
    grade.isolation = "namespaces".to_owned();
    grade
}

fn inconclusive() -> LessonGrade {
    let mut grade = lesson("w03-l02/solution");
    grade.verdict = Verdict::Inconclusive;
    grade.isolation = "landlock".to_owned();
    let mut cause = grade::model::Cause { id: "unseen".to_owned(), ..Default::default() };
    cause.summary = "could not be seen: /proc/812/mem is refused here".to_owned();
    cause.replay = "cargo xtask prove w03-l02 --only watch-set".to_owned();
    let watch = grade.criteria.iter_mut().find(|criterion| criterion.id == "watch-set").unwrap();
    watch.status = Status::Inconclusive;
    watch.cause = Some(cause);
    grade
}

fn flaky() -> LessonGrade {
    let mut grade = lesson("w03-l02/off-by-one");
    for criterion in &mut grade.criteria {
        criterion.failed = criterion.failed.min(3);
    }
    grade
}
