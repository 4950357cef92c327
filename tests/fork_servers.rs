//! w02-l01 proves every server that forks as it should, in whatever style, and no other.

mod support;

use assert_cmd::assert::Assert;
use predicates::str::is_empty;
use support::nobody::xtask_as_nobody;
use support::processes::free_port;
use support::programs::{Bench, line, python, servers};
use support::{assert_says, said, xtask};

/// The correct servers in C, each with another way to reap or to fork.
const IN_C: [&str; 6] = ["ignores", "reaps", "retries", "twice", "executes", "waits_in_thread"];

#[test]
fn proves_the_c_servers() {
    let bench = Bench::new();
    for name in IN_C {
        assert_proved(&in_c(&bench, name), &[]);
    }
}

#[test]
fn proves_the_c_servers_without_a_box() {
    let bench = Bench::new();
    for name in IN_C {
        let port = free_port().to_string();
        let server = format!("env PORT={port} {}", in_c(&bench, name));
        assert_proved(&server, &["--tier", "plain", "--port", &port]);
    }
}

#[test]
fn proves_the_python_servers() {
    let Some(python) = python() else { return };
    for name in ["plain.py", "mixin.py"] {
        assert_proved(&line([&python, &servers().join("fork").join(name)]), &[]);
    }
}

#[test]
fn proves_as_an_ordinary_user_who_may_not_see_the_dying() {
    let bench = Bench::new();
    let flags = ["--repeat", "10", "--tier", "plain", "--port", &free_port().to_string()];
    let server = in_c(&bench, "twice");
    let Some(proved) =
        xtask_as_nobody(&[&["prove", "w02-l01", "--cmd", &server], &flags[..]].concat())
    else {
        return;
    };
    assert_says(&said(&proved.code(0).stderr(is_empty())), &["proved · 10 of 10 runs"]);
}

#[test]
fn every_mistake_is_caught_by_its_criterion_and_row() {
    let told = xtask(&["mistakes", "w02-l01"]).code(0).stderr(is_empty());
    assert_says(&said(&told), &["all caught · "]);
}

#[test]
fn proves_a_server_each_time() {
    let bench = Bench::new();
    let told = prove(&in_c(&bench, "reaps"), &["--repeat", "20"]).code(0);
    assert_says(&said(&told), &["proved · 20 of 20 runs"]);
}

#[test]
fn a_loop_that_looks_for_eof_among_the_bytes_is_told_so() {
    let told = refused("byte_by_byte");
    let pieces =
        ["ends where byte 0xff belongs", "A has said its last word, and its child talks on"];
    assert_says(&told, &pieces);
}

#[test]
fn a_child_that_spins_is_told_at_once() {
    let told = refused("spins_at_the_end");
    assert_says(&told, &["A has left, and its child never sleeps.", "read = 0, over and over"]);
}

#[test]
fn children_forked_beforehand_hold_the_listener() {
    let told = refused("pool");
    assert_says(&told, &["A's child still holds the listener.", "begun to accept clients itself"]);
}

#[test]
fn threads_are_no_children_whatever_the_log_says() {
    assert_says(
        &refused("threads"),
        &["A connected and has no child of its own", "parent keeps it"],
    );
}

fn in_c(bench: &Bench, name: &str) -> String {
    line([&bench.compiled(format!("fork/{name}.c"))])
}

#[track_caller]
fn assert_proved(server: &str, flags: &[&str]) {
    let proved = prove(server, flags);
    let told = said(&proved);
    assert!(told.contains("proved · 8 of 8 ·"), "{server}: {told}");
    proved.code(0).stderr(is_empty());
}

/// What a wrong server of `tests/servers/fork/strange` is told.
#[track_caller]
fn refused(name: &str) -> String {
    let bench = Bench::new();
    said(&prove(&in_c(&bench, &format!("strange/{name}")), &["--all"]).code(1).stderr(is_empty()))
}

fn prove(server: &str, flags: &[&str]) -> Assert {
    xtask(&[&["prove", "w02-l01", "--cmd", server], flags].concat())
}
