//! Tests that a sandboxed server is observed like every other server.

use crate::programs::{open, port, server, shell, wait_logged, written};
use std::path::{Path, PathBuf};
use witness::{
    Errno, FaultInjector, IsolationLevel, Launch, SandboxPolicy, Server, Signal, State, WaitError,
};

/// Launches a program in a sandbox that shows `visible`.
fn sandboxed(launch: Launch, visible: &[&Path]) -> Launch {
    let visible = visible.iter().map(PathBuf::from).collect();
    let policy = SandboxPolicy { visible, ..SandboxPolicy::default() };
    launch.sandboxed(policy).isolation(IsolationLevel::Namespaces)
}

fn open_file(file: &str) -> Server {
    let program = server(file);
    open(sandboxed(Launch::new(&program), &[&program]), IsolationLevel::Namespaces)
}

fn open_text(name: &str, text: &str) -> Server {
    let program = written(name, text);
    open(sandboxed(Launch::new(&program), &[&program]), IsolationLevel::Namespaces)
}

#[test]
fn descriptors_calls_and_sockets_are_observed() {
    let mut server = open_file("until_eagain.c");
    let client = server.connect().unwrap();
    let fd = server.wait_for(|now| now.descriptor_of(&client)).unwrap();
    wait_logged(&mut server, &format!("[ACCEPT] fd={fd} slot=0"));
    let calls = server.wait_idle().unwrap();
    assert!(!calls.is_empty());
    assert_eq!(server.connection(&client).unwrap().unwrap().state, State::Established);
    assert!(server.process().flags(fd).unwrap().is_some());
    // Standard input, output and error, the listener, the spare descriptor and the client.
    assert_eq!(server.descriptors().unwrap().len(), 6);
    assert!(server.process().memory().unwrap() > 0);
}

#[test]
fn the_pollfd_array_is_read() {
    let text = "int main(void) { struct pollfd watched[2] = {{listening(), POLLIN, 0}}; \
        for (;;) { poll(watched, watched[1].events ? 2 : 1, -1); \
        watched[1] = (struct pollfd){accept(watched[0].fd, 0, 0), POLLIN, 0}; \
        for (;;) poll(watched, 2, -1); } }";
    let mut server = open_text("sandboxed_poll", text);
    let client = server.connect().unwrap();
    let fd = server.wait_for(|now| now.descriptor_of(&client)).unwrap();
    server.wait_idle().unwrap();
    let watched = server.poll_entries().unwrap().unwrap();
    assert_eq!(watched.iter().map(|it| it.fd).collect::<Vec<_>>(), [3, fd]);
}

#[test]
fn the_interest_list_is_read() {
    let text = "int main(void) { int listener = listening(), epoll = epoll_create1(0); \
        struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}; \
        epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event); \
        for (;;) epoll_wait(epoll, &event, 1, -1); }";
    let mut server = open_text("sandboxed_epoll", text);
    server.wait_idle().unwrap();
    assert_eq!(server.epoll_entries().unwrap().unwrap().len(), 1);
}

#[test]
fn a_requested_fault_makes_accept_fail() {
    let program = server("until_eagain.c");
    let launch = sandboxed(Launch::new(&program), &[&program]).faults(FaultInjector::accept());
    let mut server = open(launch, IsolationLevel::Namespaces);
    server.wait_idle().unwrap();
    server.fail_next(Errno::EAGAIN);
    let client = server.connect().unwrap();
    server.wait_for(|now| now.descriptor_of(&client)).unwrap();
    assert_eq!(server.faults_left(), 0);
}

#[test]
fn a_requested_fault_makes_fork_fail() {
    let text = "int main(void) { int listener = listening(); for (;;) { \
        int fd = accept(listener, 0, 0); printf(\"%d\\n\", fork() < 0); fflush(stdout); \
        close(fd); } }";
    let program = written("sandboxed_fork", text);
    let launch = sandboxed(Launch::new(&program), &[&program]).faults(FaultInjector::fork());
    let mut server = open(launch, IsolationLevel::Namespaces);
    server.fail_next(Errno::EAGAIN);
    let _client = server.connect().unwrap();
    wait_logged(&mut server, "1");
}

