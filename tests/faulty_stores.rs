//! Lesson w09-l01: stores with one fault. Its criterion fails, and the cause quotes the store's replies.

mod support;

use support::programs::{TestDir, command_line, python};
use support::stores::{changed, prove};
use support::{assert_contains, report};

#[test]
fn a_store_that_serves_others_in_the_middle_of_exec_fails() {
    let wrong = [
        ("[self.call(*command) for command in queue]", "[self.late(command) for command in queue]"),
        ("    def discard(self):", LATE),
        ("    def accept(self):", OTHERS),
        ("    server.serve()", "    globals()['SERVER'] = server\n    server.serve()"),
    ];
    let Some(cause) = cause_of("transaction", &wrong) else { return };
    assert_contains(&cause, &["not-atomic", "two equal numbers"]);
}

/// Code that serves all other clients before each command of a transaction.
const LATE: &str = "    def late(self, command):
        SERVER.serve_others(self)
        return self.call(*command)

    def discard(self):";
const OTHERS: &str = "    def serve_others(self, busy):
        for key, _ in self.selector.select(0):
            if key.data not in (None, busy):
                self.go_on(key.data)

    def accept(self):";

#[test]
fn keys_that_stay_watched_after_a_refused_exec_fail() {
    let discard = "        self.discard()\n        if failed:";
    let wrong = [(
        discard,
        "        self.queue = None\n        failed or self.unwatch()\n        if failed:",
    )];
    let Some(cause) = cause_of("transaction", &wrong) else { return };
    assert_contains(&cause, &["EXEC was answered nil", "and was answered -EXECABORT"]);
}

