//! Grades a class of hostile programs. Each program gets the expected verdict within a time limit,
//! changes no file of this machine, leaves no process, and does not affect the grade of another
//! submission.
//!
//! The environment variable HOSTILE selects programs, e.g. `HOSTILE=fork_bomb.c,sleeps.mk`.

#[path = "support/graded.rs"]
mod graded;
#[path = "support/host.rs"]
mod host;
#[path = "support/host_sockets.rs"]
mod host_sockets;

use course::catalogue::Course;
use course::report::Status;
use grade::model::{BuildStatus, LessonGrade, Verdict};
use grade::sample_class::hostile::{ExpectedOutcome, GREEDY, HOSTILE, Hostile, LESSON};
use grade::sample_class::roster::with_comment;
use grade::store::Store;
use graded::{CANARY, Class, Grader, SECRET, can_become_nobody};
use host::Host;
use host_sockets::HostSockets;
use std::sync::Mutex;
use std::{env, fs};
use terminal::paths;
use witness::IsolationLevel;

/// The maximum time to build and prove one program, in seconds. The maximum is also valid on a busy
/// machine.
const MAX_SECONDS: f64 = 150.0;

/// A budget of seconds that is sufficient for a correct server beside hostile ones. A program that
/// takes longer is not proved, as with the default budget.
const SHORT_BUDGET: &str = "--budget=40";

/// Programs whose build is killed at a time limit. The limit is the same for every user. Therefore
/// these programs are graded only by the user who runs the tests, and not also by the user nobody.
const SLOW_BUILDS: [&str; 3] = ["const_bomb.rs", "sleeps.mk", "spins.mk"];

/// Programs that are graded until the budget of a submission is used up.
const SLOW_PROOFS: [&str; 2] = ["floods_loopback.c", "slow_steps.c"];

/// Locked while a class is graded. A process that remains becomes a child of this test process. If
/// two classes were graded at the same time, a test could not know which class has left the
/// process.
static ONE_CLASS: Mutex<()> = Mutex::new(());

#[test]
fn each_program_gets_the_expected_verdict_and_leaves_nothing() {
    assert_contained(Grader::CurrentUser);
}

#[test]
#[ignore = "takes minutes: run it after a change of the sandbox"]
fn each_program_gets_the_expected_verdict_if_an_ordinary_user_grades() {
    if can_become_nobody() {
        assert_contained(Grader::Nobody);
    }
}

/// The programs whose attack is on what a weaker isolation level does not separate by itself: this
/// machine's network, IPC objects, users and processes.
const ON_WEAKER_LEVELS: [&str; 15] = [
    "fast_open.c",
    "local_sockets.c",
    "held_messages.c",
    "outliving_ipc.c",
    "hidden_memory.c",
    "system_servers.c",
    "slow_steps.c",
    "kernel_files.c",
    "first_process.c",
    "timers_and_signals.c",
    "orphans.c",
    "daemon.c",
    "forbidden_calls.c",
    "memory_hog.c",
    "stops_itself.c",
];

#[test]
fn programs_are_contained_with_other_user() {
    assert_contained_at(IsolationLevel::OtherUser, Grader::CurrentUser);
}

#[test]
fn programs_are_contained_with_landlock() {
    assert_contained_at(IsolationLevel::Landlock, Grader::CurrentUser);
}

#[test]
#[ignore = "takes minutes: run it after a change of the sandbox"]
fn programs_are_contained_with_landlock_if_an_ordinary_user_grades() {
    if can_become_nobody() {
        assert_contained_at(IsolationLevel::Landlock, Grader::Nobody);
    }
}

#[test]
fn neighbours_of_a_greedy_program_are_proved() {
    assert_neighbours_proved(Grader::CurrentUser);
}

#[test]
#[ignore = "takes minutes: run it after a change of the sandbox"]
fn neighbours_of_a_greedy_program_are_proved_if_an_ordinary_user_grades() {
    if can_become_nobody() {
        assert_neighbours_proved(Grader::Nobody);
    }
}