#[test]
fn a_server_that_repeats_the_same_calls_is_noticed() {
    let text = "int main(void) { struct pollfd listener = {listening(), POLLIN, 0}; \
        for (;;) poll(&listener, 1, -1); }";
    let mut server = open_text("sandboxed_spins", text);
    let _client = server.connect().unwrap();
    let error = server.wait_for(|_| Ok(None::<()>)).unwrap_err();
    assert!(matches!(error, WaitError::Spinning(_)), "{error}");
}

#[test]
fn a_server_cannot_make_itself_undumpable() {
    let text = "#include <sys/prctl.h>\nint main(void) { prctl(PR_SET_DUMPABLE, 0); \
        struct pollfd listener = {listening(), POLLIN, 0}; poll(&listener, 1, -1); }";
    let mut server = open_text("sandboxed_hides", text);
    server.wait_idle().unwrap();
    assert_eq!(server.poll_entries().unwrap().unwrap().len(), 1);
}

#[test]
fn a_server_cannot_execute_a_file_that_may_not_be_read() {
    let text = "int main(int count, char **words) { if (count == 1) {
        system(\"cp /proc/$PPID/exe hidden; chmod 111 hidden\"); execl(\"hidden\", \"hidden\", \"\", NULL); }
        struct pollfd listener = {listening(), POLLIN, 0}; poll(&listener, 1, -1); }";
    let program = written("sandboxed_unreadable", text);
    let mut server =
        open(sandboxed(Launch::new(&program), &[&program]), IsolationLevel::Namespaces);
    server.wait_idle().unwrap();
    assert_eq!(server.process().name(), "hidden");
    assert_eq!(server.poll_entries().unwrap().unwrap().len(), 1);
}

#[test]
fn the_error_about_an_undumpable_server_without_a_sandbox_names_the_cause() {
    if nix::unistd::geteuid().is_root() {
        return; // root can observe an undumpable process
    }
    let text = "#include <sys/prctl.h>\nint main(void) { prctl(PR_SET_DUMPABLE, 0); \
        struct pollfd listener = {listening(), POLLIN, 0}; poll(&listener, 1, -1); }";
    let launch = Launch::new(written("sandboxed_hides", text)).isolation(IsolationLevel::None);
    let mut server = launch.env("PORT", port(IsolationLevel::None).to_string()).start().unwrap();
    let error = server.wait_idle().unwrap_err();
    assert!(error.to_string().contains("the program hides itself"), "{error}");
}

#[test]
fn a_server_is_started_again_in_the_same_network() {
    let text = "int main(void) { int listener = listening(); accept(listener, 0, 0); }";
    let program = written("sandboxed_again", text);
    let mut server =
        open(sandboxed(Launch::new(&program), &[&program]), IsolationLevel::Namespaces);
    let _client = server.connect().unwrap();
    server.wait_for(|now| Ok(now.exit().cloned())).unwrap();
    server.restart().unwrap();
    server.wait_listening(7000).unwrap();
    server.signal(Signal::SIGTERM);
    server.wait_for(|now| Ok(now.exit().cloned())).unwrap();
    let occupied = server.occupy_port(7000).unwrap();
    server.restart().unwrap();
    server.wait_for(|now| Ok(now.exit().cloned())).unwrap();
    drop(occupied);
}

#[test]
fn dropping_a_server_ends_every_process_that_it_has_started() {
    let text = "int main(void) { for (int i = 0; i < 5; i++) if (!fork()) setsid(); \
        signal(SIGTERM, SIG_IGN); for (;;) pause(); }";
    let program = written("sandboxed_tree", text);
    let mut server = sandboxed(Launch::new(&program), &[&program]).start().unwrap();
    server.wait_for(|now| Ok((now.processes()?.len() >= 6).then_some(()))).unwrap();
    let processes = server.processes().unwrap();
    drop(server);
    let remains = |pid| Path::new(&format!("/proc/{pid}")).exists();
    assert!(!processes.iter().any(|process| remains(process.pid)));
}

#[test]
fn eight_servers_listen_on_the_same_port_at_once() {
    let mut servers: Vec<_> = (0..8).map(|_| open_file("until_eagain.c")).collect();
    for server in &mut servers {
        let client = server.connect().unwrap();
        server.wait_for(|now| now.descriptor_of(&client)).unwrap();
    }
}

#[test]
fn the_standard_streams_can_be_opened_by_name() {
    let line = "echo one > /dev/stdout; echo two > /proc/self/fd/1; exec sleep infinity";
    let mut server = sandboxed(shell(line), &[]).start().unwrap();
    wait_logged(&mut server, "one");
    wait_logged(&mut server, "two");
}
