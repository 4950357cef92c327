//! The criteria that every server lesson has, and those of a tracker that echoes: correct servers in
//! several languages and styles are proved, and for each common fault the report names the cause.

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;
use support::programs::{TestDir, command_line, servers};
use support::{report, xtask};

/// The criteria that do not depend on what a server does with bytes.
const COMMON: &str = "starts,config,port-taken,ends,interrupted,accept-again";

#[test]
fn a_server_may_go_on_in_several_ways() {
    let dir = TestDir::new();
    for (lesson, source, names) in [
        ("w01-l01", "faulty/echo.c", ECHO_STYLES.as_slice()),
        ("w03-l02", "faulty/tracker.c", TRACKER_STYLES.as_slice()),
    ] {
        for name in names {
            let program = command_line([&dir.compiled_with(source, name)]);
            assert_proved(lesson, &program, &["--only", COMMON]);
        }
    }
}

const ECHO_STYLES: [&str; 4] =
    ["PLAIN", "LETS_CLIENT_FINISH", "BACKS_OFF_A_SECOND", "RETRIES_BIND_SOMETIMES"];
const TRACKER_STYLES: [&str; 3] = ["PLAIN", "PAUSES", "ONE_ENTRY_A_SLOT"];

/// A fault: a macro of a C server, the criterion that must fail, a part of the summary or of what
/// was observed, and the id of the Common Mistakes row, which is empty if no row must be named.
struct Fault(&'static str, &'static str, &'static str, &'static str);

#[test]
fn each_fault_of_an_echo_server_is_named() {
    let faults = [
        Fault("IPV6_ONLY", "starts", "for IPv6 only", "one-address"),
        Fault("LOOPBACK_ONLY", "starts", "listens at 127.0.0.1:", "one-address"),
        Fault("FULLY_BUFFERED", "starts", "nothing was printed", ""),
        Fault("UNTAGGED_START", "starts", "START port=3490", ""),
        Fault("UNCHECKED_PORT", "config", "is accepted: the server listens on", "unchecked-config"),
        Fault("SHARES_PORT", "port-taken", "SO_REUSEPORT", "reuse-port"),
        Fault("UNCHECKED_BIND", "port-taken", "which the kernel has chosen", "unchecked-bind"),
        Fault("RETRIES_BIND", "port-taken", "neither ends nor listens", ""),
        Fault("IGNORES_SIGTERM", "ends", "it ignores the signal", "ignores-sigterm"),
        Fault(
            "ENDS_ON_ACCEPT_ERROR",
            "interrupted",
            "accept failed with EINTR",
            "eintr-ends-server",
        ),
        Fault("ENDS_ON_ACCEPT_ERROR", "accept-again", "ECONNABORTED", "accept-eagain"),
        Fault("UNCHECKED_ACCEPT", "accept-again", "[ACCEPT] fd=-1", "accept-unchecked"),
        Fault("RETRIES_AT_ONCE", "accept-again", "accept(3) = EMFILE", "emfile-spins"),
        Fault("KEEPS_DEAD_CLIENT", "no-fd-leak", "more descriptors after each round", ""),
        Fault(
            "KEEPS_SILENT_CLIENT",
            "no-fd-leak",
            "left without having sent a byte, and the server never closed",
            "forgot-close",
        ),
        Fault("ACCEPT_AT_FIRST_BYTE", "next-client", "[ACCEPT] only when A had sent bytes", ""),
        Fault("SPINS_ON_EAGAIN", "every-byte", "A client does not read, and the server", ""),
        Fault("CHANGES_LAST", "every-byte", "What came back to A is not what it sent", ""),
        Fault("CHANGES_LAST", "half-close", "What came back to B is not what it sent", ""),
        Fault("KEEPS_AFTER_EPIPE", "reset", "never closed its socket", "forgot-close"),
        Fault("LOST_CLIENT_UNLOGGED", "reset", "no [DISCONNECT] line says so", "client-lines"),
        Fault("SERVES_ONCE", "next-client", "ended with exit status 0", ""),
        Fault("ADDRESS_LENGTH", "echo", "accept: Invalid argument", ""),
    ];
    assert_named("w01-l01", "faulty/echo.c", &faults);
}

