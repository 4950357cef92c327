//! Tests of servers that have several processes.

use crate::programs::{levels, open, open_text, wait_logged, written};
use witness::{Errno, FaultInjector, IsolationLevel, Launch, WaitError};

/// A server that starts a child for each client. The child and the parent close the descriptors
/// that they do not need.
const FORKS: &str = r#"
int main(void)
{
    int listener = listening();
    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        int client = accept(listener, 0, 0);
        int child = client < 0 ? -1 : fork();
        if (child == 0) {
            char bytes[512];
            close(listener);
            while (read(client, bytes, sizeof bytes) > 0)
                ;
            _exit(0);
        }
        if (child < 0)
            perror("fork");
        printf("child %d\n", child);
        fflush(stdout);
        close(client);
    }
}"#;

#[test]
fn the_processes_that_have_a_descriptor_of_a_socket_are_found() {
    for level in levels() {
        let mut server = open(Launch::new(written("forks", FORKS)), level);
        let client = server.connect().unwrap();
        server.wait_idle().unwrap();
        let inode = server.connection(&client).unwrap().unwrap().inode;
        let holders = server.holders(inode).unwrap();
        let processes = server.processes().unwrap();
        assert_eq!((processes.len(), &holders[..]), (2, &processes[1..]));
        let listener = server.listener().unwrap().unwrap().inode;
        assert_eq!(server.holders(listener).unwrap(), [server.process()]);

        let id = *holders[0].ids().unwrap().last().unwrap();
        wait_logged(&mut server, &format!("child {id}"));
        client.close();
        server.wait_idle().unwrap();
        assert!(server.holders(inode).unwrap().is_empty());
        assert!(holders[0].ids().unwrap().is_empty());
    }
}

#[test]
fn a_paused_server_is_idle() {
    for level in levels() {
        let mut server = open(Launch::new(written("forks", FORKS)), level);
        server.pause().unwrap();
        let _client = server.connect().unwrap();
        assert!(server.wait_idle().unwrap().is_empty());
        server.resume().unwrap();
        server.wait_for(|now| Ok((now.processes()?.len() == 2).then_some(()))).unwrap();
    }
}

#[test]
fn a_requested_fault_makes_fork_fail() {
    for level in levels() {
        let mut server =
            open(Launch::new(written("forks", FORKS)).faults(FaultInjector::fork()), level);
        server.fail_next(Errno::EAGAIN);
        let unlucky = server.connect().unwrap();
        wait_logged(&mut server, "child -1");
        assert_eq!(server.faults_left(), 0);
        server.wait_for(|_| Ok(unlucky.ended())).unwrap();
        let _next = server.connect().unwrap();
        server.wait_for(|now| Ok((now.processes()?.len() == 2).then_some(()))).unwrap();
    }
}

#[test]
fn a_fault_for_fork_does_not_make_a_new_thread_fail() {
    let text = "#include <pthread.h>\n\
        static void *rest(void *nothing) { pause(); return nothing; }\n\
        int main(void) { int listener = listening(); pthread_t thread; \
        accept(listener, 0, 0); printf(\"%d\\n\", pthread_create(&thread, 0, rest, 0)); \
        fflush(stdout); printf(\"%d\\n\", fork()); fflush(stdout); pause(); }";
    let launch = Launch::new(written("thread_then_fork", text)).faults(FaultInjector::fork());
    let mut server = open(launch, IsolationLevel::here());
    server.fail_next(Errno::EAGAIN);
    let _client = server.connect().unwrap();
    wait_logged(&mut server, "-1");
    let output: Vec<_> = server.log().iter().map(|line| line.text.as_str()).collect();
    assert_eq!(output, ["0", "-1"]);
}

#[test]
fn a_child_that_repeats_the_same_calls_is_noticed() {
    let text = "int main(void) { int listener = listening(); \
                for (;;) { int fd = accept(listener, 0, 0); if (fork()) close(fd); \
                else for (;;) { char byte; read(fd, &byte, 1); } } }";
    let mut server = open_text("spinning_child", text);
    let client = server.connect().unwrap();
    server.wait_idle().unwrap();
    client.half_close();
    let error = server.wait_idle().unwrap_err();
    let WaitError::Spinning(sample) = &error else { panic!("{error}") };
    assert_eq!(sample.to_string(), "read(4) = 0");
}

#[test]
fn an_answer_that_has_not_arrived_is_waited_for() {
    // The kernel sends the second small segment only after the first segment was acknowledged
    // (tcp(7), TCP_NODELAY).
    let text = "int main(void) { int listener = listening(); int fd = accept(listener, 0, 0); char byte; \
                while (read(fd, &byte, 1) > 0) for (int i = 0; i < 3; i++) write(fd, &byte, 1); \
                pause(); }";
    let mut server = open_text("small_segments", text);
    let client = server.connect().unwrap();
    for round in 1..=200 {
        assert_eq!(client.send(b"x").unwrap(), 1);
        server.wait_for(|_| Ok((client.received().len() == 3 * round).then_some(()))).unwrap();
    }
}
