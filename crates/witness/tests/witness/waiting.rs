//! Tests that a wait ends when its condition is true, or when the condition cannot become true any
//! more.

use crate::programs::{
    levels, open, open_file, open_text, port, server, shell, wait_logged, written,
};
use std::time::{Duration, Instant};
use witness::{Exit, IsolationLevel, Launch, Server, SignalNumber, WaitError};

/// A time that is much shorter than the time-out of 10 s, and much longer than the time that a busy
/// machine needs.
const PROMPT: Duration = Duration::from_secs(2);

/// Waits for a condition that never becomes true. Returns the error and the time of the wait.
fn result_of_endless_wait(server: &mut Server) -> (WaitError, Duration) {
    let begun = Instant::now();
    let error = server.wait_for(|_| Ok(None::<()>)).unwrap_err();
    (error, begun.elapsed())
}

/// Waits for a condition that never becomes true, and returns the error. If the result is
/// inconclusive because the machine is too busy, the wait is repeated.
fn timed_out_wait(server: &mut Server) -> WaitError {
    loop {
        match result_of_endless_wait(server) {
            (WaitError::Unobservable(unseen), _) if unseen.to_string().contains("too busy") => {}
            (error, _) => return error,
        }
    }
}

/// Starts a program that does not listen on port 7000, waits for this port, and returns the error.
fn listening(launch: Launch) -> WaitError {
    let mut server = launch.env("PORT", "7000").start().unwrap();
    server.wait_listening(7000).unwrap_err()
}

#[test]
fn a_fact_that_holds_is_returned_at_the_first_check() {
    let mut server = open_file("until_eagain.c");
    let mut checks = 0;
    let value = server.wait_for(|_| {
        checks += 1;
        Ok(Some("value"))
    });
    assert_eq!((value.unwrap(), checks), ("value", 1));
}

#[test]
fn the_wait_for_an_idle_server_ends_at_once() {
    for level in levels() {
        let mut server = open(Launch::new(server("until_eagain.c")), level);
        let _client = server.connect().unwrap();
        let (error, took) = result_of_endless_wait(&mut server);
        assert!(matches!(error, WaitError::Idle { .. }), "{error}");
        assert!(took < PROMPT, "{took:?}");
        let text = "the server is asleep in poll, and will do nothing more by itself";
        assert_eq!(error.to_string(), text);
    }
}

#[test]
fn an_idle_server_has_received_everything_that_was_sent() {
    let mut server = open_file("negative_fds.c");
    for round in 0..50 {
        let client = server.connect().unwrap();
        client.send(b"some bytes").unwrap();
        server.wait_idle().unwrap();
        assert_eq!(server.connection(&client).unwrap().unwrap().unread, 0);
        assert!(server.log().iter().any(|it| it.tag() == Some("ACCEPT")), "round {round}");
        client.close();
        server.wait_idle().unwrap();
        assert_eq!(server.descriptor_of(&client).unwrap(), None);
    }
}

#[test]
fn the_error_about_an_ended_program_contains_its_status() {
    let error = listening(shell("exit 3"));
    assert!(matches!(&error, WaitError::Ended(Exit::Status(3))), "{error}");
    assert_eq!(error.to_string(), "the server ended with exit status 3");
}

#[test]
fn the_error_about_a_killed_program_contains_the_signal() {
    let error = listening(shell("kill -SEGV $$"));
    assert!(
        matches!(&error, WaitError::Ended(Exit::Signal(SignalNumber(libc::SIGSEGV)))),
        "{error}"
    );
}

#[test]
fn all_output_of_an_ended_program_has_been_read() {
    let mut server = shell("echo out; echo err >&2; exit 1").start().unwrap();
    let (error, _) = result_of_endless_wait(&mut server);
    assert!(matches!(error, WaitError::Ended(_)), "{error}");
    assert_eq!((server.log()[0].text.as_str(), server.stderr().as_str()), ("out", "err\n"));
    assert_eq!(server.exit(), Some(&Exit::Status(1)));
}

/// A server that reads an end of file repeatedly and does not close the connection.
const IGNORES_EOF: &str = r"
int main(void)
{
    struct pollfd two[2] = {{listening(), POLLIN, 0}, {-1, POLLIN, 0}};
    char byte;
    for (;;) {
        poll(two, 2, -1);
        if (two[0].revents && two[1].fd < 0)
            two[1].fd = accept(two[0].fd, 0, 0);
        if (two[1].revents)
            read(two[1].fd, &byte, 1);
    }
}";

#[test]
fn a_server_that_ignores_an_end_of_file_repeats_the_same_calls() {
    for level in levels() {
        let mut server = open(Launch::new(written("ignores_eof", IGNORES_EOF)), level);
        let client = server.connect().unwrap();
        server.wait_idle().unwrap();
        client.half_close();
        let (error, took) = result_of_endless_wait(&mut server);
        let WaitError::Spinning(sample) = error else { panic!("{error}") };
        assert_eq!(sample.to_string(), "poll([3, 4]) = 1, read(4) = 0");
        assert_eq!(sample.poll_entries.unwrap().len(), 2);
        assert!(took < PROMPT, "{took:?}");
    }
}

