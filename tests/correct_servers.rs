//! Every correct server of lesson w03-l02 is proved, in any language and with any data structure
//! for its clients.

mod support;

use predicates::str::is_empty;
use support::other_user::xtask_as_other_user;
use support::processes::free_port;
use support::programs::{TestDir, command_line, in_language, python};
use support::{assert_contains, prove, stdout_of};

#[test]
fn proves_the_c_servers() {
    let dir = TestDir::new();
    for source in in_language("c") {
        assert_proved(&command_line([&dir.compiled(&source)]));
    }
}

#[test]
fn proves_the_python_servers() {
    let Some(python) = python() else { return };
    for script in in_language("py") {
        assert_proved(&command_line([&python, &script]));
    }
}

#[test]
fn proves_a_server_with_a_built_in_capacity() {
    let dir = TestDir::new();
    let built_in = "env -u PORT -u MAX_CLIENTS PORT=7123 MAX_CLIENTS=5";
    let server = format!("{built_in} {}", command_line([&dir.compiled("free_list.c")]));
    let proved = prove(&["--cmd", &server, "--port", "7123", "--capacity", "5"]).code(0);
    assert_contains(&stdout_of(&proved), &["proved · 15 of 15 ·"]);
}

#[test]
fn a_single_slot_is_too_few_to_see_the_order_of_slots() {
    let dir = TestDir::new();
    let server = format!("env MAX_CLIENTS=1 {}", command_line([&dir.compiled("free_list.c")]));
    let flags = ["--cmd", &server, "--capacity", "1", "--only", "slots,reuse,watch-set,capacity"];
    let output = stdout_of(&prove(&flags).code(2));
    assert_contains(&output, &["inconclusive", "the order of the slots cannot be seen"]);
}

#[test]
fn proves_as_an_ordinary_user() {
    let dir = TestDir::new();
    let server = command_line([&dir.compiled("linear_scan.c")]);
    let port = free_port().to_string();
    let proof = xtask_as_other_user(&["prove", "w03-l02", "--cmd", &server, "--port", &port]);
    let Some(proved) = proof else { return };
    assert_contains(&stdout_of(&proved.code(0).stderr(is_empty())), &["proved · 15 of 15 ·"]);
}

#[track_caller]
fn assert_proved(server: &str) {
    // With many tests at the same time, an interpreter may need seconds to start.
    let proved = prove(&["--cmd", server, "--all", "--timeout", "120"]);
    let output = stdout_of(&proved);
    assert!(output.contains("proved · 15 of 15 ·"), "{output}");
    proved.code(0).stderr(is_empty());
}
