//! Tests of servers that nap: that sleep until a clock wakes them, again and again.

use crate::endless_waits::expect_idle;
use crate::programs::{levels, open, wait_logged, written};
use std::time::Duration;
use witness::{IsolationLevel, Launch, RunHistory, Server};

/// A server that tries accept and each client in turn, and calls `WAIT` in between. It logs each
/// client that comes and leaves.
const TRIES_ALL: &str = r#"
#include <fcntl.h>
#include <sys/select.h>
#ifndef WAIT
#define WAIT usleep(1000)
#endif
int main(void)
{
    int listener = listening(), fds[64], used = 0;
    fcntl(listener, F_SETFL, O_NONBLOCK);
    setvbuf(stdout, 0, _IONBF, 0);
    for (;;) {
        WAIT;
        int fd = accept4(listener, 0, 0, SOCK_NONBLOCK);
        if (fd >= 0) {
            printf("in %d\n", fd);
            fds[used++] = fd;
        }
        for (int i = 0; i < used; i++) {
            char bytes[512];
            long count = read(fds[i], bytes, sizeof bytes);
            if (count > 0)
                (void)!write(fds[i], bytes, count);
            if (count == 0) {
                close(fds[i]);
                printf("out %d\n", fds[i]);
                fds[i--] = fds[--used];
            }
        }
    }
}"#;

fn tries_all(name: &str, wait: &str) -> Launch {
    Launch::new(written(name, &format!("#define WAIT {wait}\n{TRIES_ALL}")))
}

/// Serves several clients, and checks after each step that the server is idle, and not before it
/// has done its work.
fn serves(server: &mut Server, call: &str) {
    for _ in 0..3 {
        let (one, two) = (server.connect().unwrap(), server.connect().unwrap());
        let fds = [&one, &two].map(|it| server.wait_for(|now| now.descriptor_of(it)).unwrap());
        for fd in fds {
            wait_logged(server, &format!("in {fd}"));
        }
        expect_idle(server, call);
        one.send(b"words").unwrap();
        server.wait_for(|_| Ok((one.received().len() == 5).then_some(()))).unwrap();
        let lines = server.log().len();
        one.close();
        two.reset();
        let leaves = |now: &mut Server| Ok((now.log().len() > lines).then_some(()));
        server.wait_for(leaves).unwrap();
        expect_idle(server, call);
    }
}

#[test]
fn a_server_that_polls_actively_is_idle_when_it_has_done_everything() {
    for level in levels() {
        let mut server = open(tries_all("tries_all", "usleep(1000)"), level);
        serves(&mut server, "clock_nanosleep");
        let naps = server.naps().unwrap().to_string();
        assert!(
            naps.contains("accept4(3) = EAGAIN") && naps.contains("clock_nanosleep = 0"),
            "{naps}"
        );
    }
}

#[test]
fn a_server_with_a_short_time_out_is_idle_when_it_has_done_everything() {
    let level = IsolationLevel::here();
    let wait = "poll(0, 0, 20)";
    serves(&mut open(tries_all("naps_in_poll", wait), level), "poll");
    let wait = "select(0, 0, 0, 0, &(struct timeval){0, 20000})";
    serves(&mut open(tries_all("naps_in_select", wait), level), "select");
    let wait = "poll(&(struct pollfd){listener, POLLIN, 0}, 1, 100)";
    serves(&mut open(tries_all("naps_with_listener", wait), level), "poll");
}

/// A server that acts at a time-out of poll only: it closes a client 100 ms after the client's end
/// of file.
const ACTS_AT_TIME_OUTS: &str = r#"
int main(void)
{
    int listener = listening(), left = -1;
    struct pollfd two[2] = {{listener, POLLIN, 0}, {-1, POLLIN, 0}};
    setvbuf(stdout, 0, _IONBF, 0);
    for (;;) {
        int count = poll(two, 2, 100);
        if (count == 0 && left >= 0) {
            close(left);
            printf("out %d\n", left);
            left = -1;
        }
        if (two[0].revents) {
            two[1].fd = accept(listener, 0, 0);
            printf("in %d\n", two[1].fd);
        }
        char byte;
        if (two[1].fd >= 0 && two[1].revents && read(two[1].fd, &byte, 1) <= 0) {
            left = two[1].fd;
            two[1].fd = -1;
        }
    }
}"#;

