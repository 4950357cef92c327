//! Every correct server is proved, whatever its language and however it keeps its table.

mod support;

use predicates::str::is_empty;
use support::course::Course;
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
    let nobody = ["--reuid", "65534", "--regid", "65534", "--clear-groups"];
    let mut setpriv = std::process::Command::new("setpriv");
    if !setpriv.args(nobody).arg("true").status().is_ok_and(|status| status.success()) {
        println!("skipped: setpriv cannot make an ordinary user of this one");
        return;
    }
    let (bench, course) = (Bench::new(), Course::new());
    let server = line([&bench.compiled("linear_scan.c")]);
    let prover = bench.path("xtask");
    std::fs::copy(env!("CARGO_BIN_EXE_xtask"), &prover).unwrap();
    let mut command = course.command_of(assert_cmd::Command::new("setpriv"));
    command.args(nobody).arg(prover).current_dir(bench.path("")).env("TMPDIR", "/tmp");
    command.args(["prove", "w03-l02", "--cmd", &server, "--port", &free_port().to_string()]);
    let proved = command.assert().code(0).stderr(is_empty());
    assert_says(&said(&proved), &["proved · 10 of 10 ·"]);
}

#[track_caller]
fn assert_proved(server: &str) {
    let proved = prove(&["--cmd", server, "--all"]);
    let told = said(&proved);
    assert!(told.contains("proved · 10 of 10 ·"), "{told}");
    proved.code(0).stderr(is_empty());
}
