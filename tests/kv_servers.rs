//! Lesson w09-l01: every store that replies like Redis is proved, and Redis itself is proved. For a
//! wrong store, the cause quotes the store's replies.

mod support;

use assert_cmd::assert::Assert;
use predicates::str::is_empty;
use std::path::{Path, PathBuf};
use std::{env, fs};
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
    assert_contains(&stdout_of(&output.code(0).stderr(is_empty())), &["proved · 12 of 12 ·"]);
}

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
    assert!(output.contains("proved · 12 of 12 ·"), "{output}");
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