/// For each small fault: the criterion that must fail, a part of its cause, and the change of the store.
#[test]
fn small_faults_are_found() {
    type Fault = (&'static str, &'static str, &'static [(&'static str, &'static str)]);
    let faults: [Fault; 14] = [
        // A second WATCH of the same key forgets the change since the first.
        (
            "transaction",
            "where nil belongs",
            &[(
                "            self.watched.append(key)",
                "            self.stale &= key not in self.watched\n            self.watched.append(key)",
            )],
        ),
        // DISCARD keeps the mark of a bad command.
        (
            "transaction",
            "EXEC was answered -EXECABORT",
            &[
                ("        self.queue, self.failed = [], False", "        self.queue = []"),
                (
                    "        self.discard()\n        if failed:",
                    "        self.discard()\n        self.failed = False\n        if failed:",
                ),
            ],
        ),
        // A SET that NX prevents counts as a change.
        (
            "transaction",
            "EXEC was answered nil",
            &[(
                "            return None\n        self.put(key, value",
                "            self.touch(key)\n            return None\n        self.put(key, value",
            )],
        ),
        // FLUSHDB keeps the expiries.
        (
            "expiry",
            "where :-1 belongs",
            &[(
                "        self.delete(*list(self.values))",
                "        kept = self.deadlines.copy()\n        self.delete(*list(self.values))\n        \
             self.deadlines = kept",
            )],
        ),
        (
            "expiry",
            "XX NX was answered",
            &[("{b\"NX\", b\"XX\"} <= set(found)", "list(found) == [b\"NX\", b\"XX\"]")],
        ),
        (
            "expiry",
            "-9223372036854775808 was answered",
            &[(
                "new = expiry(number, unit)",
                "new = 0 if number[:1] == b\"-\" else expiry(number, unit)",
            )],
        ),
        // XX excludes GT and LT.
        (
            "expiry",
            "was answered -ERR",
            &[("len(found) > 1 and (b\"NX\" in found or", "len(found) > 1 and (found or")],
        ),
        // Commands after QUIT are run.
        (
            "auth",
            "served-after-quit",
            &[("while not self.is_last and len(self.outbox)", "while len(self.outbox)")],
        ),
        // Without REQUIREPASS, any password is right.
        (
            "bad-input",
            "was answered +OK",
            &[(
                "raise Refused(\"ERR AUTH called without any password configured\")",
                "return True",
            )],
        ),
        // Limits that are lower than those of the lesson.
        (
            "bad-input",
            "a word of 60000 bytes",
            &[("LONGEST_LINE = 1 << 16", "LONGEST_LINE = 1 << 15")],
        ),
        ("bad-input", "2000 names of one key", &[("SMALLEST, MAX_WORDS", "SMALLEST, 1024")]),
        // A question mark also stands for no byte.
        ("get-set", "KEYS ", &[("return b\".\"", "return b\".?\"")]),
        ("get-set", "KEYS ", &[("re.compile(text, re.S)", "re.compile(text)")]),
        (
            "get-set",
            "loose-numbers",
            &[(
                "re.fullmatch(rb\"0|-?[1-9][0-9]*\", digits[:21])",
                "re.match(rb\"(0|-?[1-9][0-9]*)$\", digits[:21])",
            )],
        ),
    ];
    for (criterion, part, changes) in faults {
        let Some(cause) = cause_of(criterion, changes) else { return };
        assert_contains(&cause, &[part]);
    }
}

#[test]
fn a_star_that_stays_at_its_first_match_fails() {
    let wrong = [("    return re.compile(text, re.S)", FIRST_MATCH)];
    let Some(cause) = cause_of("get-set", &wrong) else { return };
    assert_contains(&cause, &["a*b*c was answered"]);
}

/// Code that looks for the text after a star once, and does not go back.
const FIRST_MATCH: &str = r#"    first, *others = text.split(b".*")
    text = first + b"".join(b"(?>.*?%s)" % part if part else b".*" for part in others)
    return re.compile(text, re.S)"#;

#[test]
fn a_malformed_reply_is_quoted() {
    let wrong = [(r#"b"+OK\r\n""#, r#"b"+OK\n""#)];
    let Some(cause) = cause_of("get-set", &wrong) else { return };
    assert_contains(&cause, &[r#"a line that does not end with \\r\\n"#, r#"+OK\\n"#]);
    assert_contains(&cause, &[r#"A sent \"*3\\r\\n$3\\r\\nSET\\r\\n"#]);
}

#[test]
fn a_second_reply_to_one_command_fails() {
    let wrong = [("self.outbox += reply(value)", "self.outbox += reply(value) * 2")];
    let Some(cause) = cause_of("ping", &wrong) else { return };
    assert_contains(&cause, &["the server sends more", "one reply to each command"]);
}

#[test]
fn a_store_that_does_not_reply_fails() {
    let wrong = [("self.outbox += reply(value)", "pass")];
    let Some(cause) = cause_of("ping", &wrong) else { return };
    assert_contains(&cause, &["PING was not answered", "the server is asleep in epoll_wait"]);
}

#[test]
fn replies_cut_by_a_short_write_fail() {
    let sent = "del self.outbox[: self.sock.send(self.outbox)]";
    let wrong = [(sent, "self.sock.send(self.outbox)\n                self.outbox.clear()")];
    let Some(cause) = cause_of("pipeline", &wrong) else { return };
    assert_contains(&cause, &["out-of-line", "Reply "]);
}

#[test]
fn a_store_that_wakes_up_for_an_end_of_file_while_replies_wait_fails() {
    let modify = "        self.selector.modify(client.sock, wanted, client)";
    let hang_up = "\n        epoll = self.selector._selector\n        \
                   events = select.EPOLLRDHUP | (select.EPOLLOUT if client.outbox else select.EPOLLIN)\n        \
                   epoll.modify(client.sock.fileno(), events)";
    let wrong = [
        (modify, &*format!("{modify}{hang_up}")),
        ("import selectors", "import select, selectors"),
    ];
    let Some(cause) = cause_of("slow-reader", &wrong) else { return };
    assert_contains(&cause, &["does not read its replies, and the server does not sleep"]);
    assert_contains(&cause, &["shut down its sending side"]);
}

#[test]
fn memory_allocated_before_the_bytes_have_arrived_fails() {
    let wrong = [
        ("        if len(inbox) < at + length", "        ROOM.append(b'x' * length)\n@"),
        ("@", "        if len(inbox) < at + length"),
        ("LONGEST_LINE = 1 << 16", "LONGEST_LINE = 1 << 16\nROOM = []"),
    ];
    let Some(cause) = cause_of("bad-input", &wrong) else { return };
    assert_contains(&cause, &["memory-claimed", "MiB more"]);
}

/// Runs a proof of the store in Python with these changes to its source, and returns the cause of
/// `criterion` as JSON; `None` if Python is not installed.
#[track_caller]
fn cause_of(criterion: &str, changes: &[(&str, &str)]) -> Option<String> {
    let python = python()?;
    let dir = TestDir::new();
    let store = command_line([&python, &changed(&dir, changes)]);
    let output = prove(&store, &["--only", criterion, "--format", "json"]).code(1);
    let lesson = &report(&output)["lessons"][0];
    let found = &lesson["criteria"][0];
    assert_eq!(found["status"], "failed", "{found}");
    Some(found["cause"].to_string())
}
