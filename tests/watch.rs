//! `cargo xtask watch` proves at every save, and leaves the terminal as it was.

mod support;

use assert_cmd::Command as Xtask;
use nix::sys::signal::Signal;
use predicates::str::is_empty;
use std::fs;
use std::process::Command;
use support::course::{Course, LESSON};
use support::processes::{assert_gone, free_port, is_server_running, marker, wait_for};
use support::programs::{TestDir, servers};
use support::pseudo_terminal::PseudoTerminal;
use support::{assert_contains, hermetic, stderr_of};

/// A server that ends at once, and so is never proved.
const ENDS: &str = "raise SystemExit(3)\n";
/// A server that never listens, and keeps its processor busy.
const SPINS: &str = "while True: pass\n";

/// A watch of w01-l01 with a server in Python.
struct Watch {
    dir: TestDir,
    terminal: PseudoTerminal,
    marker: String,
    /// The port of a server that runs for a person.
    port: u16,
}

impl Watch {
    /// Starts to watch a server with this source. The course's target folder is the test's own.
    fn of(source: &str) -> Self {
        let (dir, marker) = (TestDir::new(), marker());
        let script = dir.path("server.py");
        fs::write(&script, source).unwrap();
        let mut command = watch(&dir);
        command.args(["w01-l01", "--timeout", "3600", "--cmd"]);
        command.arg(format!("python3 {} {marker}", script.display()));
        let port = free_port();
        command.env("PORT", port.to_string());
        Self { terminal: PseudoTerminal::start(&command), dir, marker, port }
    }

    /// Saves the server's source as vim and VS Code do: writes another file, and renames it.
    fn save(&self, source: &str) {
        let new = self.dir.path("server.py.new");
        fs::write(&new, source).unwrap();
        fs::rename(new, self.dir.path("server.py")).unwrap();
    }
}

fn watch(dir: &TestDir) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.arg("watch").env("CARGO_TARGET_DIR", dir.path("target"));
    command.env("SOCKPROOF_PROGRESS", "off").env_remove("CLICOLOR_FORCE");
    command
}

/// A server that is right.
fn right() -> String {
    fs::read_to_string(servers().join("echo/plain.py")).unwrap()
}

#[test]
fn without_a_terminal_another_command_is_named() {
    let mut command = hermetic(Xtask::new(env!("CARGO_BIN_EXE_xtask")));
    let refused = command.args(["watch", "w01-l01"]).assert().code(2).stdout(is_empty());
    let words = ["watch needs a terminal", "`cargo xtask prove w01-l01`"];
    assert_contains(&stderr_of(&refused), &words);
}

#[test]
fn proves_at_the_start_and_at_each_save_by_rename() {
    let mut watch = Watch::of(ENDS);
    let screen = watch.terminal.wait_for_frame("not yet · 0 of ");
    assert_contains(&screen, &["✗ starts", "next: correct it, and save", "q quit"]);
    // Each criterion that is not proved is named.
    assert_contains(&screen, &["echo", "half-close", "no-fd-leak", "port-taken"]);
    assert!(!watch.terminal.is_whole(), "keys come one by one");
    watch.save(&right());
    let screen = watch.terminal.wait_for_frame("proved · ");
    assert_contains(&screen, &["✓ starts · ", "q quit"]);
    watch.save(ENDS);
    watch.terminal.wait_for_frame("not yet · 0 of ");
    watch.terminal.press("q");
    assert_eq!(watch.terminal.wait_for_end().code(), Some(0));
    assert!(watch.terminal.is_whole());
    assert_gone(&watch.marker);
}

#[test]
fn a_save_ends_a_round_that_is_stuck() {
    let mut watch = Watch::of(SPINS);
    wait_for("the server runs", || is_server_running(&watch.marker));
    watch.save(&right());
    watch.terminal.wait_for_frame("proved · ");
    watch.terminal.press("q");
    watch.terminal.wait_for_end();
    assert_gone(&watch.marker);
}

#[test]
fn of_two_quick_saves_the_last_one_has_the_verdict() {
    let mut watch = Watch::of(SPINS);
    wait_for("the server runs", || is_server_running(&watch.marker));
    for _ in 0..5 {
        watch.save(&right());
        watch.save(ENDS);
    }
    watch.terminal.wait_for_frame("not yet · 0 of ");
    for _ in 0..5 {
        watch.save(ENDS);
        watch.save(&right());
    }
    watch.terminal.wait_for_frame("proved · ");
    watch.terminal.press("q");
    watch.terminal.wait_for_end();
    assert!(watch.terminal.screen().contains("proved · "), "{}", watch.terminal.screen());
    assert_gone(&watch.marker);
}

