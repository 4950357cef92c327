//! Waiting ends when a fact holds, or when it cannot come true any more.

use crate::programs::{
    levels, open, open_file, open_text, port, server, shell, until_logged, written,
};
use std::time::{Duration, Instant};
use witness::{Exit, IsolationLevel, Launch, Server, SignalNumber, WaitError};

/// Far below the time-out of 10 s, far above what a loaded machine needs.
const PROMPT: Duration = Duration::from_secs(2);

fn never(server: &mut Server) -> (WaitError, Duration) {
    let begun = Instant::now();
    let stuck = server.wait_for(|_| Ok(None::<()>)).unwrap_err();
    (stuck, begun.elapsed())
}

/// The same for one that runs out of time: again, as long as other tests keep the machine too busy.
fn never_in_time(server: &mut Server) -> WaitError {
    loop {
        match never(server) {
            (WaitError::Unobservable(unseen), _) if unseen.to_string().contains("too busy") => {}
            (stuck, _) => return stuck,
        }
    }
}

fn listening(launch: Launch) -> WaitError {
    let mut server = launch.env("PORT", "7000").start().unwrap();
    server.wait_listening(7000).unwrap_err()
}

#[test]
fn a_fact_that_holds_is_returned_at_the_first_look() {
    let mut server = open_file("accept_many.c");
    let mut looks = 0;
    let value = server.wait_for(|_| {
        looks += 1;
        Ok(Some("seen"))
    });
    assert_eq!((value.unwrap(), looks), ("seen", 1));
}

#[test]
fn a_fact_is_given_up_in_no_time_when_the_server_is_asleep() {
    for level in levels() {
        let mut server = open(Launch::new(server("accept_many.c")), level);
        let _client = server.connect().unwrap();
        let (stuck, took) = never(&mut server);
        assert!(matches!(stuck, WaitError::Idle { .. }), "{stuck}");
        assert!(took < PROMPT, "{took:?}");
        let text = "the server is asleep in poll, and nothing is left for it to do";
        assert_eq!(stuck.to_string(), text);
    }
}

