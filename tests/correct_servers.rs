//! Every correct server is proved, whatever its language and however it keeps its table.

mod support;

use predicates::str::is_empty;
use support::nobody::xtask_as_nobody;
use support::processes::free_port;
use support::programs::{Bench, in_language, line, python};
use support::{assert_says, prove, said};

#[test]
fn proves_the_c_servers() {
    let bench = Bench::new();
    for source in in_language("c") {
        assert_proved(&line([&bench.compiled(&source)]));
    }
}

#[test]
fn proves_the_python_servers() {
    let Some(python) = python() else { return };
    for script in in_language("py") {
        assert_proved(&line([&python, &script]));
    }
}

#[test]
fn fills_as_many_slots_as_a_server_has_built_in() {
    let bench = Bench::new();
    let built_in = "env -u PORT -u MAX_CLIENTS PORT=7123 MAX_CLIENTS=5";
    let server = format!("{built_in} {}", line([&bench.compiled("free_list.c")]));
    let proved = prove(&["--cmd", &server, "--port", "7123", "--capacity", "5"]).code(0);
    assert_says(&said(&proved), &["proved · 10 of 10 ·"]);
}

#[test]
fn proves_as_an_ordinary_user() {
    let bench = Bench::new();
    let server = line([&bench.compiled("linear_scan.c")]);
    let port = free_port().to_string();
    let asked = xtask_as_nobody(&["prove", "w03-l02", "--cmd", &server, "--port", &port]);
    let Some(proved) = asked else { return };
    assert_says(&said(&proved.code(0).stderr(is_empty())), &["proved · 10 of 10 ·"]);
}

#[track_caller]
fn assert_proved(server: &str) {
    let proved = prove(&["--cmd", server, "--all"]);
    let told = said(&proved);
    assert!(told.contains("proved · 10 of 10 ·"), "{told}");
    proved.code(0).stderr(is_empty());
}
