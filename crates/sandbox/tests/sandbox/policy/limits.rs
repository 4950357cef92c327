//! The limits of an untrusted program.

use super::{bounded, output_of, run, sandboxed, text, within};
use crate::busy_processes::BusyProcesses;
use crate::programs::{shell, written};
use sandbox::{Command, Exit, LimitKind, Limits, SignalNumber};
use std::time::{Duration, Instant};

const SOON: Duration = Duration::from_secs(5);

fn is_killed(exit: &Exit) -> bool {
    *exit == Exit::Signal(SignalNumber(libc::SIGKILL))
}

#[test]
fn the_exit_status_and_the_processor_time_are_reported() {
    let finished =
        sandboxed(shell("i=0; while [ $i -lt 50000 ]; do i=$((i+1)); done; exit 3"), &[]);
    let finished = finished.run().unwrap();
    assert_eq!((&finished.exit, finished.limit_exceeded), (&Exit::Status(3), None));
    assert!(finished.cpu > Duration::from_millis(5), "{finished:?}");
    assert!(finished.cpu < finished.elapsed + SOON, "{finished:?}");
}

#[test]
fn the_processor_time_of_orphans_counts() {
    let line = "(sh -c 'i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done' & wait) & wait";
    let finished = sandboxed(shell(line), &[]).run().unwrap();
    assert!(finished.cpu > Duration::from_millis(20), "{finished:?}");
}

#[test]
fn a_program_that_sleeps_for_ever_is_ended() {
    let began = Instant::now();
    let launch =
        bounded(shell("echo begun; sleep infinity"), &[], within(Duration::from_millis(200)));
    let finished = launch.run().unwrap();
    assert!(
        is_killed(&finished.exit) && finished.limit_exceeded == Some(LimitKind::Wall),
        "{finished:?}"
    );
    assert_eq!(text(&finished), "begun");
    assert!(began.elapsed() < SOON);
}

#[test]
fn a_program_that_writes_for_ever_is_ended() {
    let limits = Limits { output: 100_000, ..Limits::default() };
    let finished = bounded(Command::new("yes"), &[], limits).run().unwrap();
    assert_eq!(
        (finished.limit_exceeded, finished.output.len()),
        (Some(LimitKind::Output), 100_000)
    );
    assert!(is_killed(&finished.exit) && finished.elapsed < SOON, "{:?}", finished.exit);
}

#[test]
fn a_program_that_computes_for_ever_is_ended() {
    let limits = Limits { cpu: Duration::from_secs(1), ..Limits::default() };
    for line in ["while :; do :; done", "trap '' XCPU; while :; do :; done"] {
        let finished = bounded(shell(line), &[], limits).run().unwrap();
        assert_eq!(finished.limit_exceeded, Some(LimitKind::Cpu), "{finished:?}");
    }
}

#[test]
fn a_daemon_that_holds_the_output_is_not_waited_for() {
    let line = "setsid sh -c 'trap \"\" TERM HUP; sleep infinity' & echo done";
    let finished = sandboxed(shell(line), &[]).run().unwrap();
    assert_eq!((text(&finished).as_str(), &finished.exit), ("done", &Exit::Status(0)));
    assert!(finished.elapsed < SOON, "{finished:?}");
}

#[test]
fn all_output_before_the_end_is_read() {
    let finished = sandboxed(shell("head -c 60000 /dev/zero"), &[]).run().unwrap();
    assert_eq!(finished.output.len(), 60_000);
    let finished = sandboxed(shell("head -c 3000000 /dev/zero"), &[]).run().unwrap();
    assert_eq!(finished.output.len(), 3_000_000);
}

#[test]
fn a_fork_bomb_is_bounded() {
    let bomb = written(
        "bomb",
        "int main(void) { int count = 0; \
         while (count < 5000) { int child = fork(); if (child < 0) break; \
         if (!child) { pause(); _exit(0); } count++; } \
         printf(\"%d\\n\", count); return errno == EAGAIN ? 0 : 1; }",
    );
    let finished = run(&bomb);
    assert_eq!((text(&finished).as_str(), &finished.exit), ("63", &Exit::Status(0)));
}