#[test]
fn each_fault_of_a_tracker_is_named() {
    let faults = [
        Fault("RETRIES_AT_ONCE", "accept-again", "accept(3) = EMFILE", "emfile-spins"),
        Fault("WAITS_FOR_LEAVING", "accept-again", "Descriptors are free again, and", ""),
        Fault("LOSES_SPARE", "accept-again", "accept(3) = EMFILE", "emfile-spins"),
        Fault("CLOSES_FOR_ROOM", "accept-again", "which was connected before", ""),
        Fault("NAPS_EVER_AFTER", "accept-again", "the server wakes up every 1 ms", "naps"),
        Fault("LETS_IN_BLOCKING", "accept-again", "is in blocking mode", "blocking-client"),
        Fault("NAPS_IN_PPOLL", "idle", "the server wakes up every 5 ms", "naps"),
        Fault("GIVES_UP", "accept-again", "was never accepted", ""),
        Fault("UNCHECKED_ACCEPT", "accept-again", "[ACCEPT] fd=-1 slot=1", "accept-unchecked"),
        Fault("ENDS_ON_EINTR", "interrupted", "poll failed with EINTR", "eintr-ends-server"),
    ];
    assert_named("w03-l02", "faulty/tracker.c", &faults);
}

#[test]
fn each_fault_of_an_edge_triggered_tracker_is_named() {
    let faults = [
        Fault("STOPS_AT_ERROR", "accept-again", "whose entry is edge-triggered", ""),
        Fault("STOPS_WHEN_FULL", "capacity", "connected at once, and the", "edge-one-accept"),
        Fault("STOPS_AT_SHORT", "reuse", "The server sleeps, and still has", "edge-one-read"),
        Fault("EXACT_LIMIT", "crowd", "1000 clients connected, and 99", "capped"),
        Fault("LEAVES_ONE", "crowd", "1000 clients connected, and 999 are", ""),
    ];
    assert_named("w04-l01", "faulty/edge_tracker.c", &faults);
}

#[test]
fn a_tracker_chooses_what_it_writes_back() {
    let dir = TestDir::new();
    let drops = ["DROPS_REST", "RETRIES_ONCE", "KEEPS_LITTLE", "DROPS_BEYOND"];
    for name in [["PLAIN", "CLOSES_BEYOND"].as_slice(), &drops].concat() {
        let program = command_line([&dir.compiled_with("faulty/echo_tracker.c", name)]);
        assert_proved("w03-l02", &program, &[]);
    }
}

#[test]
fn a_tracker_with_three_slots_built_in_may_write_back() {
    let dir = TestDir::new();
    let tracker = dir.compiled_with("faulty/echo_tracker.c", "PLAIN");
    let program = format!("env MAX_CLIENTS=3 {}", command_line([&tracker]));
    assert_proved(
        "w03-l02",
        &program,
        &["--capacity", "3", "--only", "reuse,late-reader,capacity"],
    );
}

#[test]
fn each_fault_of_a_tracker_that_echoes_is_named() {
    let faults = [
        Fault("SENDS_LATER", "late-reader", "only after it had sent again", "never-flushed"),
        Fault("MOVED_EVENTS", "late-reader", "only after it had sent again", "never-flushed"),
        Fault("SIGNALLED", "no-fd-leak", "was killed by SIGPIPE", "sigpipe"),
        Fault("ASKS_FOR_END", "late-reader", "does not read, and the server does not go", ""),
        Fault("KEEPS_PENDING", "late-reader", "which came next, got", ""),
        Fault("STAYS_OPEN", "late-reader", "and the server never closed its socket.", ""),
        Fault("KEEPS_LOST", "late-reader", "and logged no [DISCONNECT]", ""),
        Fault("GOES_FORWARD", "reuse", "together, and the log has", ""),
        Fault("NEEDS_ROOM", "late-reader", "has not read yet, and the", "late-reader-removed"),
        Fault("LOST_UNNAMED", "no-fd-leak", "does not name its descriptor", "log-after-clear"),
        Fault("ASKS_PEER", "no-fd-leak", "when it accepted D, which had reset", ""),
        Fault("FORGETS_PEER", "no-fd-leak", "that accept returned", "forgot-close"),
        Fault("FIXED_ARRAY", "no-fd-leak", "Every client has left; descriptors that", ""),
        Fault("NUMBER_IN_BYTE", "no-fd-leak", "could not connect", ""),
        Fault("ENDS_ON_ERROR", "interrupted", "failed with EHOSTUNREACH", ""),
        Fault("STAYS_ON_ERROR", "interrupted", "and the server did not close its descriptor", ""),
        Fault("UNUSED_FIRST", "reuse", "A left slot 0, and B was given slot 1", ""),
        Fault("READS_REJECTED", "capacity", "was rejected, and the log does not say so", ""),
        Fault("CLOSES_AGAIN", "reuse", "the server closed its connection", "closes-twice"),
        Fault("CLOSES_LOST", "reuse", "had before, and was closed", "closes-twice"),
        Fault("ENTRY_OF_SLOT", "reuse", "does not read them", "wrong-entry-removed"),
        Fault("IN_TURN", "reuse", "B was given slot 1", "slots-in-turn"),
    ];
    assert_named("w03-l02", "faulty/echo_tracker.c", &faults);
}

