//! Lesson w04-l01: every correct server on epoll is proved, and every wrong one told what is wrong.

mod support;

use assert_cmd::assert::Assert;
use predicates::str::is_empty;
use std::path::Path;
use support::course::Course;
use support::nobody::xtask_as_nobody;
use support::processes::free_port;
use support::programs::{Bench, line, python, servers};
use support::{assert_says, command, said, xtask};

#[test]
fn proves_the_solution() {
    assert_proved(prove(&["--solution"]));
}

#[test]
fn sends_who_starts_to_the_first_task() {
    let told = prove(&[]).code(1).stderr(is_empty());
    assert_says(&said(&told), &["✗ starts", "still to do:", "Task 1:", "src/server.rs", "0 of 13"]);
}

#[test]
fn names_the_lesson_whose_table_is_still_to_do() {
    let course = Course::new();
    let folder = course.path("lessons/w04-l01-epoll-tracker");
    for file in ["watch.rs", "server.rs"] {
        let done = folder.join("solution").join(file);
        std::fs::copy(done, folder.join("src").join(file)).unwrap();
    }
    let told = course.command().args(["prove", "w04-l01"]).assert().code(1);
    assert_says(&said(&told), &["Task 1: make every slot", "lessons/w03-l02-poll-tracker/src/"]);
}

#[test]
fn proves_level_triggered_c() {
    assert_proved_in_c("level.c");
}

#[test]
fn proves_edge_triggered_c() {
    assert_proved_in_c("edge.c");
}

#[test]
fn proves_entries_that_are_armed_anew() {
    assert_proved_in_c("oneshot.c");
}

#[test]
fn proves_a_list_with_other_descriptors_and_one_in_another() {
    assert_proved_in_c("company.c");
}

#[test]
fn proves_python_on_epoll() {
    assert_proved_in_python("select_epoll.py");
}

#[test]
fn proves_python_on_asyncio() {
    assert_proved_in_python("on_asyncio.py");
}

#[test]
fn proves_a_server_with_four_thousand_slots_built_in() {
    let bench = Bench::new();
    let server = format!("env MAX_CLIENTS=4096 {}", line([&compiled(&bench, "level.c")]));
    assert_proved(prove(&["--cmd", &server, "--capacity", "4096"]));
}

#[test]
fn proves_on_this_machines_own_network() {
    let bench = Bench::new();
    let (server, port) = (line([&compiled(&bench, "level.c")]), free_port().to_string());
    assert_proved(prove(&["--tier", "plain", "--cmd", &server, "--port", &port]));
}

#[test]
fn proves_as_an_ordinary_user() {
    let bench = Bench::new();
    let (server, port) = (line([&compiled(&bench, "edge.c")]), free_port().to_string());
    let asked = xtask_as_nobody(&["prove", "w04-l01", "--cmd", &server, "--port", &port]);
    asked.into_iter().for_each(assert_proved);
}

#[test]
fn tells_a_server_on_poll_that_it_is_on_poll() {
    let bench = Bench::new();
    let server = line([&bench.compiled("linear_scan.c")]);
    let server = format!("env MAX_CLIENTS=64 {server}");
    let told = prove(&["--cmd", &server, "--capacity", "64", "--only", "epoll,watch-set,idle"]);
    let pieces = ["waits in poll, not in epoll_wait", "Common mistake: Staying with poll"];
    assert_says(&said(&told.code(1)), &pieces);
}

#[test]
fn every_mistake_is_caught_by_its_criterion_and_row() {
    let told = xtask(&["mistakes", "w04-l01"]).code(0).stderr(is_empty());
    assert_says(&said(&told), &["all caught · "]);
}

/// What `cargo xtask prove w04-l01` says to these flags.
fn prove(flags: &[&str]) -> Assert {
    command().args(["prove", "w04-l01"]).args(flags).assert()
}

fn compiled(bench: &Bench, source: &str) -> std::path::PathBuf {
    bench.compiled(Path::new("epoll").join(source))
}

#[track_caller]
fn assert_proved_in_c(source: &str) {
    let bench = Bench::new();
    assert_proved(prove(&["--cmd", &line([&compiled(&bench, source)])]));
}

#[track_caller]
fn assert_proved_in_python(script: &str) {
    let Some(python) = python() else { return };
    assert_proved(prove(&["--cmd", &line([&python, &servers().join("epoll").join(script)])]));
}

#[track_caller]
fn assert_proved(proved: Assert) {
    let told = said(&proved);
    assert!(told.contains("proved · 13 of 13 ·"), "{told}");
    proved.code(0).stderr(is_empty());
}
