//! Tests of system calls that the observer makes fail.

use crate::programs::{levels, open, server, wait_logged};
use witness::{Errno, FaultInjector, Launch, Process};

#[test]
fn a_correct_server_serves_the_client_after_a_failed_accept() {
    for level in levels() {
        let launch = Launch::new(server("until_eagain.c")).faults(FaultInjector::accept());
        let mut server = open(launch, level);
        let errnos = [Errno::EAGAIN, Errno::ECONNABORTED, Errno::EINTR];
        for (slot, errno) in errnos.into_iter().enumerate() {
            // Wait until the accept before the fault was answered. Otherwise the client could be
            // accepted without the fault.
            server.wait_idle().unwrap();
            server.fail_next(errno);
            assert_eq!(server.faults_left(), 1);
            let client = server.connect().unwrap();
            let fd = server.wait_for(|now| now.descriptor_of(&client)).unwrap();
            assert_eq!(server.faults_left(), 0);
            wait_logged(&mut server, &format!("[ACCEPT] fd={fd} slot={slot}"));
        }
    }
}

#[test]
fn a_fault_that_no_call_has_met_is_left() {
    let launch = Launch::new(server("until_eagain.c")).faults(FaultInjector::accept());
    let mut server = open(launch, witness::IsolationLevel::here());
    server.fail_next(Errno::EAGAIN);
    server.wait_idle().unwrap();
    assert_eq!(server.faults_left(), 1);
}

#[test]
fn without_a_fault_injector_a_fault_is_ignored() {
    let mut server = open(Launch::new(server("until_eagain.c")), witness::IsolationLevel::here());
    server.fail_next(Errno::EAGAIN);
    assert_eq!(server.faults_left(), 0);
}

#[test]
fn a_name_that_is_no_system_call_is_skipped() {
    let launch =
        Launch::new(server("until_eagain.c")).faults(FaultInjector::on(&["no such call", ""]));
    let mut server = open(launch, witness::IsolationLevel::here());
    let client = server.connect().unwrap();
    server.wait_for(|now| now.descriptor_of(&client)).unwrap();
}

#[test]
fn a_hundred_faults_make_a_hundred_calls_fail() {
    let text = "int main(void) { int listener = listening(); \
                for (;;) accept4(listener, 0, 0, 0); }";
    let program = crate::programs::written("asks_for_ever", text);
    let mut server =
        open(Launch::new(program).faults(FaultInjector::accept()), witness::IsolationLevel::here());
    for _ in 0..100 {
        server.fail_next(Errno::EAGAIN);
    }
    let client = server.connect().unwrap();
    server.wait_for(|now| now.descriptor_of(&client)).unwrap();
    server.wait_for(|now| Ok((now.faults_left() == 0).then_some(()))).unwrap();
}

#[test]
fn stopped_calls_are_answered_while_a_client_connects() {
    let text = "int main(void) { int listener = listening(); listen(listener, 0); \
                for (;;) accept(listener, 0, 0); }";
    let program = crate::programs::written("short_queue", text);
    let mut server =
        open(Launch::new(program).faults(FaultInjector::accept()), witness::IsolationLevel::here());
    let clients: Vec<_> = (0..4).map(|_| server.connect().unwrap()).collect();
    for client in &clients {
        server.wait_for(|now| now.descriptor_of(client)).unwrap();
    }
}

#[test]
fn the_answered_calls_are_kept_in_order_with_their_threads() {
    let text = "#include <pthread.h>\n\
        static void *accepts(void *fd) { for (;;) accept(*(int *)fd, 0, 0); }\n\
        int main(void) { int listener = listening(); pthread_t thread; \
        int fd = accept(listener, 0, 0); shutdown(fd, SHUT_WR); \
        pthread_create(&thread, 0, accepts, &listener); pause(); }";
    for level in levels() {
        let launch = Launch::new(crate::programs::written("accepts_in_two_threads", text));
        let calls = FaultInjector::on(&["accept", "shutdown"]);
        let mut server = open(launch.faults(calls), level);
        let (_first, _second) = (server.connect().unwrap(), server.connect().unwrap());
        server.wait_for(|now| Ok((now.stopped_calls().len() == 4).then_some(()))).unwrap();
        let calls = server.stopped_calls();
        let names: Vec<_> = calls.iter().map(|it| it.call.name()).collect();
        assert_eq!(names, ["accept", "shutdown", "accept", "accept"]);
        assert_eq!(calls[0].call.arguments[0], 3);
        let Process { pid } = server.process();
        assert_eq!((calls[0].thread, calls[1].thread), (pid, pid));
        let threads = server.process().threads().unwrap();
        assert_eq!((calls[2].thread, calls[3].thread), (threads[1].tid, threads[1].tid));
    }
}