#[test]
fn correct_servers_in_other_languages_are_proved() {
    let (dir, languages) = (TestDir::new(), servers().join("languages"));
    let file = |name: &str| languages.join(name);
    for name in ["echo.pl", "echo.rb"] {
        let interpreter = if name == "echo.pl" { "perl" } else { "ruby" };
        if is_installed(interpreter) {
            let program = command_line([Path::new(interpreter), &file(name)]);
            assert_proved("w01-l01", &program, &[]);
        }
    }
    if is_installed("node") {
        let program = command_line([Path::new("node"), &file("tracker.js")]);
        assert_proved("w04-l01", &program, &[]);
    }
    if is_installed("go") {
        let program = dir.path("echo-go");
        let mut go = Command::new("go");
        go.arg("build").arg("-o").arg(&program).arg(file("echo.go"));
        build(go.env("GOCACHE", dir.path("cache")).env("GO111MODULE", "off"));
        assert_proved("w01-l01", &command_line([&program]), &[]);
    }
}

#[test]
#[ignore = "takes half a minute: the virtual machine starts dozens of times"]
fn correct_servers_in_java_do_not_fail() {
    let (dir, languages) = (TestDir::new(), servers().join("languages"));
    if !is_installed("javac") {
        return;
    }
    let sources = ["Echo.java", "Tracker.java"].map(|name| languages.join(name));
    build(Command::new("javac").arg("-d").arg(dir.path("")).args(sources));
    let classes = dir.path("");
    let java = |options: &[&str], name: &str| {
        let words = [&["java", "-cp", classes.to_str().unwrap()], options, &[name]].concat();
        shell_words::join(words)
    };
    assert_not_failed("w01-l01", &java(&[], "Echo"));
    let opens = ["--add-opens", "java.base/sun.nio.ch=ALL-UNNAMED"];
    assert_not_failed("w04-l01", &java(&opens, "Tracker"));
}

/// Whether a program is installed. Prints a line if it is not.
fn is_installed(program: &str) -> bool {
    let found = Command::new("sh").arg("-c").arg(format!("command -v {program}")).output();
    let found = found.is_ok_and(|output| output.status.success());
    if !found {
        println!("skipped: {program} is not in PATH");
    }
    found
}

#[track_caller]
fn build(command: &mut Command) {
    assert!(command.status().is_ok_and(|status| status.success()), "{command:?} fails");
}

#[track_caller]
fn assert_proved(lesson: &str, program: &str, flags: &[&str]) {
    let json = ["--format", "json"];
    let answer = xtask(&[&["prove", lesson, "--cmd", program], flags, &json].concat());
    let lesson = &report(&answer)["lessons"][0];
    assert_eq!(lesson["verdict"], "proved", "{program}: {lesson:#}");
}

/// A correct server may be inconclusive: the virtual machine's own threads wake many times a second,
/// and on a busy machine their naps cannot always be told from work. It never fails.
#[track_caller]
fn assert_not_failed(lesson: &str, program: &str) {
    let answer = xtask(&["prove", lesson, "--cmd", program, "--format", "json"]);
    let lesson = &report(&answer)["lessons"][0];
    assert_ne!(lesson["verdict"], "not-yet", "{program}: {lesson:#}");
}

/// Each macro gives a server that fails the criterion, with the words and the row.
#[track_caller]
fn assert_named(lesson: &str, source: &str, faults: &[Fault]) {
    let dir = TestDir::new();
    for Fault(name, criterion, words, row) in faults {
        let program: PathBuf = dir.compiled_with(source, name);
        let arguments = ["prove", lesson, "--only", criterion, "--format", "json", "--cmd"];
        let answer = xtask(&[arguments.as_slice(), &[&command_line([&program])]].concat()).code(1);
        let found = &report(&answer)["lessons"][0]["criteria"][0];
        let cause = &found["cause"];
        let text = |field: &str| cause[field].as_str().unwrap_or_default().to_owned();
        let named = cause["mistake"].as_str().unwrap_or_default();
        assert_eq!(found["status"], "failed", "{name}: {found:#}");
        let said = text("summary") + &text("observed");
        assert!(said.contains(words), "{words:?} is missing for {name}: {found:#}");
        assert_eq!(named, *row, "{name}: {found:#}");
    }
}
