//! Lesson w09-l01: every store that replies like Redis is proved, and Redis itself is proved. For a
//! wrong store, the cause quotes the store's replies.

mod support;

use assert_cmd::assert::Assert;
use predicates::str::is_empty;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{env, fs};
use support::course::course_root;
use support::other_user::xtask_as_other_user;
use support::processes::free_port;
use support::programs::{TestDir, command_line, python, servers};
use support::{assert_contains, report, stdout_of, xtask};

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

#[test]
fn a_store_that_serves_others_in_the_middle_of_exec_fails() {
    let wrong = [
        ("[self.call(*command) for command in queue]", "[self.late(command) for command in queue]"),
        ("    def discard(self):", LATE),
        ("    def accept(self):", OTHERS),
        ("    server.serve()", "    globals()['SERVER'] = server\n    server.serve()"),
    ];
    let Some(cause) = cause_of("transaction", &wrong) else { return };
    assert_contains(&cause, &["not-atomic", "two equal numbers"]);
}

/// Code that serves all other clients before each command of a transaction.
const LATE: &str = "    def late(self, command):
        SERVER.serve_others(self)
        return self.call(*command)

    def discard(self):";
const OTHERS: &str = "    def serve_others(self, busy):
        for key, _ in self.selector.select(0):
            if key.data not in (None, busy):
                self.go_on(key.data)

    def accept(self):";

#[test]
fn keys_that_stay_watched_after_a_refused_exec_fail() {
    let discard = "        self.discard()\n        if failed:";
    let wrong = [(
        discard,
        "        self.queue = None\n        failed or self.unwatch()\n        if failed:",
    )];
    let Some(cause) = cause_of("transaction", &wrong) else { return };
    assert_contains(&cause, &["EXEC was answered nil", "and was answered -EXECABORT"]);
}

