//! Tests of the methods that inspect a server's descriptors, sockets, system calls and processes.

use crate::programs::{levels, open, open_file, open_text, server, wait_logged, written};
use std::collections::BTreeSet;
use witness::{Client, Launch, Server, State, Target};

/// Connects a client, and waits until the server has accepted the client. Returns the client and
/// the server's descriptor.
fn accepted_client(server: &mut Server) -> (Client, i32) {
    let client = server.connect().unwrap();
    let fd = server.wait_for(|now| now.descriptor_of(&client)).unwrap();
    (client, fd)
}

#[test]
fn a_listener_is_found_without_a_connection() {
    for level in levels() {
        let mut server = open(Launch::new(server("until_eagain.c")), level);
        let calls = server.wait_idle().unwrap();
        assert_eq!(calls.iter().map(|call| call.name()).collect::<Vec<_>>(), ["poll"]);
        assert_eq!(server.listener().unwrap().unwrap().unread, 0);
        assert_eq!(server.log().len(), 1, "{:?}", server.log());
    }
}

#[test]
fn the_kernel_names_the_descriptor_of_each_client() {
    for level in levels() {
        let mut server = open(Launch::new(server("until_eagain.c")), level);
        for slot in 0..5 {
            let (client, fd) = accepted_client(&mut server);
            wait_logged(&mut server, &format!("[ACCEPT] fd={fd} slot={slot}"));
            let end = server.connection(&client).unwrap().unwrap();
            assert_eq!((end.state, end.peer), (State::Established, client.address()));
            let own = server.descriptors().unwrap();
            let target = own.into_iter().find(|it| it.fd == fd).unwrap().target;
            assert_eq!(target, Target::Socket(client.inode().unwrap()));
        }
    }
}

#[test]
fn the_pollfd_array_of_every_server_is_read() {
    for file in ["until_eagain.c", "ppoll.c", "select_poll.py", "ipv6.c", "negative_fds.c"] {
        let mut server = open_file(file);
        let listener = server.listener().unwrap().unwrap().inode;
        let (first, _) = accepted_client(&mut server);
        let (_second, second_fd) = accepted_client(&mut server);
        first.close();
        server.wait_for(|now| Ok(now.descriptor_of(&first)?.is_none().then_some(()))).unwrap();
        server.wait_asleep().unwrap();
        let own = server.descriptors().unwrap();
        let listener_fd = own.iter().find(|it| it.target == Target::Socket(listener)).unwrap().fd;
        let watched = server.poll_entries().unwrap().unwrap();
        let watched: BTreeSet<i32> = watched.iter().map(|it| it.fd).filter(|fd| *fd >= 0).collect();
        assert_eq!(watched, BTreeSet::from([listener_fd, second_fd]), "{file}");
    }
}

#[test]
fn the_interest_list_of_every_server_is_read() {
    for file in ["epoll/level.c", "epoll/edge.c", "epoll/oneshot.c", "epoll/other_descriptors.c"] {
        let mut server = open_file(file);
        let (first, _) = accepted_client(&mut server);
        let (second, _) = accepted_client(&mut server);
        first.close();
        server.wait_for(|now| Ok(now.descriptor_of(&first)?.is_none().then_some(()))).unwrap();
        server.wait_asleep().unwrap();
        let listener = server.listener().unwrap().unwrap().inode;
        let list = server.epoll_entries().unwrap().unwrap();
        let times = |inode| list.iter().filter(|entry| entry.inode == inode).count();
        let counts = [Some(listener), first.inode(), second.inode()].map(|it| times(it.unwrap()));
        assert_eq!(counts, [1, 0, 1], "{file}: {list:?}");
        assert_eq!(server.poll_entries().unwrap(), None, "{file}");
    }
}

#[test]
fn a_server_with_poll_has_no_interest_list() {
    let mut server = open_file("until_eagain.c");
    server.wait_idle().unwrap();
    assert_eq!(server.epoll_entries().unwrap(), None);
}

#[test]
fn the_flags_of_a_descriptor_show_whether_it_blocks() {
    let mut server = open_file("until_eagain.c");
    let (_client, fd) = accepted_client(&mut server);
    let process = server.process();
    assert_ne!(process.flags(fd).unwrap().unwrap() & libc::O_NONBLOCK, 0);
    assert_eq!(process.flags(1).unwrap().unwrap() & libc::O_NONBLOCK, 0);
    assert_eq!(process.flags(999).unwrap(), None);
}

#[test]
fn the_process_that_listens_may_be_a_child() {
    let text = "int main(void) { if (fork() == 0) listening(); pause(); }";
    for level in levels() {
        let mut server = open(Launch::new(written("listening_child", text)), level);
        server.connect().unwrap();
        assert_eq!(server.listener().unwrap().unwrap().unread, 1);
        assert_eq!(server.processes().unwrap()[1..], [server.process()]);
        assert_eq!(server.descriptors().unwrap().len(), 4);
    }
}

#[test]
fn an_unreaped_child_is_a_zombie() {
    let text = "int main(void) { int listener = listening(); if (fork() == 0) return 0; \
                for (;;) accept(listener, 0, 0); }";
    let mut server = open_text("zombie", text);
    server.wait_idle().unwrap();
    let processes = server.processes().unwrap();
    assert_eq!(server.zombies().unwrap(), processes[1..]);
    assert_eq!(processes.len(), 2);
}

#[test]
fn the_calls_of_every_thread_are_named() {
    let mut server = open_file("faulty/thread_per_client.c");
    let _client = accepted_client(&mut server);
    server.wait_idle().unwrap();
    let mut calls = server.calls().unwrap();
    calls.sort_unstable();
    assert_eq!(calls, ["accept", "read"]);
    assert_eq!(server.poll_entries().unwrap(), None);
}