#[test]
fn one_deadline_ends_several_waits() {
    let launch = shell("exec yes").deadline(Instant::now() + Duration::from_secs(1));
    let mut server = launch.start().unwrap();
    let begun = Instant::now();
    for _ in 0..3 {
        let (error, _) = result_of_endless_wait(&mut server);
        let is_over = matches!(error, WaitError::TimedOut { .. } | WaitError::Unobservable(_));
        assert!(is_over, "{error}");
    }
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
}

#[test]
fn a_program_that_writes_for_ever_runs_out_of_time() {
    let mut server = shell("exec yes").timeout(Duration::from_secs(1)).start().unwrap();
    let error = timed_out_wait(&mut server);
    assert!(matches!(error, WaitError::TimedOut { .. }), "{error}");
}

/// A server that sleeps for 100 ms after each accept, and then logs "awake".
const SLEEPS: &str = r#"
int main(void)
{
    int listener = listening();
    for (;;) {
        accept(listener, 0, 0);
        nanosleep(&(struct timespec){0, 100000000}, NULL);
        puts("awake");
    }
}"#;

#[test]
fn a_server_in_a_short_sleep_is_not_idle() {
    let mut server = open_text("sleeps", SLEEPS);
    let _client = server.connect().unwrap();
    wait_logged(&mut server, "awake");
}

#[test]
fn the_wait_for_a_program_that_sleeps_for_ever_ends_at_once() {
    let text = "import time; time.sleep(100_000)";
    for launch in [shell("exec sleep infinity"), Launch::new("python3").args(["-c", text])] {
        let begun = Instant::now();
        let error = listening(launch);
        assert!(matches!(error, WaitError::Idle { .. }), "{error}");
        assert!(begun.elapsed() < PROMPT);
    }
}

#[test]
fn a_server_with_a_timer_is_idle_after_two_wakeups() {
    let mut server = open_file("periodic_wakeups.py");
    let client = server.connect().unwrap();
    server.wait_for(|now| now.descriptor_of(&client)).unwrap();
    assert_eq!(server.wait_asleep().unwrap()[0].name(), "poll");
    let (error, took) = result_of_endless_wait(&mut server);
    assert!(matches!(error, WaitError::Idle { .. }), "{error}");
    assert!(took < PROMPT, "{took:?}");
}

#[test]
fn a_slow_server_is_waited_for() {
    let mut server = open_file("slow.c");
    for _ in 0..5 {
        let client = server.connect().unwrap();
        server.wait_for(|now| now.descriptor_of(&client)).unwrap();
        client.close();
        server.wait_for(|now| Ok(now.descriptor_of(&client)?.is_none().then_some(()))).unwrap();
    }
}

/// A server that accepts clients and never reads.
const NEVER_READS: &str = r"
int main(void)
{
    int listener = listening();
    for (;;)
        accept(listener, 0, 0);
}";

#[test]
fn a_server_that_never_reads_is_idle_when_its_buffer_is_full() {
    let mut server = open_text("never_reads", NEVER_READS);
    let client = server.connect().unwrap();
    server.wait_for(|now| now.descriptor_of(&client)).unwrap();
    let mut sent = 0;
    loop {
        match client.send(&[7; 1 << 16]).unwrap() {
            0 => break,
            more => sent += more as u64,
        }
    }
    server.wait_idle().unwrap();
    let end = server.connection(&client).unwrap().unwrap();
    assert!(0 < end.unread && u64::from(end.unread) < sent, "{end:?} of {sent}");
}

#[test]
fn an_unread_answer_does_not_wake_the_observer_again_and_again() {
    let text = r#"int main(void) { int listener = listening();
        for (;;) { int fd = accept(listener, 0, 0); write(fd, "hello", 5); } }"#;
    let mut server = open_text("greets", text);
    let client = server.connect().unwrap();
    server.wait_idle().unwrap();
    let mut checks = 0;
    server
        .wait_for(|_| {
            checks += 1;
            Ok(None::<()>)
        })
        .unwrap_err();
    assert!(checks < 100, "{checks}");
    assert_eq!(client.received(), b"hello");
}

#[test]
fn the_observer_never_interrupts_epoll_wait() {
    let text = r#"
        int main(void) {
            int listener = listening(), epoll = epoll_create1(0), rounds = 0;
            struct epoll_event event = {EPOLLIN, {.fd = listener}};
            epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
            for (;;) {
                if (epoll_wait(epoll, &event, 1, -1) < 0)
                    return 1;
                int fd = accept(listener, 0, 0);
                for (volatile int step = 0; step < 3000000; step++)
                    ;
                close(fd);
                printf("round %d\n", rounds++);
            }
        }"#;
    let mut server = open_text("works_on_epoll", text);
    for round in 0..40 {
        let _client = server.connect().unwrap();
        wait_logged(&mut server, &format!("round {round}"));
    }
}

#[test]
fn a_listener_of_another_program_is_not_the_server_s() {
    let port = port(IsolationLevel::None);
    let _other = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
    let mut server = shell("exec sleep infinity").isolation(IsolationLevel::None).start().unwrap();
    let error = server.wait_listening(port).unwrap_err();
    assert!(matches!(error, WaitError::Idle { .. }), "{error}");
}
