//! Tests of how servers end, and that dropping a server kills every process that the server has
//! started.

use crate::programs::{levels, open, server, shell, wait_logged, written};
use std::path::Path;
use std::time::Duration;
use witness::{Exit, IsolationLevel, Launch, Process, Server, Signal, WaitError};

fn all_gone(processes: &[Process]) -> bool {
    processes.iter().all(|process| !Path::new(&format!("/proc/{}", process.pid)).exists())
}

/// Waits until a server has `count` processes, drops the server, and checks that these processes no
/// longer exist.
fn drop_ends_all(mut server: Server, count: usize) {
    server
        .wait_for(|now| Ok((now.processes()?.len() >= count).then_some(())))
        .unwrap_or_else(|error| panic!("{error}: {}", server.stderr()));
    let processes = server.processes().unwrap();
    drop(server);
    assert!(all_gone(&processes), "{processes:?}");
}

#[test]
fn a_daemon_in_the_background_is_ended() {
    for level in levels() {
        let mut server = Launch::new(server("faulty/daemon.py")).isolation(level).start().unwrap();
        let error = server.wait_idle().unwrap_err();
        assert!(matches!(error, WaitError::Ended(Exit::Status(0))), "{error}");
        drop_ends_all(server, 1);
    }
}

#[test]
fn a_program_that_ignores_sigterm_is_ended() {
    for level in levels() {
        let server = open(Launch::new(server("faulty/ignores_sigterm_and_spins.c")), level);
        server.signal(Signal::SIGTERM);
        drop_ends_all(server, 1);
    }
}

#[test]
fn a_stopped_program_is_ended() {
    for level in levels() {
        drop_ends_all(shell("kill -STOP $$").isolation(level).start().unwrap(), 1);
    }
}

/// A program that becomes 32 processes. Most of them have a session of their own.
const TREE: &str = r"
int main(void)
{
    for (int level = 0; level < 5; level++) {
        fork();
        setsid();
    }
    signal(SIGTERM, SIG_IGN);
    for (;;)
        pause();
}";

#[test]
fn a_tree_of_processes_in_sessions_of_their_own_is_ended() {
    for level in levels() {
        drop_ends_all(Launch::new(written("tree", TREE)).isolation(level).start().unwrap(), 32);
    }
}

#[test]
fn a_program_that_forks_and_ends_for_ever_is_ended() {
    // Each process ends as soon as it has a child. Therefore every list of processes is out of
    // date.
    let text = "int main(void) { for (;;) if (fork() > 0) _exit(0); }";
    for level in levels() {
        let launch = Launch::new(written("runs_away", text)).isolation(level);
        let mut server = launch.timeout(Duration::from_millis(50)).start().unwrap();
        server.wait_for(|now| Ok(now.exit().cloned())).unwrap_or_else(|error| panic!("{error}"));
        drop(server);
    }
}

#[test]
fn a_program_that_was_traced_is_ended() {
    let text = r"
        int main(void) {
            struct pollfd listener = {listening(), POLLIN, 0};
            for (;;) poll(&listener, 1, -1);
        }";
    for level in levels() {
        let mut server = open(Launch::new(written("never_accepts", text)), level);
        let _client = server.connect().unwrap();
        let error = server.wait_for(|_| Ok(None::<()>)).unwrap_err();
        assert!(matches!(error, WaitError::Spinning(_)), "{error}");
        drop_ends_all(server, 1);
    }
}

#[test]
fn no_signal_is_blocked_or_ignored() {
    let line = "grep -E 'Sig(Blk|Ign)' /proc/self/status; exec sleep infinity";
    for level in levels() {
        let mut server = shell(line).isolation(level).start().unwrap();
        server.wait_for(|now| Ok((now.log().len() == 2).then_some(()))).unwrap();
        for line in server.log() {
            let set = line.text.split_whitespace().nth(1).unwrap();
            // The C library uses the signals 32 and 33 itself.
            let set = u64::from_str_radix(set, 16).unwrap() & !(3 << 31);
            assert_eq!(set, 0, "{line:?}");
        }
    }
}

