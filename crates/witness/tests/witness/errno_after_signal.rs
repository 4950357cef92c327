//! Tests of the errno that a program reads after a signal handler has run in the middle of a call.

use crate::programs::{levels, open, written};
use witness::{Errno, FaultInjector, IsolationLevel, Launch, Server, Signal};

/// A server whose handler makes a call that fails, and a `main` that accepts for ever.
fn program(name: &str, handler: &str, before_the_loop: &str) -> std::path::PathBuf {
    let text = format!(
        "static void handle(int number) {{ (void)number; {handler} }}\n\
         int main(void) {{ int listener = listening(); sigset_t set; sigemptyset(&set);\n\
         sigaddset(&set, SIGUSR1); signal(SIGUSR1, handle); {before_the_loop}\n\
         for (;;) {{ if (accept(listener, 0, 0) < 0 && errno == EBADF) return 1; }} }}"
    );
    written(name, &text)
}

/// The errno that the server reads as the error of accept, if SIGUSR1 arrives before it reads errno.
fn errno_of_accept(program: std::path::PathBuf, level: IsolationLevel) -> (Option<Errno>, Server) {
    let mut server = open(Launch::new(program).faults(FaultInjector::accept()), level);
    server.wait_idle().unwrap();
    server.trace_failure(Errno::ECONNABORTED).unwrap();
    server.connect().unwrap();
    assert!(server.wait_failure().unwrap(), "errno was not found");
    server.signal_process(server.process(), Signal::SIGUSR1);
    (server.errno_after(Signal::SIGUSR1).unwrap(), server)
}

#[test]
fn a_handler_that_changes_errno_changes_the_error_of_the_call() {
    for level in levels() {
        let (errno, mut server) =
            errno_of_accept(program("changes_errno", "close(-1);", ""), level);
        assert_eq!(errno, Some(Errno::EBADF));
        // The server was resumed, and has taken the errno for the error of accept.
        assert!(server.wait_idle().is_err() && server.exit().is_some());
    }
}

#[test]
fn a_handler_that_restores_errno_leaves_the_error_of_the_call() {
    let handler = "int saved = errno; close(-1); errno = saved;";
    for level in levels() {
        let (errno, mut server) = errno_of_accept(program("keeps_errno", handler, ""), level);
        assert_eq!(errno, Some(Errno::ECONNABORTED));
        let client = server.connect().unwrap();
        server.wait_for(|now| now.descriptor_of(&client)).unwrap();
    }
}

#[test]
fn a_signal_that_is_blocked_has_no_handler_in_the_middle_of_a_call() {
    let block = "sigprocmask(SIG_BLOCK, &set, 0);";
    let blocks = program("blocks_signal", "close(-1);", block);
    let (errno, mut server) = errno_of_accept(blocks, IsolationLevel::here());
    assert_eq!(errno, None);
    let client = server.connect().unwrap();
    server.wait_for(|now| now.descriptor_of(&client)).unwrap();
}

#[test]
fn a_server_that_is_dropped_in_the_middle_of_a_call_ends() {
    let program = program("dropped", "close(-1);", "");
    let launch = Launch::new(program).faults(FaultInjector::accept());
    let mut server = open(launch, IsolationLevel::here());
    server.wait_idle().unwrap();
    server.trace_failure(Errno::ECONNABORTED).unwrap();
    server.connect().unwrap();
    assert!(server.wait_failure().unwrap());
    let process = server.process();
    drop(server);
    assert!(process.ids().unwrap().is_empty(), "the process is still there");
}