/// Grades each greedy program beside correct servers, all at the same time.
#[track_caller]
fn assert_neighbours_proved(grader: Grader) {
    let _guard = ONE_CLASS.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let (course, class) = (course(), Class::new());
    let selected: Vec<_> = HOSTILE.iter().filter(|row| GREEDY.contains(&row.file)).collect();
    for (number, row) in selected.iter().enumerate() {
        let [attack, twin] = [row.sample(&course), row.benign_twin(&course)].map(Result::unwrap);
        for (role, sample) in [("a", attack), ("b", twin)] {
            let sample = with_comment(sample, number);
            class.hand_in(&format!("{role}{number}-{}", student(row.file)), &sample.files);
        }
    }
    let graded = class.grade_with(grader, LESSON, 4, &[SHORT_BUDGET]);
    let mut wrong = Vec::new();
    for (number, row) in selected.iter().enumerate() {
        for (role, expected) in [("a", row.expected), ("b", ExpectedOutcome::Proved)] {
            let name = format!("{role}{number}-{}", student(row.file));
            wrong.extend(fault(&graded.lessons[&name], expected).map(|it| format!("{name}: {it}")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Grades the programs of [`ON_WEAKER_LEVELS`] on this level, beside sockets of this machine that no
/// program may reach.
#[track_caller]
fn assert_contained_at(level: IsolationLevel, grader: Grader) {
    let _guard = ONE_CLASS.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    if let Some(why) = level.refusal_for_untrusted() {
        return println!("skipped: {level} is not available here: {why}");
    }
    let (course, class, sockets) = (course(), Class::new(), HostSockets::open());
    let is_wanted = |row: &&Hostile| {
        ON_WEAKER_LEVELS.contains(&row.file) && is_selected(row, Grader::CurrentUser)
    };
    let selected: Vec<_> = HOSTILE.iter().filter(is_wanted).collect();
    for row in &selected {
        let attack = row.sample(&course).unwrap();
        class.hand_in(&student(&attack.name), &attack.files);
    }
    let level_flag = format!("--isolation={level}");
    let graded = class.grade_with(grader, LESSON, 2, &[&level_flag, SHORT_BUDGET]);
    let mut wrong = sockets.reached();
    for row in &selected {
        let found = fault(&graded.lessons[&student(&row.name())], row.expected);
        wrong.extend(found.map(|fault| format!("{}: {fault}", row.name())));
    }
    assert!(wrong.is_empty(), "{} differences at {level}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn simultaneous_runs_cannot_communicate() {
    let _guard = ONE_CLASS.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let (course, class) = (course(), Class::new());
    let row = HOSTILE.iter().find(|row| row.file == "neighbours.c").unwrap();
    for number in 0..6 {
        let sample = with_comment(row.sample(&course).unwrap(), number);
        class.hand_in(&sample.name.replace('.', &number.to_string()), &sample.files);
    }
    let graded = class.grade(Grader::CurrentUser, LESSON, 6);
    let wrong: Vec<_> =
        graded.lessons.values().filter_map(|it| fault(it, ExpectedOutcome::Proved)).collect();
    assert!(graded.lessons.len() == 6 && wrong.is_empty(), "{wrong:#?}");
}

/// Grades every hostile program and its benign twin in one class. The twin is the same program
/// without the attack.
#[track_caller]
fn assert_contained(grader: Grader) {
    let _guard = ONE_CLASS.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let (course, class) = (course(), Class::new());
    let selected: Vec<_> = HOSTILE.iter().filter(|row| is_selected(row, grader)).collect();
    for row in &selected {
        let [attack, twin] = [row.sample(&course), row.benign_twin(&course)].map(Result::unwrap);
        class.hand_in(&student(&attack.name), &attack.files);
        class.hand_in(&student(&twin.name), &twin.files);
    }
    let diary = [("src/diary.rs".into(), commented_canary())].into();
    class.hand_in("zoe", &diary);

    let (root, home) = (paths::root(), class.home());
    let course_folders = ["lessons", "crates", "xtask", "tests"].map(|name| root.join(name));
    let mut folders: Vec<_> = course_folders.iter().map(|path| path.as_path()).collect();
    let submissions = class.submissions();
    folders.extend([submissions.as_path(), home.as_path()]);
    let host = Host::snapshot(&folders);
    let graded = class.grade_with(grader, LESSON, 4, &[SHORT_BUDGET]);

    let mut wrong = host.differences();
    for row in &selected {
        for (name, expected) in
            [(row.name(), row.expected), (row.name() + " benign", ExpectedOutcome::Proved)]
        {
            let found = match graded.lessons.get(&student(&name)) {
                Some(lesson) => fault(lesson, expected),
                None => Some("the program was not graded".to_owned()),
            };
            wrong.extend(found.map(|fault| format!("{name}: {fault}")));
        }
    }
    wrong.extend(forged(&graded.output));
    wrong.extend(leaked(&graded.out));
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}

/// The difference between the grade of one program and the expected outcome; `None` if there is no
/// difference.
fn fault(lesson: &LessonGrade, expected: ExpectedOutcome) -> Option<String> {
    let took = lesson.build.seconds + lesson.seconds;
    if took > MAX_SECONDS {
        return Some(format!("building and proving took {took:.0} s"));
    }
    let is_right = match expected {
        ExpectedOutcome::Proved => lesson.verdict == Verdict::Proved,
        ExpectedOutcome::NotBuilt(words) => {
            lesson.verdict == Verdict::NotYet
                && lesson.build.status == BuildStatus::Failed
                && lesson.build.message.contains(words)
        }
        ExpectedOutcome::NotYet => lesson.verdict == Verdict::NotYet,
        ExpectedOutcome::OverBudget => {
            lesson.verdict == Verdict::NotYet && lesson.reason.contains("submission's budget of")
        }
        ExpectedOutcome::Fails(criterion, words) => {
            lesson.verdict == Verdict::NotYet
                && lesson.criteria.iter().any(|it| {
                    let output = serde_json::to_string(&it.cause).unwrap();
                    it.id == criterion && it.status == Status::Failed && output.contains(words)
                })
        }
    };
    (!is_right).then(|| format!("not {expected:?}, but {}", summary(lesson)))
}

/// A short description of the grade of a program.
fn summary(lesson: &LessonGrade) -> String {
    let short = |text: &str| text.chars().take(300).collect::<String>();
    let open = lesson.criteria.iter().filter(|it| it.status != Status::Proved).take(3);
    let causes: Vec<_> = open
        .map(|it| {
            let cause = it.cause.clone().unwrap_or_default();
            format!("{} {:?}: {} {}", it.id, it.status, cause.summary, short(&cause.observed))
        })
        .collect();
    let build = (lesson.build.status, short(&lesson.build.message));
    format!("{:?} {:?} {build:?} {causes:?}", lesson.verdict, lesson.reason)
}

/// The lines of the grader's output that imitate a result of the grader or contain a control
/// character. A hostile program has produced these lines.
fn forged(output: &str) -> Vec<String> {
    let starts =
        ["PASS slots", "ok 1 - every", "{\"scores\"", "{\"schema\"", "::set-output", "##vso"];
    let is_forged = |line: &str| starts.iter().any(|start| line.trim_start().starts_with(start));
    let is_control = |char: char| char.is_control() && char != '\n' && char != '\t';
    let lines = output.lines().filter(|line| is_forged(line) || line.contains(is_control));
    lines.map(|line| format!("the grader prints {line:?}")).collect()
}

/// The result files that contain a secret or a terminal escape sequence.
fn leaked(out: &std::path::Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![out.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_dir() {
                open.push(entry.path());
                continue;
            }
            let bytes = fs::read(entry.path()).unwrap();
            let results = results(&entry.path());
            let has = |word: &str| match (&results, word) {
                (Some(results), CANARY) => results.contains(word),
                // No terminal shows the database, which has hashes of any bytes.
                (Some(_), "\x1b[") => false,
                _ => bytes.windows(word.len()).any(|at| at == word.as_bytes()),
            };
            if let Some(word) = [CANARY, SECRET, "\x1b["].into_iter().find(|word| has(word)) {
                found.push(format!("{} has {word:?}", entry.path().display()));
            }
        }
    }
    found
}

/// The results in the database of results; `None` for any other file. The database also has the
/// sources of each submission, among them the other student's with the canary.
fn results(path: &std::path::Path) -> Option<String> {
    let store = path.ends_with("grades.sqlite").then(|| Store::read(path).unwrap())?;
    Some(format!("{:?}", store.submissions().unwrap()))
}

fn commented_canary() -> grade::intake::File {
    grade::intake::File { bytes: format!("// {CANARY}\n").into_bytes(), is_executable: false }
}

/// A student's name that is made of `name`. The grader does not change the characters of such a
/// name.
///
/// The grader begins with the first name of the alphabet. The slow programs get the first names, so
/// that the other programs are graded beside them.
fn student(name: &str) -> String {
    let is_slow = SLOW_BUILDS.contains(&name) || SLOW_PROOFS.contains(&name);
    let prefix = if is_slow { "a-slow-" } else { "" };
    prefix.to_owned() + &name.replace(['.', ' '], "-")
}

fn is_selected(row: &Hostile, grader: Grader) -> bool {
    let Ok(only) = env::var("HOSTILE") else {
        return grader == Grader::CurrentUser || !SLOW_BUILDS.contains(&row.file);
    };
    only.split(',').any(|name| name == row.file || name == row.name())
}

fn course() -> Course {
    Course::open(paths::root()).unwrap()
}
