//! The limits of an untrusted program.

use super::{bounded, output_of, run, sandboxed, text, within};
use crate::busy_processes::BusyProcesses;
use crate::programs::{shell, written};
use sandbox::{Command, Exit, LimitKind, Limits, Message, SignalNumber};
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

#[test]
fn the_first_process_answers_while_the_program_holds_all_descriptors_in_messages() {
    let fills = written(
        "holds_messages",
        "#include <string.h>\n#include <sys/resource.h>\nint main(void) {\n\
         int pair[2], copies[250]; for (int i = 0; i < 250; i++) copies[i] = 1;\n\
         union { struct cmsghdr head; char room[CMSG_SPACE(sizeof copies)]; } all =\n\
         {.head = {CMSG_LEN(sizeof copies), SOL_SOCKET, SCM_RIGHTS}};\n\
         memcpy(CMSG_DATA(&all.head), copies, sizeof copies);\n\
         struct iovec byte = {\"x\", 1}; struct msghdr message = {.msg_iov = &byte, .msg_iovlen = 1,\n\
         .msg_control = &all, .msg_controllen = sizeof all.room};\n\
         for (int i = 0; i < 400; i++) {\n\
         if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair)) break;\n\
         while (sendmsg(pair[0], &message, 0) > 0); if (errno == ETOOMANYREFS) break; }\n\
         puts(strerror(errno)); fflush(stdout); pause(); }\n",
    );
    let launch = bounded(Command::new(&fills), &[&fills], Limits::default());
    let (output, stdout) = std::io::pipe().unwrap();
    let errors = stdout.try_clone().unwrap();
    let sandbox = launch.spawn(stdout.into(), errors.into()).unwrap();
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(output), &mut line).unwrap();
    assert_eq!(line, "Too many references: cannot splice\n");
    sandbox.request_sockets(libc::AF_INET, libc::SOCK_STREAM, 0, 4).unwrap();
    let sockets = loop {
        if let Some(Message::Sockets(sockets, _)) = sandbox.receive(true).unwrap() {
            break sockets;
        }
    };
    assert_eq!(sockets.len(), 4);
}

#[test]
fn memory_that_has_left_the_page_table_counts() {
    let hides = written(
        "hides_memory",
        "#include <sys/mman.h>\n#include <string.h>\nint main(void) {\n\
         size_t all = (size_t)300 << 20, step = 4 << 20;\n\
         char *block = mmap(0, all, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);\n\
         for (size_t at = 0; at < all; at += step) {\n\
         memset(block + at, 1, step); madvise(block + at, step, MADV_DONTNEED); }\n\
         pause(); }\n",
    );
    let limits = Limits { memory: 128 << 20, ..within(Duration::from_secs(20)) };
    let finished = bounded(Command::new(&hides), &[&hides], limits).run().unwrap();
    assert_eq!(finished.limit_exceeded, Some(LimitKind::Memory), "{finished:?}");
}

#[test]
fn registrations_of_epoll_count_as_memory_in_a_control_group() {
    if Limits::memory_accounting() == "watchdog" {
        return println!("skipped: no control group can be made here");
    }
    let registers = written(
        "registers_in_epoll",
        "#include <sys/epoll.h>\nint main(void) {\n\
         int pipes[200], sets[500]; struct epoll_event event = {.events = EPOLLIN};\n\
         for (int i = 0; i < 200; i += 2) if (pipe(pipes + i)) return 1;\n\
         for (int i = 0; i < 500; i++) if ((sets[i] = epoll_create1(0)) < 0) return 2;\n\
         for (int i = 0; i < 500; i++) for (int j = 0; j < 200; j++)\n\
         if (epoll_ctl(sets[i], EPOLL_CTL_ADD, pipes[j], &event)) return 3;\n\
         puts(\"registered\"); }\n",
    );
    let limits = Limits { memory: 10 << 20, ..within(Duration::from_secs(20)) };
    let finished = bounded(Command::new(&registers), &[&registers], limits).run().unwrap();
    assert_eq!(finished.limit_exceeded, Some(LimitKind::Memory), "{finished:?}");
}