#[test]
fn a_key_ends_a_round_that_is_stuck_and_begins_another() {
    let mut watch = Watch::of(SPINS);
    wait_for("the server runs", || is_server_running(&watch.marker));
    watch.terminal.press("ppp");
    watch.save(ENDS);
    watch.terminal.wait_for_frame("not yet · 0 of ");
    // Keys that are pressed while results arrive are obeyed at once.
    watch.terminal.press("ppppq");
    assert_eq!(watch.terminal.wait_for_end().code(), Some(0));
    assert!(watch.terminal.is_whole());
    assert_gone(&watch.marker);
}

#[test]
fn signals_leave_the_terminal_whole_and_no_process() {
    for (signal, status) in [(Signal::SIGTERM, 143), (Signal::SIGHUP, 129)] {
        let mut watch = Watch::of(SPINS);
        wait_for("the server runs", || is_server_running(&watch.marker));
        watch.terminal.send(signal);
        assert_eq!(watch.terminal.wait_for_end().code(), Some(status));
        assert!(watch.terminal.is_whole());
        assert_gone(&watch.marker);
    }
}

#[test]
fn ctrl_c_leaves_the_terminal_whole_and_no_process() {
    let mut watch = Watch::of(SPINS);
    wait_for("the server runs", || is_server_running(&watch.marker));
    // The terminal makes a signal of this key.
    watch.terminal.press("\x03");
    assert_eq!(watch.terminal.wait_for_end().code(), Some(130));
    assert!(watch.terminal.is_whole());
    assert_gone(&watch.marker);
}

#[test]
fn sigkill_ends_the_server() {
    let mut watch = Watch::of(SPINS);
    wait_for("the server runs", || is_server_running(&watch.marker));
    watch.terminal.send(Signal::SIGKILL);
    watch.terminal.wait_for_end();
    assert_gone(&watch.marker);
}

#[test]
fn keys_show_the_list_and_run_the_server() {
    let mut watch = Watch::of(&right());
    watch.terminal.wait_for_frame("proved · ");
    watch.terminal.press("l");
    // The list is longer than the screen, and so goes to the pager.
    wait_for("the list is shown", || watch.terminal.shown().contains("Task 2"));
    watch.terminal.wait_for_frame("proved · ");
    watch.terminal.press("r");
    watch.terminal.wait_for(&format!("[START] port={}", watch.port));
    watch.terminal.press("\x03");
    watch.terminal.wait_for("any key");
    watch.terminal.press("x");
    watch.terminal.wait_for_frame("proved · ");
    watch.terminal.press("q");
    assert_eq!(watch.terminal.wait_for_end().code(), Some(0));
    assert_gone(&watch.marker);
}

#[test]
fn a_second_watch_of_a_lesson_is_refused() {
    let mut first = Watch::of(ENDS);
    first.terminal.wait_for_frame("not yet");
    let mut command = watch(&first.dir);
    command.args(["w01-l01", "--cmd", "true"]);
    let mut second = PseudoTerminal::start(&command);
    assert_eq!(second.wait_for_end().code(), Some(2));
    second.wait_for("already watches w01-l01");
    first.terminal.press("q");
    first.terminal.wait_for_end();
}

#[test]
fn the_compilers_words_and_the_failed_criterion_of_a_crate_are_shown() {
    let course = Course::with_solution();
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.args(["watch", "w03-l02"]).env("CARGO_MANIFEST_DIR", course.path("xtask"));
    command.env("CARGO_TARGET_DIR", course.path("target")).env_remove("SOCKPROOF_PROGRESS");
    let mut terminal = PseudoTerminal::start(&command);
    terminal.wait_for_frame("proved · 15 of 15");
    course.edit("src/table.rs", "self.free.push(slot);", "self.free.push(slt);");
    let screen = terminal.wait_for_frame("not yet · it does not compile");
    assert_contains(&screen, &["cannot find value `slt`", "src/table.rs:", "q quit"]);
    assert!(screen.lines().count() <= 24, "{screen}");

    let replaced = "{ let _ = slot; }";
    course.edit("src/table.rs", "self.free.push(slt);", replaced);
    let screen = terminal.wait_for_frame("next: correct it");
    assert_contains(&screen, &["not yet · ", "✗ reuse", "expected", "observed"]);
    assert!(screen.lines().count() <= 24, "{screen}");
    terminal.press("h");
    terminal.wait_for_frame("hint 1 of 3");

    // The criterion that failed is checked first.
    course.edit("src/table.rs", replaced, "self.free.push(slot);");
    terminal.wait_for_frame("proved · 15 of 15");
    let shown = terminal.shown();
    let first = shown.rsplit("building").next().unwrap_or_default();
    let first = first.split('✓').nth(1).unwrap_or_default();
    assert!(first.trim_start().starts_with("reuse"), "{first}");
    terminal.press("q");
    assert_eq!(terminal.wait_for_end().code(), Some(0));
    assert!(terminal.is_whole() && course.path(LESSON).join(".progress").exists());
}