#[test]
fn thirty_two_servers_listen_on_the_same_port_at_once() {
    if IsolationLevel::here().shares_ports() {
        return; // on a shared network only one program can listen on a port
    }
    let program = server("until_eagain.c");
    let mut servers: Vec<_> =
        (0..32).map(|_| open(Launch::new(&program), IsolationLevel::Namespaces)).collect();
    let clients: Vec<_> = servers.iter_mut().map(|server| server.connect().unwrap()).collect();
    for (server, client) in servers.iter_mut().zip(&clients) {
        let fd = server.wait_for(|now| now.descriptor_of(client)).unwrap();
        wait_logged(server, &format!("[ACCEPT] fd={fd} slot=0"));
    }
}

#[test]
fn a_server_can_be_dropped_in_another_thread() {
    let server = open(Launch::new(server("until_eagain.c")), IsolationLevel::here());
    let processes = server.processes().unwrap();
    std::thread::spawn(move || drop(server)).join().unwrap();
    assert!(all_gone(&processes));
}

/// A server that sleeps for half a second after SIGTERM, in short polls.
const DRAINS: &str = r#"
static volatile int ending;
static void end(int signal) { ending = 1; }
int main(void)
{
    int listener = listening();
    signal(SIGTERM, end);
    struct pollfd one = {listener, POLLIN, 0};
    while (!ending)
        poll(&one, 1, -1);
    for (int round = 0; round < 5; round++)
        poll(0, 0, 100);
    puts("drained");
    return 3;
}"#;

/// The limit of an end that is expected.
const LIMIT: Duration = Duration::from_secs(2);

#[test]
fn the_end_of_a_server_that_drains_is_waited_for() {
    for level in levels() {
        let mut server = open(Launch::new(written("drains", DRAINS)), level);
        assert!(server.survivors().unwrap().is_empty());
        server.signal(Signal::SIGTERM);
        assert_eq!(server.wait_ended(LIMIT).unwrap(), Exit::Status(3));
        assert_eq!(server.log().last().unwrap().text, "drained");
    }
}

#[test]
fn the_end_of_a_server_that_ignores_sigterm_is_not_waited_for_longer_than_the_limit() {
    let line = "trap '' TERM; echo ready; while :; do sleep 1000; done";
    let mut server = shell(line).start().unwrap();
    server.wait_for(|now| Ok((!now.log().is_empty()).then_some(()))).unwrap();
    server.signal(Signal::SIGTERM);
    let error = server.wait_ended(Duration::from_millis(200)).unwrap_err();
    assert!(matches!(error, WaitError::TimedOut { .. }), "{error}");
    assert!(server.survivors().unwrap().is_empty(), "the program itself has not ended");
}

#[test]
fn a_process_that_outlives_the_program_is_a_survivor() {
    for level in levels() {
        let mut server =
            shell("sleep 1000 & sleep 0.1 & echo $!; exit 4").isolation(level).start().unwrap();
        let error = server.wait_ended(Duration::from_millis(500)).unwrap_err();
        assert!(matches!(error, WaitError::Idle { .. }), "{error}");
        assert_eq!(server.exit(), Some(&Exit::Status(4)));
        let survivors = server.survivors().unwrap();
        assert_eq!((survivors.len(), survivors[0].name().as_str()), (1, "sleep"));
    }
}

#[test]
fn a_process_that_ends_soon_after_the_program_does_not_survive() {
    for level in levels() {
        let mut server = shell("sleep 0.2 & exit 4").isolation(level).start().unwrap();
        assert_eq!(server.wait_ended(LIMIT).unwrap(), Exit::Status(4));
        assert!(server.survivors().unwrap().is_empty());
    }
}