#[test]
fn a_server_that_acts_at_a_time_out_is_not_idle_before() {
    let launch = Launch::new(written("acts_at_time_outs", ACTS_AT_TIME_OUTS));
    let mut server = open(launch, IsolationLevel::here());
    for round in 0..8 {
        expect_idle(&mut server, "poll");
        let client = server.connect().unwrap();
        let fd = server.wait_for(|now| now.descriptor_of(&client)).unwrap();
        wait_logged(&mut server, &format!("in {fd}"));
        client.close();
        let lines = 2 * (round + 1);
        server
            .wait_for(|now| Ok((now.log().len() == lines).then_some(())))
            .unwrap_or_else(|error| panic!("round {round}: {error}"));
    }
}

/// A server whose first thread is asleep in `REST`, beside a thread that serves.
const BESIDE: &str = r#"
#include <pthread.h>
#include <sys/select.h>
static int listener;
static void *serve(void *nothing)
{
    for (;;) {
        char bytes[512];
        int fd = accept(listener, 0, 0);
        long count;
        while ((count = read(fd, bytes, sizeof bytes)) > 0)
            (void)!write(fd, bytes, count);
        close(fd);
    }
    return nothing;
}
int main(void)
{
    pthread_t thread;
    listener = listening();
    pthread_create(&thread, 0, serve, 0);
    for (;;)
        REST;
}"#;

fn beside(name: &str, rest: &str) -> Launch {
    Launch::new(written(name, &format!("#define REST {rest}\n{BESIDE}")))
}

#[test]
fn a_thread_that_sleeps_for_ever_does_not_delay_the_verdict() {
    for (name, rest) in [
        ("beside_poll", "poll(0, 0, -1)"),
        ("beside_select", "select(0, 0, 0, 0, 0)"),
        ("beside_pause", "pause()"),
        ("beside_sleep", "sleep(1000)"),
        ("beside_heartbeat", "sleep(5)"),
    ] {
        let mut server = open(beside(name, rest), IsolationLevel::here());
        let client = server.connect().unwrap();
        let took = expect_idle(&mut server, "read");
        assert!(took < Duration::from_millis(900), "{name}: {took:?}");
        client.close();
        expect_idle(&mut server, "accept");
    }
}

#[test]
fn a_ticker_delays_only_the_first_verdicts() {
    for (name, rest, longest) in [
        ("beside_ticker", "usleep(100000)", Duration::from_millis(1500)),
        ("beside_slow_ticker", "sleep(1)", Duration::from_millis(2500)),
    ] {
        let history = RunHistory::default();
        let mut all = Vec::new();
        for _ in 0..2 {
            let launch = beside(name, rest).history(history.clone());
            let mut server = open(launch, IsolationLevel::here());
            for _ in 0..4 {
                let client = server.connect().unwrap();
                all.push(expect_idle(&mut server, "read"));
                client.close();
                all.push(expect_idle(&mut server, "accept"));
            }
        }
        let later: Duration = all[1..].iter().sum();
        assert!(later < longest, "{name}: {all:?}");
    }
}

/// A server whose helper thread writes the log every 50 ms.
const LOGS_LATER: &str = r#"
#include <pthread.h>
static volatile int wanted, done;
static void *helper(void *nothing)
{
    for (;; usleep(50000))
        for (; done < wanted; done++)
            printf("client %d\n", done);
    return nothing;
}
int main(void)
{
    pthread_t thread;
    int listener = listening();
    setvbuf(stdout, 0, _IONBF, 0);
    pthread_create(&thread, 0, helper, 0);
    for (;;)
        if (accept(listener, 0, 0) >= 0)
            wanted++;
}"#;

#[test]
fn a_helper_that_writes_the_log_later_is_waited_for() {
    let history = RunHistory::default();
    for _ in 0..2 {
        let launch = Launch::new(written("logs_later", LOGS_LATER)).history(history.clone());
        let mut server = open(launch, IsolationLevel::here());
        for round in 0..10 {
            let _client = server.connect().unwrap();
            wait_logged(&mut server, &format!("client {round}"));
            if round % 3 == 0 {
                expect_idle(&mut server, "accept");
            }
        }
    }
}
