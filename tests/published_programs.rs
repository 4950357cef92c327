//! Servers and a client as articles and guides about sockets show them: each fails for what one sees
//! in its text, and its correct parts are proved. What was added to them are the log lines.

mod support;

use std::path::Path;
use support::programs::{TestDir, command_line};
use support::{report, xtask};

/// The result that a reader of the program expects for a criterion.
#[derive(Debug, PartialEq)]
enum Expected {
    Proved,
    /// The criterion fails, and names this row; an empty text if it names none.
    Fails(&'static str),
    /// The criterion fails. The row depends on how the bytes come.
    FailsInAnyWay,
    /// The criterion is not checked: another one on which it depends has failed.
    Skipped,
}

use Expected::{Fails, FailsInAnyWay, Proved, Skipped};

#[test]
fn the_fork_server_of_an_article() {
    assert_findings(
        &Program::new("w02-l01", "fork/faulty/byte_at_a_time.c", &["--port", "1205"]),
        &[
            ("config", Proved),
            ("port-taken", Fails("")),
            ("own-child", Proved),
            ("descriptors", Proved),
            ("no-zombies", Proved),
            ("flips", Fails("eof-byte")),
            ("every-byte", Skipped),
            ("hangup", Fails("ignores-eof")),
            ("ends", Fails("leaves-children")),
            ("interrupted", Fails("")),
            ("accept-again", Fails("accept-unchecked")),
            ("fork-fails", Skipped),
        ],
    );
}

/// When listen fails, accept fails too, and each failure starts a child: the server never rests.
#[test]
fn a_server_that_never_rests_has_not_run_out_of_time() {
    const FLAGS: &[&str] = &["--port", "1205", "--timeout", "3"];
    let program = Program::new("w02-l01", "fork/faulty/byte_at_a_time.c", FLAGS);
    assert_findings(&program, &[("starts", Fails("start-too-early"))]);
}

#[test]
fn the_echo_server_of_a_guide() {
    assert_findings(
        &Program::new("w01-l01", "echo/faulty/one_client.c", &["--port", "3490"]),
        &[
            ("starts", Proved),
            ("config", Proved),
            ("port-taken", Fails("port-not-named")),
            ("echo", Proved),
            ("every-byte", Fails("short-write")),
            ("next-client", Fails("closes-listener")),
            ("half-close", Skipped),
            ("ends", Fails("")),
            ("restart", Proved),
            ("no-fd-leak", Skipped),
            ("reset", Skipped),
        ],
    );
}

#[test]
fn the_client_of_a_guide() {
    assert_findings(
        &Program::new("w01-l02", "client/faulty/one_recv.c", &[]),
        &[
            ("connects", Proved),
            ("usage", Fails("unchecked-port")),
            ("next-address", Proved),
            ("refused", Proved),
            ("exchange", Proved),
            ("whole-reply", Fails("one-recv")),
            ("all-sent", Fails("line-cut")),
            ("hung-up", Fails("eof-is-success")),
            ("nothing-to-say", Fails("empty-waits")),
            ("tidy", Proved),
        ],
    );
}

/// `ends` is not asked: the room prints each message as it came, without a newline after half a line,
/// and so a later line of the log may begin in the middle of a line.
#[test]
fn the_chat_room_on_poll_of_a_guide() {
    assert_findings(
        &POLL_ROOM,
        &[
            ("starts", Proved),
            ("config", Proved),
            ("port-taken", Fails("port-not-named")),
            ("join-leave", Fails("nul-sent")),
            ("nonblocking", Fails("blocking-client")),
            ("no-fd-leak", Fails("sigpipe")),
            ("framing", Skipped),
            ("accept-again", Fails("emfile-spins")),
            ("one-thread", Proved),
            ("watch-set", Proved),
            ("idle", Proved),
            ("interrupted", Fails("eintr-ends-server")),
            ("slow-reader", Skipped),
            ("capacity", Fails("no-limit")),
        ],
    );
}

#[test]
fn the_lines_of_the_chat_room_on_poll() {
    assert_findings(
        &Program { define: Some("MENDED"), ..POLL_ROOM },
        &[
            ("join-leave", Proved),
            ("broadcast", Skipped),
            ("framing", Fails("read-is-line")),
            ("long-lines", FailsInAnyWay),
            ("interrupted", Proved),
        ],
    );
}

#[test]
fn the_chat_room_on_epoll_of_a_guide() {
    assert_findings(
        &EPOLL_ROOM,
        &[
            ("starts", Proved),
            ("epoll", Proved),
            ("port-taken", Fails("port-not-named")),
            ("join-leave", Fails("")),
            ("nonblocking", Fails("blocking-client")),
            ("no-fd-leak", Fails("")),
            ("one-thread", Proved),
            ("drained", Proved),
            ("watch-set", Proved),
            ("idle", Proved),
            ("interrupted", Fails("eintr-ends-server")),
        ],
    );
}

/// The events of one wake-up name places of the array that a removal has changed.
#[test]
fn the_array_of_the_chat_room_on_epoll() {
    let program = Program { define: Some("MENDED"), ..EPOLL_ROOM };
    assert_findings(&program, &[("join-leave", Fails("")), ("interrupted", Proved)]);
}

/// A room with 16,383 slots cannot be filled in the time of a criterion.
#[test]
fn a_room_that_is_too_large_to_fill_is_inconclusive() {
    let dir = TestDir::new();
    let room = Program {
        flags: &["--port", "9040", "--capacity", "16383", "--timeout", "3"],
        ..EPOLL_ROOM
    };
    let arguments = room.arguments(&dir, "capacity");
    let answer = xtask(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    let found = &report(&answer.code(2))["lessons"][0]["criteria"][0];
    assert_eq!(found["status"], "inconclusive", "{found}");
}

const POLL_ROOM: Program = Program {
    lesson: "w03-l03",
    source: "chat/faulty/poll_tutorial.c",
    define: None,
    words: &["9040", "256"],
    flags: &["--port", "9040", "--capacity", "256"],
};

const EPOLL_ROOM: Program = Program {
    lesson: "w04-l02",
    source: "chat/faulty/epoll_tutorial.c",
    define: None,
    words: &["9040"],
    flags: &["--port", "9040", "--capacity", "16383"],
};

/// A program in C, and how it is proved.
struct Program {
    lesson: &'static str,
    source: &'static str,
    /// A macro that the compiler defines.
    define: Option<&'static str>,
    /// The program's arguments.
    words: &'static [&'static str],
    flags: &'static [&'static str],
}

