//! What a server writes, however it writes it.

use crate::programs::{open_file, open_text, shell, until_logged};
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
fn a_partial_line_is_finished_later_without_a_trace_of_the_observer() {
    let text = r#"int main(void) { int door = listening(); setbuf(stdout, 0);
        for (;;) { accept(door, 0, 0); printf("left,"); accept(door, 0, 0); puts(" right"); } }"#;
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
fn everything_written_before_rest_is_there_at_rest() {
    let text = r#"int main(void) { int door = listening();
        for (;;) { close(accept(door, 0, 0)); puts("one more"); } }"#;
    let mut server = open_text("rounds", text);
    for round in 0..100 {
        server.connect().unwrap();
        server.wait_idle().unwrap();
        assert_eq!(server.log().len(), round + 1);
    }
}

#[test]
fn binary_rubbish_is_text_with_gaps() {
    let mut server = open_file("strange/garbage.py");
    server.wait_idle().unwrap();
    assert!(server.log().len() > 5);
    assert!(server.log().iter().all(|line| !line.text.contains('\n')));
}

#[test]
fn a_million_lines_are_read_past() {
    let mut server = open_file("strange/million_lines.py");
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
    until_logged(&mut server, "so");
}

#[test]
fn a_flood_on_standard_error_holds_nobody_up() {
    let launch = shell("yes >&2 & sleep infinity").timeout(std::time::Duration::from_secs(1));
    let mut server = launch.start().unwrap();
    let stuck = server.wait_for(|_| Ok(None::<()>)).unwrap_err();
    // On a busy machine it may not even be given the time.
    use witness::WaitError::{TimedOut, Unobservable};
    assert!(matches!(stuck, TimedOut { .. } | Unobservable(_)), "{stuck}");
    assert_eq!(server.stderr().len(), 1 << 16);
}

#[test]
fn closed_streams_are_no_news() {
    let mut server = shell("exec >&- 2>&-; exec sleep infinity").start().unwrap();
    server.wait_idle().unwrap();
    assert!(server.log().is_empty() && server.stderr().is_empty());
}