#[test]
fn nothing_that_was_sent_is_still_to_come_once_it_is_quiet() {
    let mut server = open_file("holes.c");
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
fn the_end_of_a_program_is_told_with_its_status() {
    let stuck = listening(shell("exit 3"));
    assert!(matches!(&stuck, WaitError::Ended(Exit::Status(3))), "{stuck}");
    assert_eq!(stuck.to_string(), "the server ended with exit status 3");
}

#[test]
fn the_end_of_a_program_is_told_with_its_signal() {
    let stuck = listening(shell("kill -SEGV $$"));
    assert!(
        matches!(&stuck, WaitError::Ended(Exit::Signal(SignalNumber(libc::SIGSEGV)))),
        "{stuck}"
    );
}

#[test]
fn last_words_are_there_when_the_end_is_told() {
    let mut server = shell("echo out; echo err >&2; exit 1").start().unwrap();
    let (stuck, _) = never(&mut server);
    assert!(matches!(stuck, WaitError::Ended(_)), "{stuck}");
    assert_eq!((server.log()[0].text.as_str(), server.stderr().as_str()), ("out", "err\n"));
    assert_eq!(server.exit(), Some(&Exit::Status(1)));
}

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
fn a_server_that_ignores_an_end_of_file_spins() {
    for level in levels() {
        let mut server = open(Launch::new(written("ignores_eof", IGNORES_EOF)), level);
        let client = server.connect().unwrap();
        server.wait_idle().unwrap();
        client.half_close();
        let (stuck, took) = never(&mut server);
        let WaitError::Spinning(sample) = stuck else { panic!("{stuck}") };
        assert_eq!(sample.to_string(), "poll = 1, read = 0");
        assert_eq!(sample.poll_entries.unwrap().len(), 2);
        assert!(took < PROMPT, "{took:?}");
    }
}

#[test]
fn a_server_that_computes_for_ever_runs_out_of_time() {
    let launch = Launch::new(server("strange/deaf_and_spinning.c"));
    let mut server = open(launch.timeout(Duration::from_secs(1)), IsolationLevel::here());
    let stuck = never_in_time(&mut server);
    assert_eq!(stuck.to_string(), "after 1 s the server was still running");
}

#[test]
fn a_server_that_never_stops_talking_runs_out_of_time() {
    let mut server = shell("exec yes").timeout(Duration::from_secs(1)).start().unwrap();
    let stuck = never_in_time(&mut server);
    assert!(matches!(stuck, WaitError::TimedOut { .. }), "{stuck}");
}

const NAPS: &str = r#"
int main(void)
{
    int door = listening();
    for (;;) {
        accept(door, 0, 0);
        nanosleep(&(struct timespec){0, 100000000}, NULL);
        puts("awake");
    }
}"#;

#[test]
fn a_nap_is_not_rest() {
    let mut server = open_text("naps", NAPS);
    let _client = server.connect().unwrap();
    until_logged(&mut server, "awake");
}

#[test]
fn a_program_that_sleeps_for_ever_is_told_at_once() {
    let text = "import time; time.sleep(100_000)";
    for launch in [shell("exec sleep infinity"), Launch::new("python3").args(["-c", text])] {
        let begun = Instant::now();
        let stuck = listening(launch);
        assert!(matches!(stuck, WaitError::Idle { .. }), "{stuck}");
        assert!(begun.elapsed() < PROMPT);
    }
}

#[test]
fn a_server_that_ticks_rests_between_its_ticks_and_is_quiet_after_two() {
    let mut server = open_file("tick.py");
    let client = server.connect().unwrap();
    server.wait_for(|now| now.descriptor_of(&client)).unwrap();
    assert_eq!(server.wait_asleep().unwrap()[0].name(), "poll");
    let (stuck, took) = never(&mut server);
    assert!(matches!(stuck, WaitError::Idle { .. }), "{stuck}");
    assert!(took < PROMPT, "{took:?}");
}

#[test]
fn work_in_small_pieces_is_waited_for() {
    let mut server = open_file("slow.c");
    for _ in 0..5 {
        let client = server.connect().unwrap();
        server.wait_for(|now| now.descriptor_of(&client)).unwrap();
        client.close();
        server.wait_for(|now| Ok(now.descriptor_of(&client)?.is_none().then_some(()))).unwrap();
    }
}

const NEVER_READS: &str = r"
int main(void)
{
    int door = listening();
    for (;;)
        accept(door, 0, 0);
}";

#[test]
fn a_server_that_never_reads_is_quiet_with_its_buffer_full() {
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
fn an_answer_that_nobody_reads_is_no_reason_to_stay_awake() {
    let text = r#"int main(void) { int door = listening();
        for (;;) { int fd = accept(door, 0, 0); write(fd, "hello", 5); } }"#;
    let mut server = open_text("greets", text);
    let client = server.connect().unwrap();
    server.wait_idle().unwrap();
    let mut looks = 0;
    server
        .wait_for(|_| {
            looks += 1;
            Ok(None::<()>)
        })
        .unwrap_err();
    assert!(looks < 100, "{looks}");
    assert_eq!(client.received(), b"hello");
}

#[test]
fn an_epoll_server_is_never_interrupted_by_the_observer() {
    let text = r#"
        int main(void) {
            int door = listening(), epoll = epoll_create1(0), rounds = 0;
            struct epoll_event event = {EPOLLIN, {.fd = door}};
            epoll_ctl(epoll, EPOLL_CTL_ADD, door, &event);
            for (;;) {
                if (epoll_wait(epoll, &event, 1, -1) < 0)
                    return 1;
                int fd = accept(door, 0, 0);
                for (volatile int toil = 0; toil < 3000000; toil++)
                    ;
                close(fd);
                printf("round %d\n", rounds++);
            }
        }"#;
    let mut server = open_text("toils_on_epoll", text);
    for round in 0..40 {
        let _client = server.connect().unwrap();
        until_logged(&mut server, &format!("round {round}"));
    }
}

#[test]
fn a_port_that_somebody_else_holds_is_not_the_server_s() {
    let port = port(IsolationLevel::None);
    let _other = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
    let mut server = shell("exec sleep infinity").isolation(IsolationLevel::None).start().unwrap();
    let stuck = server.wait_listening(port).unwrap_err();
    assert!(matches!(stuck, WaitError::Idle { .. }), "{stuck}");
}
