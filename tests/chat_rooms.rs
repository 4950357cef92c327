//! Lesson w03-l03: every correct chat room is proved, in any style. For a wrong room, the report names
//! the cause.

mod support;

use assert_cmd::assert::Assert;
use predicates::str::is_empty;
use std::path::Path;
use support::programs::{TestDir, command_line, python, servers};
use support::{assert_contains, command, stdout_of};

#[test]
fn proves_the_solution() {
    assert_proved(prove(&["--solution"]));
}

#[test]
fn sends_a_beginner_to_the_first_task() {
    let output = prove(&[]).code(1).stderr(is_empty());
    assert_contains(&stdout_of(&output), &["✗ starts", "still to do:", "Task 1:", "0 of 18"]);
}

#[test]
fn proves_writes_at_once_and_what_is_left_at_pollout() {
    assert_proved_in_c("plain.c");
}

#[test]
fn proves_a_room_with_small_receive_buffers() {
    let dir = TestDir::new();
    let room = dir.compiled_with(Path::new("chat").join("plain.c"), "SMALL_WINDOW");
    let output = prove(&["--cmd", &command_line([&room]), "--only", "long-lines,slow-reader"]);
    output.code(0);
}

#[test]
fn proves_shared_messages_that_are_written_at_pollout_alone() {
    assert_proved_in_c("deferred.c");
}

#[test]
fn proves_python() {
    assert_proved_in_python("poll_room.py");
}

#[test]
fn proves_python_on_asyncio() {
    assert_proved_in_python("on_asyncio.py");
}

#[test]
fn proves_a_room_with_few_slots_built_in() {
    let dir = TestDir::new();
    let room = format!("env MAX_CLIENTS=8 {}", command_line([&compiled(&dir, "plain.c")]));
    assert_proved(prove(&["--cmd", &room, "--capacity", "8"]));
}

#[test]
fn names_what_is_wrong_with_a_first_attempt() {
    let dir = TestDir::new();
    let room = command_line([&compiled(&dir, "faulty/first_attempt.c")]);
    let output = prove(&["--cmd", &room, "--all"]).code(1);
    assert_contains(
        &stdout_of(&output),
        &[
            "A was sent a NUL byte that nobody had sent.",
            "Common mistake: Sending a NUL byte with each line",
            "descriptor 4 is in blocking mode.",
            "– framing not run: it depends on join-leave",
            "Common mistake: Never comparing the number of members with MAX_CLIENTS",
        ],
    );
}

#[test]
fn names_what_is_wrong_with_the_lines_of_a_first_attempt() {
    let dir = TestDir::new();
    let source = Path::new("chat").join("faulty/first_attempt.c");
    let room = command_line([&dir.compiled_with(source, "NO_NUL")]);
    let output = prove(&["--cmd", &room, "--all"]).code(1);
    let pieces = ["✗ framing", "Common mistake: Taking what one read returns for a line"];
    assert_contains(&stdout_of(&output), &pieces);
    assert_contains(
        &stdout_of(&output),
        &["– broadcast not run: it depends on framing", "✗ long-lines", "✗ slow-reader"],
    );
}

#[test]
fn says_that_a_room_is_in_a_loop_after_a_line_that_is_too_long() {
    let Some(python) = python() else { return };
    let room = command_line([&python, &servers().join("chat/faulty/loops_on_long_line.py")]);
    let output = stdout_of(&prove(&["--only", "long-lines", "--cmd", &room]).code(1));
    assert_contains(&output, &["and the server has been in a loop since then."]);
}

#[test]
fn says_which_line_a_room_has_lost_that_skips_long_lines() {
    let Some(python) = python() else { return };
    let script = servers().join("chat/faulty/skips_long_lines.py");
    let room = command_line([&python, &script]);
    assert_proved(prove(&["--only", "framing,long-lines", "--cmd", &room]));
    for (fault, sentence) in [
        ("drops-read", "next line came at once. Nobody got the next line."),
        ("drops-rest", "next line came at once, and nobody got the next line."),
        ("stays", "left in the middle of a line that was too long, and"),
        ("full-buffer", "passed on the long line, and not all of the short ones. It answered"),
    ] {
        let room = command_line([python.as_path(), &script, Path::new(fault)]);
        let output = stdout_of(&prove(&["--only", "long-lines", "--cmd", &room]).code(1));
        assert!(words(&output).contains(sentence), "{fault}: {output}");
        assert!(!output.contains("Common mistake"), "{fault}: {output}");
    }
}

