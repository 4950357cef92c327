//! Lesson w09-l01: every store that replies like Redis is proved, and Redis itself is proved.

mod support;

use predicates::str::is_empty;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{env, fs};
use support::course::course_root;
use support::other_user::xtask_as_other_user;
use support::processes::free_port;
use support::programs::{TestDir, command_line, python, servers};
use support::stores::{changed, prove};
use support::{assert_contains, stdout_of};

#[test]
fn proves_a_store_in_c() {
    let dir = TestDir::new();
    assert_proved(&command_line([&dir.compiled("kv/store.c")]), &[]);
}

#[test]
fn proves_a_store_without_isolation() {
    let (dir, port) = (TestDir::new(), free_port().to_string());
    let store = command_line([&dir.compiled("kv/store.c")]);
    assert_proved(&store, &["--isolation", "none", "--port", &port]);
}

#[test]
fn proves_a_store_in_python() {
    let Some(python) = python() else { return };
    assert_proved(&command_line([&python, &servers().join("kv/store.py")]), &[]);
}

#[test]
fn proves_redis() {
    let path = env::var_os("PATH").unwrap_or_default();
    if !env::split_paths(&path).any(|folder| folder.join("redis-server").is_file()) {
        println!("skipped: redis-server is not in PATH");
        return;
    }
    assert_proved(&command_line([&servers().join("kv/redis.sh")]), &[]);
}

#[test]
fn proves_a_store_as_an_ordinary_user() {
    let dir = TestDir::new();
    let (store, port) = (command_line([&dir.compiled("kv/store.c")]), free_port().to_string());
    let Some(output) = xtask_as_other_user(&["prove", "w09-l01", "--cmd", &store, "--port", &port])
    else {
        return;
    };
    assert_contains(&stdout_of(&output.code(0).stderr(is_empty())), &["proved · 16 of 16 ·"]);
}

#[test]
fn proves_a_store_that_wakes_up_twenty_times_a_second() {
    let Some(python) = python() else { return };
    let dir = TestDir::new();
    let naps = [(
        "self.selector.select(STORE.sleep())",
        "self.selector.select(0 * (STORE.sleep() or 0) + 0.05)",
    )];
    assert_proved(&command_line([&python, &changed(&dir, &naps)]), &[]);
}

/// The lesson's tables name each command, option and error word that the proof uses, and the proof
/// uses each of them. A store records what the proof sends, and what the store answers.
#[test]
fn the_lesson_names_what_the_proof_uses() {
    let Some(python) = python() else { return };
    let (dir, port) = (TestDir::new(), free_port().to_string());
    let (store, record) = recorder(&dir, "names(words, value)");
    let flags = ["--isolation", "none", "--port", &port];
    assert_proved(&command_line([&python, &store]), &flags);

    let text = fs::read_to_string(&record).unwrap();
    let used: BTreeSet<String> = text.lines().map(str::to_owned).collect();
    let lesson = course_root().join("lessons/w09-l01-kv-store/lesson.md");
    let lesson = fs::read_to_string(lesson).unwrap();
    let commands = rows(&lesson, "| Command | Reply |");
    let options = rows(&lesson, "| Option | Of | Effect |");
    let errors = rows(&lesson, "| First word | When |");
    let options = options.iter().flat_map(|row| {
        row[1].split(", ").map(|command| format!("option {} of {command}", word(row[0])))
    });
    let named: BTreeSet<String> = commands
        .iter()
        .map(|row| format!("command {}", word(row[0])))
        .chain(options)
        .chain(errors.iter().map(|row| format!("error {}", word(row[0]))))
        .collect();
    let only_named: Vec<_> = named.difference(&used).collect();
    let only_used: Vec<_> = used.difference(&named).collect();
    assert!(only_named.is_empty(), "the proof does not use {only_named:?}");
    assert!(only_used.is_empty(), "the lesson does not name {only_used:?}");
}

/// The cells of each row of the table that has this head.
fn rows<'a>(lesson: &'a str, head: &str) -> Vec<Vec<&'a str>> {
    let (_, table) = lesson.split_once(head).expect("the lesson has the table");
    let lines = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    lines.map(|line| line.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

/// The first word of a cell that is marked as code.
fn word(cell: &str) -> &str {
    cell.split('`').nth(1).expect("the cell has a word in backticks")
}

/// A server that repeats the replies of an earlier run is not proved, unless the run has the same
/// seed.
#[test]
fn a_recorded_conversation_fails() {
    let Some(python) = python() else { return };
    let (dir, port) = (TestDir::new(), free_port().to_string());
    let (store, record) = recorder(&dir, "[repr((words[0].upper(), value))]");
    let prove_with_seed = |store: &Path, seed| {
        let only = ["--only", "get-set", "--isolation", "none", "--port", &port, "--seed", seed];
        prove(&command_line([&python, store]), &only)
    };
    prove_with_seed(&store, "1").code(0);

    let dir = TestDir::new();
    let play = PLAY.replace("PATH", &format!("{record:?}"));
    let changes = [
        ("    def run(self, words):", "    def never_run(self, words):"),
        ("    def call(", &play),
    ];
    let player = changed(&dir, &changes);
    prove_with_seed(&player, "1").code(0);
    prove_with_seed(&player, "2").code(1);
}

/// Code that answers a command with the next recorded reply to a command of the same name.
const PLAY: &str = r#"    replies = []

    def run(self, words):
        if not self.replies:
            self.replies.extend(map(eval, open(PATH)))
        while self.replies:
            name, value = self.replies.pop(0)
            if name == words[0].upper():
                return value

    def call("#;

#[track_caller]
fn assert_proved(store: &str, flags: &[&str]) {
    let proved = prove(store, &[&["--all"], flags].concat());
    let output = stdout_of(&proved);
    assert!(output.contains("proved · 16 of 16 ·"), "{output}");
    proved.code(0).stderr(is_empty());
}

/// The store in Python, which also appends lines to a file for each command. `lines` is a Python
/// expression of the command's `words` and of the reply's `value`. Returns the paths of the store
/// and of the file.
fn recorder(dir: &TestDir, lines: &str) -> (PathBuf, PathBuf) {
    let record = dir.path("record");
    let run = RECORD.replace("PATH", &format!("{record:?}")).replace("LINES", lines);
    let changes = [("    def run(self, words):", &*run), ("class Client:", NAMES)];
    (changed(dir, &changes), record)
}

const RECORD: &str = r#"    def run(self, words):
        value = self.run_command(words)
        with open(PATH, "a") as record:
            record.writelines(f"{line}\n" for line in LINES)
        return value

    def run_command(self, words):"#;

/// A function that returns the names of a command, of its options and of its error.
const NAMES: &str = r#"def names(words, value):
    name = words[0].upper()
    if name in COMMANDS or name in OWN:
        yield f"command {name.decode()}"
    if isinstance(value, Refused):
        yield f"error {str(value).split()[0]}"
    elif name in (b"SET", b"EXPIRE", b"PEXPIRE"):
        for option in words[3:]:
            if option.isalpha():
                yield f"option {option.decode().upper()} of {name.decode()}"


class Client:"#;