/// Each of these stores has one slip: the criterion that fails, a part of its cause, and the change.
#[test]
fn slips_of_a_store_fail() {
    type Slip = (&'static str, &'static str, &'static [(&'static str, &'static str)]);
    let slips: [Slip; 8] = [
        // A second WATCH of the same key forgets the change since the first.
        (
            "transaction",
            "where nil belongs",
            &[(
                "            self.watched.append(key)",
                "            self.stale &= key not in self.watched\n            self.watched.append(key)",
            )],
        ),
        // DISCARD keeps the mark of a bad command.
        (
            "transaction",
            "EXEC was answered -EXECABORT",
            &[
                ("        self.queue, self.failed = [], False", "        self.queue = []"),
                (
                    "        self.discard()\n        if failed:",
                    "        self.discard()\n        self.failed = False\n        if failed:",
                ),
            ],
        ),
        // A SET that NX prevents counts as a change.
        (
            "transaction",
            "EXEC was answered nil",
            &[(
                "            return None\n        self.put(key, value",
                "            self.touch(key)\n            return None\n        self.put(key, value",
            )],
        ),
        // FLUSHDB keeps the expiries.
        (
            "expiry",
            "where :-1 belongs",
            &[(
                "        self.delete(*list(self.values))",
                "        kept = self.deadlines.copy()\n        self.delete(*list(self.values))\n        \
             self.deadlines = kept",
            )],
        ),
        (
            "expiry",
            "XX NX was answered",
            &[("{b\"NX\", b\"XX\"} <= set(found)", "list(found) == [b\"NX\", b\"XX\"]")],
        ),
        (
            "expiry",
            "-9223372036854775808 was answered",
            &[(
                "new = expiry(number, unit)",
                "new = 0 if number[:1] == b\"-\" else expiry(number, unit)",
            )],
        ),
        ("get-set", "KEYS ", &[("re.compile(text, re.S)", "re.compile(text)")]),
        (
            "get-set",
            "loose-numbers",
            &[(
                "re.fullmatch(rb\"0|-?[1-9][0-9]*\", digits[:21])",
                "re.match(rb\"(0|-?[1-9][0-9]*)$\", digits[:21])",
            )],
        ),
    ];
    for (criterion, part, changes) in slips {
        let Some(cause) = cause_of(criterion, changes) else { return };
        assert_contains(&cause, &[part]);
    }
}

#[test]
fn a_star_that_stays_at_its_first_match_fails() {
    let wrong = [("    return re.compile(text, re.S)", FIRST_MATCH)];
    let Some(cause) = cause_of("get-set", &wrong) else { return };
    assert_contains(&cause, &["a*b*c was answered"]);
}

/// Code that looks for the text after a star once, and does not go back.
const FIRST_MATCH: &str = r#"    first, *others = text.split(b".*")
    text = first + b"".join(b"(?>.*?%s)" % part if part else b".*" for part in others)
    return re.compile(text, re.S)"#;

#[test]
fn a_malformed_reply_is_quoted() {
    let wrong = [(r#"b"+OK\r\n""#, r#"b"+OK\n""#)];
    let Some(cause) = cause_of("get-set", &wrong) else { return };
    assert_contains(&cause, &[r#"a line that does not end with \\r\\n"#, r#"+OK\\n"#]);
    assert_contains(&cause, &[r#"A sent \"*3\\r\\n$3\\r\\nSET\\r\\n"#]);
}

#[test]
fn a_second_reply_to_one_command_fails() {
    let wrong = [("self.outbox += reply(value)", "self.outbox += reply(value) * 2")];
    let Some(cause) = cause_of("ping", &wrong) else { return };
    assert_contains(&cause, &["the server sends more", "one reply to each command"]);
}

#[test]
fn a_store_that_does_not_reply_fails() {
    let wrong = [("self.outbox += reply(value)", "pass")];
    let Some(cause) = cause_of("ping", &wrong) else { return };
    assert_contains(&cause, &["PING was not answered", "the server is asleep in epoll_wait"]);
}

#[test]
fn replies_cut_by_a_short_write_fail() {
    let sent = "del self.outbox[: self.sock.send(self.outbox)]";
    let wrong = [(sent, "self.sock.send(self.outbox)\n                self.outbox.clear()")];
    let Some(cause) = cause_of("pipeline", &wrong) else { return };
    assert_contains(&cause, &["out-of-line", "Reply "]);
}

#[test]
fn a_store_that_wakes_up_for_an_end_of_file_while_replies_wait_fails() {
    let modify = "        self.selector.modify(client.sock, wanted, client)";
    let hang_up = "\n        epoll = self.selector._selector\n        \
                   events = select.EPOLLRDHUP | (select.EPOLLOUT if client.outbox else select.EPOLLIN)\n        \
                   epoll.modify(client.sock.fileno(), events)";
    let wrong = [
        (modify, &*format!("{modify}{hang_up}")),
        ("import selectors", "import select, selectors"),
    ];
    let Some(cause) = cause_of("slow-reader", &wrong) else { return };
    assert_contains(&cause, &["does not read its replies, and the server does not sleep"]);
    assert_contains(&cause, &["shut down its sending side"]);
}

#[test]
fn memory_allocated_before_the_bytes_have_arrived_fails() {
    let wrong = [
        ("        if len(inbox) < at + length", "        ROOM.append(b'x' * length)\n@"),
        ("@", "        if len(inbox) < at + length"),
        ("LONGEST_LINE = 1 << 16", "LONGEST_LINE = 1 << 16\nROOM = []"),
    ];
    let Some(cause) = cause_of("bad-input", &wrong) else { return };
    assert_contains(&cause, &["memory-claimed", "MiB more"]);
}

#[track_caller]
fn assert_proved(store: &str, flags: &[&str]) {
    let proved = prove(store, &[&["--all"], flags].concat());
    let output = stdout_of(&proved);
    assert!(output.contains("proved · 16 of 16 ·"), "{output}");
    proved.code(0).stderr(is_empty());
}

fn prove(store: &str, flags: &[&str]) -> Assert {
    xtask(&[&["prove", "w09-l01", "--cmd", store], flags].concat())
}

/// Runs a proof of the store in Python with these changes to its source, and returns the cause of
/// `criterion` as JSON; `None` if Python is not installed.
#[track_caller]
fn cause_of(criterion: &str, changes: &[(&str, &str)]) -> Option<String> {
    let python = python()?;
    let dir = TestDir::new();
    let store = command_line([&python, &changed(&dir, changes)]);
    let output = prove(&store, &["--only", criterion, "--format", "json"]).code(1);
    let lesson = &report(&output)["lessons"][0];
    let found = &lesson["criteria"][0];
    assert_eq!(found["status"], "failed", "{found}");
    Some(found["cause"].to_string())
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

fn changed(dir: &TestDir, changes: &[(&str, &str)]) -> PathBuf {
    let mut text = fs::read_to_string(servers().join(Path::new("kv/store.py"))).unwrap();
    for (old, new) in changes {
        assert!(text.contains(old), "store.py has no {old:?}");
        text = text.replacen(old, new, 1);
    }
    let path = dir.path("wrong_store.py");
    fs::write(&path, text).unwrap();
    path
}
