//! Calls that fail on order.

use crate::programs::{levels, open, server, until_logged};
use witness::{Errno, FaultInjector, Launch};

#[test]
fn a_server_that_takes_a_failing_accept_well_serves_the_next_client() {
    for level in levels() {
        let launch = Launch::new(server("accept_many.c")).faults(FaultInjector::accept());
        let mut server = open(launch, level);
        for (slot, errno) in [Errno::EAGAIN, Errno::ECONNABORTED, Errno::EMFILE, Errno::EINTR]
            .into_iter()
            .enumerate()
        {
            // A call that was let go on may take the next client all the same.
            server.wait_idle().unwrap();
            server.fail_next(errno);
            assert_eq!(server.faults_left(), 1);
            let client = server.connect().unwrap();
            let fd = server.wait_for(|now| now.descriptor_of(&client)).unwrap();
            assert_eq!(server.faults_left(), 0);
            until_logged(&mut server, &format!("[ACCEPT] fd={fd} slot={slot}"));
        }
    }
}

#[test]
fn a_fault_that_no_call_meets_stays_ordered() {
    let launch = Launch::new(server("accept_many.c")).faults(FaultInjector::accept());
    let mut server = open(launch, witness::IsolationLevel::here());
    server.fail_next(Errno::EAGAIN);
    server.wait_idle().unwrap();
    assert_eq!(server.faults_left(), 1);
}

#[test]
fn without_a_gate_there_is_nothing_to_fail() {
    let mut server = open(Launch::new(server("accept_many.c")), witness::IsolationLevel::here());
    server.fail_next(Errno::EAGAIN);
    assert_eq!(server.faults_left(), 0);
}

#[test]
fn a_name_that_is_no_call_holds_nothing_back() {
    let launch =
        Launch::new(server("accept_many.c")).faults(FaultInjector::on(&["no such call", ""]));
    let mut server = open(launch, witness::IsolationLevel::here());
    let client = server.connect().unwrap();
    server.wait_for(|now| now.descriptor_of(&client)).unwrap();
}

#[test]
fn a_hundred_faults_are_met_in_turn() {
    let text = "int main(void) { int door = listening(); \
                for (;;) accept4(door, 0, 0, 0); }";
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
fn a_full_queue_is_emptied_through_the_gate_while_a_client_connects() {
    let text = "int main(void) { int door = listening(); listen(door, 0); \
                for (;;) accept(door, 0, 0); }";
    let program = crate::programs::written("short_queue", text);
    let mut server =
        open(Launch::new(program).faults(FaultInjector::accept()), witness::IsolationLevel::here());
    let clients: Vec<_> = (0..4).map(|_| server.connect().unwrap()).collect();
    for client in &clients {
        server.wait_for(|now| now.descriptor_of(client)).unwrap();
    }
}