#[test]
fn a_fork_bomb_does_not_use_up_the_processes_of_another_sandbox() {
    let bomb = written("bomb_beside", "int main(void) { for (;;) fork(); }");
    let launch = bounded(Command::new(&bomb), &[&bomb], within(Duration::from_secs(2)));
    std::thread::scope(|scope| {
        scope.spawn(|| assert_eq!(launch.run().unwrap().limit_exceeded, Some(LimitKind::Wall)));
        for _ in 0..5 {
            assert_eq!(
                output_of("for i in 1 2 3 4 5; do sleep 0.01 & done; wait; echo all"),
                "all"
            );
        }
    });
}

#[test]
fn killing_every_process_reaches_no_process_outside() {
    let finished = sandboxed(shell("kill -9 -1; echo alone"), &[]).run().unwrap();
    assert!(text(&finished).ends_with("alone"), "{}", text(&finished));
}

#[test]
fn the_writable_folders_hold_a_limited_number_of_bytes() {
    let limits = Limits { disk: 1 << 20, ..Limits::default() };
    let line = "for at in /work /tmp; do for i in 1 2 3; do \
                head -c 500000 /dev/zero > $at/$i; done; cat $at/* | wc -c; done";
    let output = text(&bounded(shell(line), &[], limits).run().unwrap());
    let sizes: Vec<u64> = output.lines().filter_map(|line| line.parse().ok()).collect();
    assert_eq!(sizes.len(), 2, "{output}");
    assert!(sizes.iter().all(|size| (900_000..=1 << 20).contains(size)), "{output}");
}

#[test]
fn the_writable_folders_hold_a_limited_number_of_files() {
    let limits = Limits { files: 100, ..Limits::default() };
    let line = "cd /tmp; i=0; while mkdir $i 2>/dev/null; do i=$((i+1)); done; echo $i";
    let count = text(&bounded(shell(line), &[], limits).run().unwrap());
    assert!((80..=130).contains(&count.parse::<u32>().unwrap()), "{count}");
}

#[test]
fn a_file_has_a_limited_size() {
    let limits = Limits { disk: 1 << 20, ..Limits::default() };
    let text = "#include <fcntl.h>\nint main(void) { ftruncate(creat(\"big\", 0600), 2 << 20); }";
    let grows = written("grows", text);
    let finished = bounded(Command::new(&grows), &[&grows], limits).run().unwrap();
    assert_eq!(finished.limit_exceeded, Some(LimitKind::FileSize), "{finished:?}");
}

#[test]
fn the_program_has_a_limited_number_of_descriptors() {
    let limits = Limits { descriptors: 77, ..Limits::default() };
    let output = text(&bounded(shell("ulimit -n; ulimit -Hn"), &[], limits).run().unwrap());
    assert_eq!(output, "77\n77");
}

#[test]
fn a_crash_writes_no_core_dump() {
    let finished = sandboxed(shell("kill -SEGV $$"), &[]).run().unwrap();
    assert_eq!(finished.exit, Exit::Signal(SignalNumber(libc::SIGSEGV)));
    assert!(finished.files().unwrap().is_empty());
}

#[test]
fn wall_time_on_a_busy_machine_says_nothing_about_the_program() {
    let text = "import os; os.sched_setaffinity(0, {0})\nwhile True: pass";
    let command = Command::new("python3").args(["-c", text]);
    let _busy = BusyProcesses::new(6);
    let finished = bounded(command, &[], within(Duration::from_secs(2))).run().unwrap();
    assert_eq!(finished.limit_exceeded, Some(LimitKind::Wall));
    assert!(finished.cpu_starvation.is_some(), "{finished:?}");
}
