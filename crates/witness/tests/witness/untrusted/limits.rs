//! Tests of the limits that end an untrusted program, and of the message about each limit.

use super::{end, levels, line, sandboxed};
use crate::busy_processes::BusyProcesses;
use crate::programs::written;
use std::io::ErrorKind;
use std::time::{Duration, Instant};
use witness::{IsolationLevel, Launch, LaunchError, Limits, SandboxPolicy, WaitError};

/// Runs a shell command with these limits, and returns how the command ended. On a busy machine, the
/// limit of wall time may be over before the command has been started.
fn with(limits: Limits, text: &str, level: IsolationLevel) -> String {
    let policy = SandboxPolicy { limits, ..SandboxPolicy::default() };
    let begun = Instant::now();
    let launch = line(text).sandboxed(policy).timeout(Duration::from_secs(60));
    let mut server = match launch.isolation(level).start() {
        Err(LaunchError::Observer(error)) if error.kind() == ErrorKind::UnexpectedEof => {
            return "not started: the machine was too busy".to_owned();
        }
        started => started.unwrap(),
    };
    let end = end(&mut server);
    assert!(begun.elapsed() < Duration::from_secs(20), "{level}: {:?}", begun.elapsed());
    end
}

#[test]
fn a_program_that_uses_too_much_memory_is_ended() {
    let text = "int main(void) { for (;;) { volatile char *p = malloc(1 << 20);
        for (int i = 0; i < 1 << 20; i += 4096) p[i] = 1; } }";
    let program = written("uses_memory", text);
    for level in levels() {
        let limits = Limits { memory: 64 << 20, ..Limits::default() };
        let mut server = sandboxed(program.clone(), limits).isolation(level).start().unwrap();
        assert_eq!(end(&mut server), "used more than 64 MiB of memory and was ended", "{level}");
    }
}

#[test]
fn the_memory_of_a_child_counts() {
    let text = "int main(void) { if (fork()) for (;;) pause();
        for (;;) { volatile char *p = malloc(1 << 20); for (int i = 0; i < 1 << 20; i += 4096) p[i] = 1; } }";
    let program = written("uses_memory_child", text);
    for level in levels() {
        let limits = Limits { memory: 64 << 20, ..Limits::default() };
        let mut server = sandboxed(program.clone(), limits).isolation(level).start().unwrap();
        assert_eq!(end(&mut server), "used more than 64 MiB of memory and was ended", "{level}");
    }
}

#[test]
fn a_program_that_uses_too_much_processor_time_is_ended() {
    for level in levels() {
        let limits = Limits { cpu: Duration::from_secs(1), ..Limits::default() };
        let message = with(limits, "while :; do :; done", level);
        assert_eq!(message, "used up its 1 s of processor time and was ended", "{level}");
    }
}

#[test]
fn a_program_that_runs_for_too_long_is_ended() {
    for level in levels() {
        let limits = Limits { wall: Duration::from_secs(1), ..Limits::default() };
        let message = |_| with(limits, "while :; do sleep 0.4; done", level);
        // If a run is inconclusive because the machine is busy, the run is repeated.
        let message =
            (0..30).map(message).find(|message| !message.contains("the machine was too busy"));
        assert_eq!(message.unwrap(), "was ended after 1 s, its limit of wall time", "{level}");
    }
}

#[test]
fn wall_time_on_a_busy_machine_says_nothing_about_the_program() {
    let text = "import os; os.sched_setaffinity(0, {0}); n = 1\nwhile True: n = n * 3 % 1000003";
    let limits = Limits { wall: Duration::from_secs(2), ..Limits::default() };
    let launch = || {
        let policy = SandboxPolicy { limits, ..SandboxPolicy::default() };
        let launch = Launch::new("python3").args(["-c", text]).sandboxed(policy);
        launch.timeout(Duration::from_secs(60))
    };
    let _busy = BusyProcesses::new(6);
    for level in levels() {
        let mut server = launch().isolation(level).start().unwrap();
        let message = server.wait_for(|_| Ok(None::<()>)).unwrap_err();
        assert!(matches!(message, WaitError::Unobservable(_)), "{level}: {message}");
        assert!(message.to_string().contains("the machine was too busy"), "{level}: {message}");
    }
}

#[test]
fn a_program_that_writes_too_much_output_is_ended() {
    for level in levels() {
        let limits = Limits { output: 1 << 20, ..Limits::default() };
        for text in ["yes", "yes >&2"] {
            let message = with(limits, text, level);
            assert_eq!(message, "wrote more than 1 MiB to its log and was ended", "{level}");
        }
    }
}

#[test]
fn a_program_that_writes_a_large_file_is_ended() {
    let text = "exec dd if=/dev/zero of=file bs=1M count=64";
    for level in levels() {
        let limits = Limits { disk: 8 << 20, ..Limits::default() };
        let message = with(limits, text, level);
        // In a sandbox with its own file system, write(2) fails with ENOSPC before the program
        // exceeds the limit.
        let expected = "wrote more than 8 MiB or 4096 files and was ended";
        assert!(message == expected || message == "ended with exit status 1", "{level}: {message}");
    }
}

#[test]
fn a_program_that_makes_many_files_is_ended() {
    let text = "i=0; while :; do : > f$i || exit 3; i=$((i + 1)); done 2>&-";
    for level in levels() {
        let limits = Limits { files: 100, ..Limits::default() };
        let message = with(limits, text, level);
        let expected = "wrote more than 64 MiB or 100 files and was ended";
        assert!(
            message == expected || message.starts_with("ended with exit status"),
            "{level}: {message}"
        );
    }
}

#[test]
fn a_fork_bomb_is_ended() {
    let text = "int main(void) { for (;;) fork(); }";
    let program = written("fork_bomb", text);
    for level in levels() {
        let limits = Limits { wall: Duration::from_secs(2), ..Limits::default() };
        let mut server = sandboxed(program.clone(), limits).isolation(level).start().unwrap();
        assert_eq!(end(&mut server), "was ended after 2 s, its limit of wall time", "{level}");
        let processes = server.processes().unwrap();
        assert!(processes.len() <= 72, "{level}: {}", processes.len());
        drop(server);
        // The fork bomb has used many process ids, so another program may now have one of these
        // ids. Therefore the name is checked as well.
        let left = processes.iter().filter(|process| process.name() == "fork_bomb").count();
        assert_eq!(left, 0, "{level}");
    }
}
