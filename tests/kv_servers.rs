//! Every key-value store that answers as Redis does is proved, Redis among them; of others it is
//! said what they answer.

mod support;

use assert_cmd::assert::Assert;
use predicates::str::is_empty;
use std::path::{Path, PathBuf};
use std::{env, fs};
use support::nobody::xtask_as_nobody;
use support::processes::free_port;
use support::programs::{Bench, line, python, servers};
use support::{assert_says, report, said, xtask};

#[test]
fn proves_a_store_on_poll_that_writes_each_reply_by_itself() {
    let bench = Bench::new();
    assert_proved(&line([&bench.compiled("kv/store.c")]), &[]);
}

#[test]
fn proves_a_store_on_this_machines_own_network() {
    let (bench, port) = (Bench::new(), free_port().to_string());
    let store = line([&bench.compiled("kv/store.c")]);
    assert_proved(&store, &["--tier", "plain", "--port", &port]);
}

#[test]
fn proves_a_store_in_python() {
    let Some(python) = python() else { return };
    assert_proved(&line([&python, &servers().join("kv/store.py")]), &[]);
}

#[test]
fn proves_redis() {
    let path = env::var_os("PATH").unwrap_or_default();
    if !env::split_paths(&path).any(|folder| folder.join("redis-server").is_file()) {
        println!("skipped: redis-server is not in PATH");
        return;
    }
    assert_proved(&line([&servers().join("kv/redis.sh")]), &[]);
}

#[test]
fn proves_a_store_as_an_ordinary_user() {
    let bench = Bench::new();
    let (store, port) = (line([&bench.compiled("kv/store.c")]), free_port().to_string());
    let Some(told) = xtask_as_nobody(&["prove", "w09-l01", "--cmd", &store, "--port", &port])
    else {
        return;
    };
    assert_says(&said(&told.code(0).stderr(is_empty())), &["proved · 12 of 12 ·"]);
}

#[test]
fn quotes_what_is_no_reply() {
    let wrong = [(r#"b"+OK\r\n""#, r#"b"+OK\n""#)];
    let Some(cause) = refuted("get-set", &wrong) else { return };
    assert_says(&cause, &[r#"a line that does not end with \\r\\n"#, r#"+OK\\n"#]);
    assert_says(&cause, &[r#"A sent \"*3\\r\\n$3\\r\\nSET\\r\\n"#]);
}

#[test]
fn tells_a_second_reply_to_one_command() {
    let wrong = [("self.outbox += reply(value)", "self.outbox += reply(value) * 2")];
    let Some(cause) = refuted("ping", &wrong) else { return };
    assert_says(&cause, &["the server sends more", "one reply to each command"]);
}

#[test]
fn tells_a_store_that_says_nothing_in_no_time() {
    let wrong = [("self.outbox += reply(value)", "pass")];
    let Some(cause) = refuted("ping", &wrong) else { return };
    assert_says(&cause, &["PING was not answered", "the server is asleep in epoll_wait"]);
}

#[test]
fn tells_replies_that_were_cut_by_a_short_write() {
    let sent = "del self.outbox[: self.sock.send(self.outbox)]";
    let wrong = [(sent, "self.sock.send(self.outbox)\n                self.outbox.clear()")];
    let Some(cause) = refuted("pipeline", &wrong) else { return };
    assert_says(&cause, &["out-of-line", "Reply "]);
}

#[test]
fn tells_memory_that_was_made_for_what_a_client_announces() {
    let wrong = [
        ("        if len(inbox) < at + length", "        ROOM.append(b'x' * length)\n@"),
        ("@", "        if len(inbox) < at + length"),
        ("LONGEST_LINE = 1 << 16", "LONGEST_LINE = 1 << 16\nROOM = []"),
    ];
    let Some(cause) = refuted("bad-input", &wrong) else { return };
    assert_says(&cause, &["memory-claimed", "MiB more"]);
}

#[track_caller]
fn assert_proved(store: &str, flags: &[&str]) {
    let proved = prove(store, &[&["--all"], flags].concat());
    let told = said(&proved);
    assert!(told.contains("proved · 12 of 12 ·"), "{told}");
    proved.code(0).stderr(is_empty());
}

fn prove(store: &str, flags: &[&str]) -> Assert {
    xtask(&[&["prove", "w09-l01", "--cmd", store], flags].concat())
}

/// The cause, as JSON, for which `criterion` fails a store in Python with these changes; none
/// where there is no Python.
#[track_caller]
fn refuted(criterion: &str, changes: &[(&str, &str)]) -> Option<String> {
    let python = python()?;
    let bench = Bench::new();
    let store = line([&python, &changed(&bench, changes)]);
    let told = prove(&store, &["--only", criterion, "--format", "json"]).code(1);
    let lesson = &report(&told)["lessons"][0];
    let found = &lesson["criteria"][0];
    assert_eq!(found["status"], "failed", "{found}");
    Some(found["cause"].to_string())
}

fn changed(bench: &Bench, changes: &[(&str, &str)]) -> PathBuf {
    let mut text = fs::read_to_string(servers().join(Path::new("kv/store.py"))).unwrap();
    for (old, new) in changes {
        assert!(text.contains(old), "store.py has no {old:?}");
        text = text.replacen(old, new, 1);
    }
    let path = bench.path("wrong_store.py");
    fs::write(&path, text).unwrap();
    path
}
