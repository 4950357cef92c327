//! Tests of the log and the standard error of servers.

use crate::programs::{open_file, open_text, shell, wait_logged};
use witness::{Launch, Server};

fn texts(server: &Server) -> Vec<&str> {
    server.log().iter().map(|line| line.text.as_str()).collect()
}

fn python(text: &str) -> Server {
    Launch::new("python3").args(["-c", text]).start().unwrap()
}

#[test]
fn lines_may_be_split_anywhere() {
    let mut server = python(
        "import os, time\n\
         for byte in b'[ACCEPT] fd=4 slot=0\\n[START]\\n':\n\
         \x20   os.write(1, bytes([byte])); time.sleep(.001)\n\
         os.write(1, b'no end')",
    );
    server.wait_idle().unwrap_err();
    assert_eq!(texts(&server), ["[ACCEPT] fd=4 slot=0", "[START]"]);
}

#[test]
fn a_line_that_is_written_in_two_parts_contains_no_marker() {
    let text = r#"int main(void) { int listener = listening(); setbuf(stdout, 0);
        for (;;) { accept(listener, 0, 0); printf("left,"); accept(listener, 0, 0); puts(" right"); } }"#;
    let mut server = open_text("halves", text);
    for _ in 0..2 {
        let _clients = [server.connect().unwrap(), {
            server.wait_idle().unwrap();
            server.connect().unwrap()
        }];
        server.wait_idle().unwrap();
    }
    assert_eq!(texts(&server), ["left, right", "left, right"]);
}

#[test]
fn every_line_of_an_idle_server_has_been_read() {
    let text = r#"int main(void) { int listener = listening();
        for (;;) { close(accept(listener, 0, 0)); puts("one more"); } }"#;
    let mut server = open_text("rounds", text);
    for round in 0..100 {
        server.connect().unwrap();
        server.wait_idle().unwrap();
        assert_eq!(server.log().len(), round + 1);
    }
}

#[test]
fn binary_output_becomes_lines_of_text() {
    let mut server = open_file("faulty/terminal_escapes.py");
    server.wait_idle().unwrap();
    assert!(server.log().len() > 5);
    assert!(server.log().iter().all(|line| !line.text.contains('\n')));
}

#[test]
fn only_the_first_20_000_of_a_million_lines_are_kept() {
    let mut server = open_file("faulty/million_lines.py");
    server.wait_idle().unwrap();
    assert_eq!(server.log().len(), 20_000);
    let numbered = server.log().iter().skip(1).enumerate();
    for (number, line) in numbered {
        assert_eq!(line.text, format!("line {number}: nothing of interest"));
    }
}

#[test]
fn standard_output_is_a_terminal_and_standard_input_is_empty() {
    let line = "test -t 1 && test ! -t 2 && ! read x && echo so; exec sleep infinity";
    let mut server = shell(line).start().unwrap();
    wait_logged(&mut server, "so");
}

#[test]
fn standard_error_is_open_for_reading_and_writing_as_in_a_terminal() {
    // The last digit of the flags is the access mode, and 2 is O_RDWR (proc_pid_fdinfo(5)).
    let line = "grep -q '^flags:.*2$' /proc/self/fdinfo/2 && echo so; exec sleep infinity";
    let mut server = shell(line).start().unwrap();
    wait_logged(&mut server, "so");
}

#[test]
fn endless_output_on_standard_error_does_not_block_the_observer() {
    let launch = shell("yes >&2 & sleep infinity").timeout(std::time::Duration::from_secs(1));
    let mut server = launch.start().unwrap();
    let error = server.wait_for(|_| Ok(None::<()>)).unwrap_err();
    // On a busy machine the result of the wait may be inconclusive.
    use witness::WaitError::{TimedOut, Unobservable};
    assert!(matches!(error, TimedOut { .. } | Unobservable(_)), "{error}");
    assert_eq!(server.stderr().len(), 1 << 16);
}

#[test]
fn a_server_that_closes_its_streams_is_idle() {
    let mut server = shell("exec >&- 2>&-; exec sleep infinity").start().unwrap();
    server.wait_idle().unwrap();
    assert!(server.log().is_empty() && server.stderr().is_empty());
}