#[test]
fn says_that_a_line_ended_at_a_carriage_return() {
    let Some(python) = python() else { return };
    let room = command_line([&python, &servers().join("chat/faulty/splits_lines.py")]);
    let output = stdout_of(&prove(&["--only", "framing", "--cmd", &room]).code(1));
    let summary = r#"was sent a line that ends at the character "\r", which"#;
    assert!(words(&output).contains(summary), "{output}");
    assert!(!output.contains("Common mistake"), "{output}");
}

#[test]
fn names_what_is_wrong_with_a_room_of_texts() {
    let Some(python) = python() else { return };
    let room = command_line([&python, &servers().join("chat/faulty/decodes.py")]);
    let only = ["--only", "join-leave,nonblocking,framing,slow-reader"];
    let output = prove(&[&["--timeout", "120", "--all", "--cmd", &room], &only[..]].concat());
    assert_contains(
        &stdout_of(&output.code(1)),
        &[
            "✓ join-leave",
            "Common mistake: Leaving a member's descriptor blocking",
            "Common mistake: Removing the CR before a newline",
            "– slow-reader not run: it depends on nonblocking",
        ],
    );
}

#[test]
fn a_room_with_one_fault_fails_its_criterion() {
    let dir = TestDir::new();
    let source = Path::new("chat").join("faulty/poll_waits.c");
    let room = |name| command_line([&dir.compiled_with(&source, name)]);
    assert_proved(prove(&["--cmd", &room("NO_FAULT")]));
    for (fault, criterion, sentence) in [
        ("OUTPUT_STAYS", "slow-reader", ", and the server does not go to sleep."),
        ("NOT_LOGGED", "slow-reader", "and no [DISCONNECT] line names its descriptor"),
        ("LOST_SLOT", "slow-reader", "A member that never reads was removed before."),
        ("BLOCK_EACH", "slow-reader", "KiB for it, and only"),
        ("MOVED_EVENTS", "slow-reader", "B left while output was pending for C."),
        ("ASKS_SECOND", "slow-reader", "has read late, and did not get all lines"),
        ("COUNT_LIMIT", "slow-reader", "KiB pending, in many short lines."),
        ("DROPPED_LATER", "slow-reader", "read nothing, and the server keeps the connection."),
        ("OVERTAKES", "slow-reader", "has read late, and newer bytes came before older ones."),
        ("PENDING_STAYS", "slow-reader", "A member that never reads was removed, and"),
        (
            "READ_IS_ALL",
            "slow-reader",
            "C sent a line while output was pending for it. C has read late",
        ),
        ("SMALL_LIMIT", "slow-reader", "closed its connection before more than 64800 bytes were"),
        ("LAST_SLOT", "capacity", "2 of 2 slots are in use, and B did not get what A said."),
        ("GAP", "slow-reader", "was removed. H did not get a line that the others got then."),
        ("TELNET", "framing", r#"was sent a line in which the byte "\xff" is missing, or has"#),
        ("TRIMS", "framing", "was sent a line without a blank or tab that it had."),
        ("BLANK_LOST", "framing", r#"\n", and nobody got it."#),
        ("TELLS_EARLY", "capacity", "clients were rejected, and A was sent something then."),
        ("TELLS_PRESENT", "join-leave", "B was told that A has come, which was there before it."),
        ("GREETS_OPEN", "join-leave", "of the server's own that has no newline at its end."),
        ("NUL_ANSWER", "long-lines", "own that has a NUL byte that nobody had sent."),
        ("SHORT_NAME", "capacity", "105 members are in the room, and A got another line than"),
        ("FEW_ENTRIES", "capacity", "and A did not get what"),
        ("ONE_CHUNK", "slow-reader", "has read late, and did not get all lines."),
        ("TOTAL_LENGTH", "long-lines", "and the server did not pass on the long line. It closed"),
        ("NO_REUSE", "ends", "EADDRINUSE"),
        ("QUIT_WORD", "framing", r#"B did not get "user 5: /quit\n"."#),
        ("SHIFTS", "join-leave", "left, and [DISCONNECT] does not name its slot."),
        ("ONE_BYTE_MORE", "long-lines", "The server passed on a line of 65537 bytes"),
    ] {
        let output = prove(&["--cmd", &room(fault), "--only", criterion]).code(1);
        let output = words(&stdout_of(&output));
        assert!(output.contains(sentence), "{fault}: {output}");
    }
}

#[test]
fn names_no_row_about_poll_if_accept_is_called_wrongly() {
    let dir = TestDir::new();
    let source = Path::new("chat").join("faulty/poll_waits.c");
    for (fault, sentence) in [
        ("ACCEPT_EINTR", "when accept failed with EINTR."),
        ("ACCEPTS_ON", "does not sleep: it repeats"),
    ] {
        let room = command_line([&dir.compiled_with(&source, fault)]);
        let output = stdout_of(&prove(&["--cmd", &room, "--only", "accept-again"]).code(1));
        assert!(words(&output).contains(sentence), "{fault}: {output}");
        assert!(!output.contains("Common mistake"), "{fault}: {output}");
    }
}

#[test]
fn proves_the_solution_on_epoll() {
    assert_proved(prove_epoll(&["--solution"]));
}

#[test]
fn proves_entries_for_output_that_come_and_go() {
    assert_proved_on_epoll("epoll_level.c");
}

#[test]
fn proves_edge_triggered_entries_that_never_change() {
    assert_proved_on_epoll("epoll_edge.c");
}

#[test]
fn proves_oneshot_entries_and_an_exclusive_listener() {
    assert_proved_on_epoll("epoll_oneshot.c");
}

#[test]
fn proves_python_on_epoll() {
    let Some(python) = python() else { return };
    for script in ["chat/epoll_room.py", "chat/selectors_room.py"] {
        let room = command_line([&python, &servers().join(script)]);
        assert_proved(prove_epoll(&["--timeout", "120", "--cmd", &room]));
    }
}

#[test]
fn an_edge_triggered_room_that_leaves_its_loop_at_a_long_line_is_not_proved() {
    let Some(python) = python() else { return };
    let script = servers().join("chat/faulty/skips_long_lines.py");
    let room = command_line([python.as_path(), &script, Path::new("leaves-loop")]);
    let output = stdout_of(&prove_epoll(&["--cmd", &room, "--only", "long-lines"]).code(1));
    assert!(words(&output).contains("It was passed on when"), "{output}");
    assert_contains(&output, &["Common mistake: Not reading until EAGAIN with EPOLLET"]);
}

#[test]
fn a_room_on_poll_is_not_proved_on_epoll() {
    let dir = TestDir::new();
    let room = command_line([&compiled(&dir, "plain.c")]);
    let output = prove_epoll(&["--cmd", &room, "--only", "epoll,idle"]).code(1);
    assert_contains(&stdout_of(&output), &["Common mistake: Staying with poll"]);
}

#[test]
fn names_what_is_wrong_with_a_wait_on_epoll() {
    for (fault, criterion, row) in [
        ("EDGE_ONCE", "drained", "Not reading until EAGAIN with EPOLLET"),
        (
            "NO_OUTPUT",
            "slow-reader",
            "Never asking for EPOLLOUT, or not sending when it is reported",
        ),
        ("EDGE_CHUNK", "slow-reader", "Its entry has EPOLLOUT and EPOLLET"),
        ("NOTED_OUTPUT", "slow-reader", "A member that never reads was removed, and"),
        (
            "WAITS_AT_END",
            "ends",
            "Output was pending for B, which did not read. SIGTERM did not end",
        ),
        ("NOT_ARMED", "long-lines", "Not arming an EPOLLONESHOT entry again"),
        ("STALE_INDEX", "join-leave", "Not reading from the member that an event is about"),
    ] {
        let dir = TestDir::new();
        let source = Path::new("chat").join("faulty/epoll_waits.c");
        let room = command_line([&dir.compiled_with(source, fault)]);
        let output = stdout_of(&prove_epoll(&["--cmd", &room, "--only", criterion]).code(1));
        assert!(words(&output).contains(&words(row)), "{fault}: {output}");
    }
}

/// A text with one space between its words, however its lines are broken.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Runs `cargo xtask prove w03-l03` with these flags.
fn prove(flags: &[&str]) -> Assert {
    command().args(["prove", "w03-l03"]).args(flags).assert()
}

/// Runs `cargo xtask prove w04-l02` with these flags.
fn prove_epoll(flags: &[&str]) -> Assert {
    command().args(["prove", "w04-l02"]).args(flags).assert()
}

fn compiled(dir: &TestDir, source: &str) -> std::path::PathBuf {
    dir.compiled(Path::new("chat").join(source))
}

#[track_caller]
fn assert_proved(proof: Assert) {
    let output = proof.code(0).stderr(is_empty());
    assert_contains(&stdout_of(&output), &["proved · "]);
}

#[track_caller]
fn assert_proved_in_python(script: &str) {
    let Some(python) = python() else { return };
    let room = command_line([&python, &servers().join("chat").join(script)]);
    assert_proved(prove(&["--timeout", "120", "--cmd", &room]));
}

#[track_caller]
fn assert_proved_in_c(source: &str) {
    let dir = TestDir::new();
    assert_proved(prove(&["--cmd", &command_line([&compiled(&dir, source)])]));
}

#[track_caller]
fn assert_proved_on_epoll(source: &str) {
    let dir = TestDir::new();
    assert_proved(prove_epoll(&["--cmd", &command_line([&compiled(&dir, source)])]));
}
