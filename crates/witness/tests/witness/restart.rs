//! Tests of programs that are started again, paused or interrupted, and of what a client counts.

use crate::programs::{levels, open, port, shell, written};
use witness::{Exit, IsolationLevel, Launch, Server, ServerClose, Signal, WaitError};

/// A server that accepts clients and never closes their connections.
fn keeps_clients(name: &str) -> Launch {
    let text = r#"int main(void) { int listener = listening(); puts("up");
        for (;;) accept(listener, 0, 0); }"#;
    Launch::new(written(name, text))
}

/// Starts the server, and waits until it listens. Returns its port as well.
fn listening(name: &str, level: IsolationLevel) -> (Server, u16) {
    let port = port(level);
    let launch = keeps_clients(name).env("PORT", port.to_string()).port(port);
    let mut server = launch.isolation(level).start().unwrap();
    server.wait_listening(port).unwrap();
    (server, port)
}

/// Ends the server, which closes its client's connection first, and starts the server again. Returns
/// whether the connection is in TIME_WAIT then. On a busy machine the kernel may send a FIN twice,
/// and the answer to the second one ends TIME_WAIT (RFC 1337).
fn restart_in_time_wait(server: &mut Server, port: u16) -> bool {
    assert!(server.restart().is_err(), "it still runs");
    let client = server.connect().unwrap();
    server.wait_for(|now| now.descriptor_of(&client)).unwrap();
    server.signal(Signal::SIGTERM);
    let ended = server.wait_idle().unwrap_err();
    assert!(matches!(ended, WaitError::Ended(Exit::Signal(_))), "{ended}");
    assert_eq!(client.ended(), Some(ServerClose::Closed));
    client.half_close();

    server.restart().unwrap();
    let is_left = server.wait_for(|now| Ok(now.is_in_time_wait(port)?.then_some(())));
    server.wait_listening(port).unwrap();
    is_left.is_ok()
}

#[test]
fn a_program_is_started_again_in_the_same_network() {
    for level in levels() {
        let (mut server, port) = listening("started_twice", level);
        let runs = (2..10).find(|_| restart_in_time_wait(&mut server, port)).unwrap();
        let client = server.connect().unwrap();
        server.wait_for(|now| now.descriptor_of(&client)).unwrap();
        server.wait_for(|now| Ok((now.log().len() == runs).then_some(()))).unwrap();
    }
}

#[test]
fn a_restarted_program_is_refused_an_occupied_port() {
    for level in levels() {
        let (mut server, port) = listening("refused_a_port", level);
        assert!(server.occupy_port(port).is_err(), "the server has it");
        server.signal(Signal::SIGTERM);
        server.wait_idle().unwrap_err();
        let occupied = server.occupy_port(port).unwrap();
        server.restart().unwrap();
        let error = server.wait_listening(port).unwrap_err();
        assert!(matches!(error, WaitError::Ended(Exit::Status(9))), "{error}");
        drop(occupied);
    }
}

#[test]
fn a_pause_interrupts_a_blocked_write() {
    let text = r#"int main(void) { int listener = listening(), fd = accept(listener, 0, 0);
        static char much[16 << 20];
        long got = write(fd, much, sizeof much);
        puts(got > 0 && got < (long)sizeof much ? "short" : "whole");
        for (;;) pause(); }"#;
    let mut server = open(Launch::new(written("writes_much", text)), IsolationLevel::here());
    let client = server.connect().unwrap();
    assert_eq!(server.wait_idle().unwrap()[0].name(), "write");
    server.pause().unwrap();
    server.resume().unwrap();
    server.wait_for(|now| Ok((!now.log().is_empty()).then_some(()))).unwrap();
    assert_eq!(server.log()[0].text, "short");
    assert_eq!((client.read_some(10), client.read_some(5)), (10, 5));
}

#[test]
fn a_client_counts_the_bytes_that_it_does_not_keep() {
    let text = r#"int main(void) { int listener = listening(), fd = accept(listener, 0, 0);
        static char much[20 << 20];
        for (size_t sent = 0; sent < sizeof much; )
            sent += write(fd, much + sent, sizeof much - sent);
        for (;;) pause(); }"#;
    for most in [None, Some(100)] {
        let mut server = open(Launch::new(written("writes_more", text)), IsolationLevel::here());
        let client = server.connect().unwrap();
        most.into_iter().for_each(|most| client.keep_at_most(most));
        server.wait_for(|_| Ok((client.received_count() == 20 << 20).then_some(()))).unwrap();
        assert_eq!(client.received().len(), most.unwrap_or(16 << 20));
    }
}

#[test]
fn a_process_that_the_first_run_has_left_is_an_orphan() {
    for level in levels() {
        let mut server = shell("sleep infinity & wait").isolation(level).start().unwrap();
        server.wait_for(|now| Ok((now.processes()?.len() == 2).then_some(()))).unwrap();
        assert!(server.orphans().unwrap().is_empty());
        server.signal(Signal::SIGTERM);
        server.wait_idle().unwrap_err();
        server.restart().unwrap();
        assert_eq!(server.orphans().unwrap().len(), 1);
    }
}

/// A server that logs what its waits return.
const LOGS_ITS_WAITS: &str = r#"
#include <pthread.h>
static void *helper(void *nothing) { pause(); return nothing; }
int main(void)
{
    int listener = listening(), epoll = epoll_create1(0);
    pthread_t thread;
    pthread_create(&thread, 0, helper, 0);
    struct epoll_event event = {EPOLLIN, {.fd = listener}};
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    if (fork() == 0)
        pause();
    setvbuf(stdout, 0, _IONBF, 0);
    for (;;) {
        int count = epoll_wait(epoll, &event, 1, -1);
        printf("%d %d\n", count, errno);
    }
}"#;

#[test]
fn an_interrupt_makes_epoll_wait_fail_with_eintr() {
    for level in levels() {
        let mut server = open(Launch::new(written("logs_its_waits", LOGS_ITS_WAITS)), level);
        for round in 1..=3 {
            server.wait_idle().unwrap();
            server.interrupt().unwrap();
            server.wait_for(|now| Ok((now.log().len() == round).then_some(()))).unwrap();
        }
        assert!(server.log().iter().all(|line| line.text == "-1 4"), "{:?}", server.log());
        let all_run = |now: &mut Server| {
            let stopped = now.processes()?.into_iter().map(|it| it.is_stopped());
            Ok(stopped.collect::<Result<Vec<_>, _>>()?.iter().all(|it| !it).then_some(()))
        };
        server.wait_for(all_run).unwrap();
    }
}
