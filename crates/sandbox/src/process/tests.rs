//! Tests of what [`Process`] reads from `/proc`.

use super::*;

#[test]
fn memory_counts_once_it_is_filled() {
    const SIZE: usize = 64 << 20;
    let own = Process { pid: std::process::id() as i32 };
    let before = own.memory().unwrap();
    let mut room = Vec::<u8>::with_capacity(SIZE);
    assert!(own.memory().unwrap() < before + SIZE as u64 / 2);
    room.resize(std::hint::black_box(SIZE), 1);
    assert!(own.memory().unwrap() > before + SIZE as u64 / 2, "{}", room.len());
}

#[test]
fn a_process_that_is_gone_has_nothing() {
    let absent = Process { pid: i32::MAX };
    assert_eq!(absent.memory().unwrap(), 0);
    assert!(absent.threads().unwrap().is_empty() && absent.children().unwrap().is_empty());
    assert!(absent.descriptors().unwrap().is_empty());
    assert_eq!((absent.flags(0).unwrap(), absent.name()), (None, String::new()));
}

#[test]
fn what_a_process_does_with_a_signal_is_read_from_its_masks() {
    let own = Process { pid: std::process::id() as i32 };
    // Rust ignores SIGPIPE when a program starts, and leaves SIGUSR2 alone.
    let ignored = SignalDisposition { ignored: true, ..SignalDisposition::default() };
    // While the main thread starts the thread of another test, all its signals are blocked for a
    // moment.
    let unblocked = |signal| loop {
        match own.disposition_of(signal).unwrap() {
            Some(it) if it.blocked => std::thread::yield_now(),
            found => break found,
        }
    };
    assert_eq!(unblocked(libc::SIGPIPE), Some(ignored));
    assert_eq!(unblocked(libc::SIGUSR2), Some(SignalDisposition::default()));
    assert_eq!(Process { pid: i32::MAX }.disposition_of(libc::SIGPIPE).unwrap(), None);
    assert!(!own.reads_signal(0, libc::SIGCHLD), "standard input is no signalfd");
}

#[test]
fn a_process_that_has_ended_keeps_its_status_until_it_is_reaped() {
    for (command, wanted) in [("read x; exit 3", 3 << 8), ("read x; kill -9 $$", 9)] {
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", command]).stdin(std::process::Stdio::piped());
        let mut child = shell.spawn().unwrap();
        let process = Process { pid: child.id() as i32 };
        // The kernel has no start of the code to show until execve(2) has loaded the program.
        while !process.shows_wait_status() {
            std::thread::yield_now();
        }
        assert_eq!(process.wait_status().unwrap(), None, "it still runs");
        drop(child.stdin.take());
        while !process.is_zombie().unwrap() {
            std::thread::yield_now();
        }
        assert_eq!(process.wait_status().unwrap(), Some(wanted));
        child.wait().unwrap();
        assert_eq!(process.wait_status().unwrap(), None, "it was reaped");
    }
}
