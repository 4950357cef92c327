//! Dropping a server ends everything that it has started.

use crate::programs::{open, server, shell, tiers, until_logged, written};
use std::path::Path;
use std::time::Duration;
use witness::{Exit, Launch, Process, Server, Stuck, Tier};

fn all_gone(processes: &[Process]) -> bool {
    processes.iter().all(|process| !Path::new(&format!("/proc/{}", process.pid)).exists())
}

/// Drops a server that has so many processes.
fn drops(mut server: Server, count: usize) {
    server
        .until(|now| Ok((now.processes()?.len() >= count).then_some(())))
        .unwrap_or_else(|stuck| panic!("{stuck}: {}", server.stderr()));
    let processes = server.processes().unwrap();
    drop(server);
    assert!(all_gone(&processes), "{processes:?}");
}

#[test]
fn a_daemon_in_the_background_is_ended() {
    for tier in tiers() {
        let mut server = Launch::new(server("strange/daemon.py")).tier(tier).start().unwrap();
        let stuck = server.until_quiet().unwrap_err();
        assert!(matches!(stuck, Stuck::Ended(Exit::Status(0))), "{stuck}");
        drops(server, 1);
    }
}

#[test]
fn a_program_that_ignores_sigterm_is_ended() {
    for tier in tiers() {
        let server = open(Launch::new(server("strange/deaf_and_spinning.c")), tier);
        server.signal(libc::SIGTERM);
        drops(server, 1);
    }
}

#[test]
fn a_stopped_program_is_ended() {
    for tier in tiers() {
        drops(shell("kill -STOP $$").tier(tier).start().unwrap(), 1);
    }
}

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
    for tier in tiers() {
        drops(Launch::new(written("tree", TREE)).tier(tier).start().unwrap(), 32);
    }
}

#[test]
fn a_program_that_forks_and_ends_for_ever_is_ended() {
    // Each generation ends as soon as it has a child: no list of processes is ever up to date.
    let text = "int main(void) { for (;;) if (fork() > 0) _exit(0); }";
    for tier in tiers() {
        let launch = Launch::new(written("runs_away", text)).tier(tier);
        let mut server = launch.timeout(Duration::from_millis(50)).start().unwrap();
        server.until(|now| Ok(now.exit().cloned())).unwrap_or_else(|stuck| panic!("{stuck}"));
        drop(server);
    }
}

#[test]
fn a_program_that_was_traced_is_ended() {
    let text = r"
        int main(void) {
            struct pollfd door = {listening(), POLLIN, 0};
            for (;;) poll(&door, 1, -1);
        }";
    for tier in tiers() {
        let mut server = open(Launch::new(written("never_accepts", text)), tier);
        let _client = server.connect().unwrap();
        let stuck = server.until(|_| Ok(None::<()>)).unwrap_err();
        assert!(matches!(stuck, Stuck::Spinning(_)), "{stuck}");
        drops(server, 1);
    }
}

#[test]
fn signals_are_as_a_program_expects_them() {
    let line = "grep -E 'Sig(Blk|Ign)' /proc/self/status; exec sleep infinity";
    for tier in tiers() {
        let mut server = shell(line).tier(tier).start().unwrap();
        server.until(|now| Ok((now.log().len() == 2).then_some(()))).unwrap();
        for line in server.log() {
            let set = line.text.split_whitespace().nth(1).unwrap();
            // 32 and 33 are the C library's own.
            let set = u64::from_str_radix(set, 16).unwrap() & !(3 << 31);
            assert_eq!(set, 0, "{line:?}");
        }
    }
}

#[test]
fn thirty_two_boxes_hold_the_same_port_at_once() {
    if Tier::here().shares_ports() {
        return; // on one network a port is held once
    }
    let program = server("accept_many.c");
    let mut servers: Vec<_> = (0..32).map(|_| open(Launch::new(&program), Tier::Strong)).collect();
    let clients: Vec<_> = servers.iter_mut().map(|server| server.connect().unwrap()).collect();
    for (server, client) in servers.iter_mut().zip(&clients) {
        let fd = server.until(|now| now.descriptor_of(client)).unwrap();
        until_logged(server, &format!("[ACCEPT] fd={fd} slot=0"));
    }
}

#[test]
fn a_server_can_be_dropped_in_another_thread() {
    let server = open(Launch::new(server("accept_many.c")), Tier::here());
    let processes = server.processes().unwrap();
    std::thread::spawn(move || drop(server)).join().unwrap();
    assert!(all_gone(&processes));
}
