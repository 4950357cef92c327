//! Tests of servers in a busy loop, and of servers that only have much to do.

use crate::endless_waits::{expect_idle, expect_loop};
use crate::programs::{open, open_text, wait_logged, written};
use witness::{IsolationLevel, Launch, Server};

/// A server that executes `body` after its client has left. `body` repeats itself for ever.
fn loops(name: &str, body: &str) -> Server {
    let text = format!(
        "#include <fcntl.h>\n#include <poll.h>\n#include <sys/wait.h>\n\
         int main(void) {{ int listener = listening(); signal(SIGPIPE, SIG_IGN);\n\
         int fd = accept(listener, 0, 0); char bytes[512]; \
         while (read(fd, bytes, sizeof bytes) > 0) ; {body} }}"
    );
    let mut server = open_text(name, &text);
    let client = server.connect().unwrap();
    server.wait_for(|now| now.descriptor_of(&client)).unwrap();
    expect_idle(&mut server, "read");
    client.close();
    server
}

#[test]
fn a_busy_loop_is_noticed_whatever_its_calls_are() {
    let bodies = [
        (
            "loops_send",
            "for (;;) send(fd, bytes, 1, MSG_NOSIGNAL | MSG_DONTWAIT);",
            "sendto(4) = EPIPE",
        ),
        ("loops_write", "for (;;) write(-1, bytes, 512);", "write(-1) = EBADF"),
        (
            "loops_accept",
            "shutdown(listener, SHUT_RD); for (;;) accept(listener, 0, 0);",
            "accept(3) = EINVAL",
        ),
        ("loops_wait", "for (;;) waitpid(-1, 0, WNOHANG);", "wait4 = ECHILD"),
        (
            "loops_log",
            "for (;;) if (accept(-1, 0, 0) < 0) perror(\"accept\");",
            "accept(-1) = EBADF",
        ),
        ("loops_read", "for (;;) read(fd, bytes, 512);", "read(4) = 0"),
        (
            "loops_timed_wait",
            "struct pollfd one = {fd, POLLIN, 0}; for (;;) poll(&one, 1, 1000);",
            "poll",
        ),
        ("loops_empty", "for (;;) write(fd, bytes, 0);", "write(4) = 0"),
    ];
    for (name, body, text) in bodies {
        expect_loop(&mut loops(name, body), text);
    }
}

#[test]
fn a_loop_without_calls_is_noticed() {
    for (name, body) in [
        ("computes_nothing", "for (;;) ;"),
        ("asks_the_time", "time_t end = time(0) + 60; while (time(0) < end) ;"),
    ] {
        let mut server = loops(name, body);
        expect_loop(&mut server, "no system calls");
    }
}

#[test]
fn a_program_in_a_busy_loop_that_never_listens_is_noticed() {
    let text = "int main(void) { for (;;) if (accept(0, 0, 0) < 0 && errno == 0) break; }";
    let mut server = Launch::new(written("never_listens", text)).start().unwrap();
    expect_loop(&mut server, "accept(0) = ENOTSOCK");
    let text = "int main(void) { signal(SIGCHLD, SIG_IGN); for (;;) { accept(0, 0, 0); if (fork() == 0) _exit(0); } }";
    let mut server = Launch::new(written("forks_for_ever", text)).start().unwrap();
    expect_loop(&mut server, "accept(0) = ENOTSOCK");
}

#[test]
fn a_server_with_much_to_do_is_not_in_a_busy_loop() {
    // It reads the end of file of every client, and closes them in a second pass.
    let text = r#"int main(void) { int listener = listening(), count = 0, fds[100]; char byte;
        setvbuf(stdout, 0, _IONBF, 0);
        while (count < 100) fds[count++] = accept(listener, 0, 0);
        puts("all"); accept(listener, 0, 0);
        for (int pass = 0; pass < 2; pass++) for (int i = 0; i < 100; i++) {
            if (pass == 0) read(fds[i], &byte, 1); else close(fds[i]);
            for (volatile int turn = 0; turn < 300000; turn++) ; }
        puts("done"); pause(); }"#;
    let mut server = open_text("two_passes", text);
    let clients: Vec<_> = (0..100).map(|_| server.connect().unwrap()).collect();
    wait_logged(&mut server, "all");
    clients.iter().for_each(|client| client.close());
    server.connect().unwrap();
    wait_logged(&mut server, "done");
}

#[test]
fn empty_answers_to_many_empty_lines_are_no_busy_loop() {
    let text = r#"int main(void) { int listener = listening(), fd = accept(listener, 0, 0);
        static char lines[100000]; long count = recv(fd, lines, sizeof lines, MSG_WAITALL);
        for (char *line = lines; line < lines + count; line++) {
            send(fd, line, 0, 0);
            for (volatile int turn = 0; turn < 1000; turn++) ; }
        puts("done"); pause(); }"#;
    let mut server = open_text("empty_lines", text);
    let client = server.connect().unwrap();
    client.send(&[b'\n'; 100_000]).unwrap();
    wait_logged(&mut server, "done");
}

/// A Python server that works through a long input byte by byte, which takes 200 ms and more.
const SLOW_PYTHON: &str = "
import os, socket
listener = socket.create_server(('', int(os.environ['PORT'])))
while True:
    client, _ = listener.accept()
    text = b''
    while len(text) < 1 << 20:
        text += client.recv(1 << 20)
    total = 0
    for byte in text:
        total = (total * 31 + byte) % 1000003
    print('done', total, flush=True)
    client.close()
";

#[test]
fn an_interpreter_that_computes_for_long_is_not_in_a_busy_loop() {
    let launch = Launch::new("python3").args(["-c", SLOW_PYTHON]);
    let mut server = open(launch, IsolationLevel::here());
    for round in 1..4 {
        let client = server.connect().unwrap();
        let mut sent = 0;
        let bytes = vec![7; 1 << 20];
        server
            .wait_for(|now| {
                sent += client.send(&bytes[sent..]).unwrap_or(0);
                Ok((now.log().len() == round).then_some(()))
            })
            .unwrap();
    }
}
