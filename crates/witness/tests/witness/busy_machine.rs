//! Tests that a slow server is distinguished from a server that cannot run because the machine is
//! busy.

use crate::programs::{open, written};
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;
use std::{hint, thread};
use witness::{IsolationLevel, Launch, Server, WaitError, shorten_time_slice};

/// A server that accepts a client, uses a second of processor time, and logs "done".
const COMPUTES: &str = r#"
int main(void)
{
    int listener = listening();
    accept(listener, 0, 0);
    while (clock() < CLOCKS_PER_SEC)
        ;
    puts("done");
    pause();
}"#;

/// A server that accepts a client, sleeps 20 times for 100 ms, and logs "done". Each time, it makes
/// a call that it has not made before.
const SLEEPS: &str = r#"
int main(void)
{
    int listener = listening();
    accept(listener, 0, 0);
    for (int round = 0; round < 20; round++) {
        nanosleep(&(struct timespec){0, 100000000}, NULL);
        lseek(0, round, SEEK_SET);
        umask(round);
    }
    puts("done");
    pause();
}"#;

/// Starts a server and connects a client.
fn with_client(name: &str, text: &str, timeout: Duration) -> Server {
    let launch = Launch::new(written(name, text)).timeout(timeout);
    let mut server = open(launch, IsolationLevel::here());
    server.connect().unwrap();
    server
}

/// Waits for the log line "done".
fn wait_done(server: &mut Server) -> Result<(), WaitError> {
    server.wait_for(|now| Ok(now.log().iter().any(|line| line.text == "done").then_some(())))
}

/// Keeps every processor busy while `work` runs. The busy threads have a higher priority than the
/// server.
fn starving<T>(server: &mut Server, work: impl FnOnce(&mut Server) -> T) -> T {
    let pid = server.process().pid;
    // The kernel may divide the processors among sessions and ignore the priorities of their
    // threads (sched(7), "The autogroup feature"). Therefore the server's session also gets the
    // lowest priority.
    let _ = fs::write(format!("/proc/{pid}/autogroup"), "19");
    // SAFETY: sched_param is plain numbers, read by the kernel.
    unsafe {
        let parameters: libc::sched_param = std::mem::zeroed();
        assert_eq!(libc::sched_setscheduler(pid, libc::SCHED_IDLE, &parameters), 0);
    }
    let done = AtomicBool::new(false);
    let spin = || {
        while !done.load(Relaxed) {
            hint::spin_loop();
        }
    };
    let processors = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        (0..2 * processors).for_each(|_| drop(scope.spawn(spin)));
        let value = work(server);
        done.store(true, Relaxed);
        value
    })
}

#[test]
fn a_server_without_a_processor_is_inconclusive() {
    shorten_time_slice();
    let mut server = with_client("computes", COMPUTES, Duration::from_secs(1));
    let error = starving(&mut server, wait_done).unwrap_err();
    assert!(matches!(&error, WaitError::Unobservable(_)), "{error}");
    assert!(error.to_string().contains("the machine was too busy"), "{error}");
}

#[test]
fn a_slow_server_runs_out_of_time() {
    shorten_time_slice();
    // If a run is inconclusive because the machine is busy, the run is repeated.
    let errors = (0..20).map(|_| {
        let mut server = with_client("sleeps_two_seconds", SLEEPS, Duration::from_secs(1));
        wait_done(&mut server).unwrap_err()
    });
    let mut conclusive = errors.skip_while(|error| matches!(error, WaitError::Unobservable(_)));
    let error = conclusive.next().expect("the machine was too busy, 20 times");
    assert!(matches!(error, WaitError::TimedOut { .. }), "{error}");
}
