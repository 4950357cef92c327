//! A busy machine is told from a slow server.

use crate::programs::{open, written};
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;
use std::{hint, thread};
use witness::{IsolationLevel, Launch, Server, WaitError, shorten_time_slice};

/// Answers a client once it has used a second of processor time.
const LABORIOUS: &str = r#"
int main(void)
{
    int door = listening();
    accept(door, 0, 0);
    while (clock() < CLOCKS_PER_SEC)
        ;
    puts("done");
    pause();
}"#;

/// Answers a client after two seconds, in naps.
const SLOW: &str = r#"
int main(void)
{
    int door = listening();
    accept(door, 0, 0);
    for (int nap = 0; nap < 20; nap++)
        nanosleep(&(struct timespec){0, 100000000}, NULL);
    puts("done");
    pause();
}"#;

fn slow_to_answer(name: &str, text: &str, timeout: Duration) -> Server {
    let launch = Launch::new(written(name, text)).timeout(timeout);
    let mut server = open(launch, IsolationLevel::here());
    server.connect().unwrap();
    server
}

fn answer(server: &mut Server) -> Result<(), WaitError> {
    server.wait_for(|now| Ok(now.log().iter().any(|line| line.text == "done").then_some(())))
}

/// Has others go first, on every processor, while `work` goes on.
fn starving<T>(server: &mut Server, work: impl FnOnce(&mut Server) -> T) -> T {
    let pid = server.process().pid;
    // A session has a share of its own, however low its threads' priority (sched(7), autogroup).
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
fn a_server_that_is_kept_from_the_processors_is_not_judged() {
    shorten_time_slice();
    let mut server = slow_to_answer("laborious", LABORIOUS, Duration::from_secs(1));
    let stuck = starving(&mut server, answer).unwrap_err();
    assert!(matches!(&stuck, WaitError::Unobservable(_)), "{stuck}");
    assert!(stuck.to_string().contains("the machine was too busy"), "{stuck}");
}

#[test]
fn a_server_that_takes_its_time_is_slow() {
    shorten_time_slice();
    // What a busy machine hides is asked again.
    let asked = (0..20).map(|_| {
        let mut server = slow_to_answer("slow_to_answer", SLOW, Duration::from_secs(1));
        answer(&mut server).unwrap_err()
    });
    let mut seen = asked.skip_while(|stuck| matches!(stuck, WaitError::Unobservable(_)));
    let stuck = seen.next().expect("the machine was too busy, 20 times");
    assert!(matches!(stuck, WaitError::TimedOut { .. }), "{stuck}");
}