impl Program {
    const fn new(
        lesson: &'static str,
        source: &'static str,
        flags: &'static [&'static str],
    ) -> Self {
        Self { lesson, source, define: None, words: &[], flags }
    }

    /// The arguments of `cargo xtask` that prove some criteria.
    fn arguments(&self, dir: &TestDir, only: &str) -> Vec<String> {
        let program = match self.define {
            Some(name) => dir.compiled_with(Path::new(self.source), name),
            None => dir.compiled(self.source),
        };
        let command = [&[command_line([&program]).as_str()], self.words].concat().join(" ");
        let prove = ["prove", self.lesson, "--cmd", &command, "--only", only, "--format", "json"];
        prove.iter().chain(self.flags).map(|&word| word.to_owned()).collect()
    }
}

/// Fails unless the proof gives each criterion this result.
#[track_caller]
fn assert_findings(program: &Program, expected: &[(&'static str, Expected)]) {
    let dir = TestDir::new();
    let only: Vec<_> = expected.iter().map(|(criterion, _)| *criterion).collect();
    let arguments = program.arguments(&dir, &only.join(","));
    let answer = xtask(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    let found = report(&answer.code(1));
    let criteria = found["lessons"][0]["criteria"].as_array().unwrap();
    for (id, expected) in expected {
        let one = criteria.iter().find(|one| one["id"] == *id).expect(id);
        let row = one["cause"]["mistake"].as_str().unwrap_or_default();
        let is_as_expected = match expected {
            Proved => one["status"] == "proved",
            Fails(named) => one["status"] == "failed" && row == *named,
            FailsInAnyWay => one["status"] == "failed",
            Skipped => one["status"] == "skipped",
        };
        assert!(is_as_expected, "{id} must be {expected:?}: {one}");
    }
}
