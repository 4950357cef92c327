//! The limits that end it, and what is said of it then.

use super::{end, levels, line, sandboxed};
use crate::programs::written;
use std::process::{Child, Command};
use std::time::{Duration, Instant};
use witness::{IsolationLevel, Launch, Limits, SandboxPolicy, WaitError};

fn with(limits: Limits, text: &str, level: IsolationLevel) -> String {
    let policy = SandboxPolicy { visible: Vec::new(), limits };
    let begun = Instant::now();
    let launch = line(text).sandboxed(policy).timeout(Duration::from_secs(60));
    let mut server = launch.isolation(level).start().unwrap();
    let end = end(&mut server);
    assert!(begun.elapsed() < Duration::from_secs(20), "{level}: {:?}", begun.elapsed());
    end
}

#[test]
fn memory() {
    let text = "int main(void) { for (;;) { volatile char *p = malloc(1 << 20);
        for (int i = 0; i < 1 << 20; i += 4096) p[i] = 1; } }";
    let program = written("memory_hog", text);
    for level in levels() {
        let limits = Limits { memory: 64 << 20, ..Limits::default() };
        let mut server = sandboxed(program.clone(), limits).isolation(level).start().unwrap();
        assert_eq!(end(&mut server), "went over its 64 MiB of memory and was ended", "{level}");
    }
}

#[test]
fn memory_of_a_child_that_is_left() {
    let text = "int main(void) { if (fork()) for (;;) pause();
        for (;;) { volatile char *p = malloc(1 << 20); for (int i = 0; i < 1 << 20; i += 4096) p[i] = 1; } }";
    let program = written("memory_hog_child", text);
    for level in levels() {
        let limits = Limits { memory: 64 << 20, ..Limits::default() };
        let mut server = sandboxed(program.clone(), limits).isolation(level).start().unwrap();
        assert_eq!(end(&mut server), "went over its 64 MiB of memory and was ended", "{level}");
    }
}

#[test]
fn processor_time() {
    for level in levels() {
        let limits = Limits { cpu: Duration::from_secs(1), ..Limits::default() };
        let told = with(limits, "while :; do :; done", level);
        assert_eq!(told, "used up its 1 s of processor time and was ended", "{level}");
    }
}

#[test]
fn wall_time() {
    for level in levels() {
        let limits = Limits { wall: Duration::from_secs(1), ..Limits::default() };
        let told = |_| with(limits, "while :; do sleep 0.4; done", level);
        // Nothing is said of a second that others took most of.
        let told = (0..30).map(told).find(|told| !told.contains("the machine was too busy"));
        assert_eq!(told.unwrap(), "was ended after 1 s, which is all it has", "{level}");
    }
}

/// Others that want the first processor, too, as long as this lives and the test does.
struct CpuHogs(Vec<Child>);

impl CpuHogs {
    /// Each is a session of its own, for the kernel may share a processor out by sessions (sched(7),
    /// "The autogroup feature").
    fn new(number: usize) -> Self {
        let text = "import os; os.setsid(); os.sched_setaffinity(0, {0}); parent = os.getppid()\n\
                    while os.getppid() == parent: pass";
        let one = |_| Command::new("python3").args(["-c", text]).spawn().unwrap();
        Self((0..number).map(one).collect())
    }
}

impl Drop for CpuHogs {
    fn drop(&mut self) {
        for one in &mut self.0 {
            one.kill().unwrap();
            one.wait().unwrap();
        }
    }
}

#[test]
fn wall_time_that_others_took_is_not_its_own() {
    let text = "import os; os.sched_setaffinity(0, {0})\nwhile True: pass";
    let limits = Limits { wall: Duration::from_secs(2), ..Limits::default() };
    let launch = || {
        let policy = SandboxPolicy { visible: Vec::new(), limits };
        let launch = Launch::new("python3").args(["-c", text]).sandboxed(policy);
        launch.timeout(Duration::from_secs(60))
    };
    let _hogs = CpuHogs::new(6);
    for level in levels() {
        let mut server = launch().isolation(level).start().unwrap();
        let told = server.wait_for(|_| Ok(None::<()>)).unwrap_err();
        assert!(matches!(told, WaitError::Unobservable(_)), "{level}: {told}");
        assert!(told.to_string().contains("the machine was too busy"), "{level}: {told}");
    }
}

#[test]
fn output() {
    for level in levels() {
        let limits = Limits { output: 1 << 20, ..Limits::default() };
        for text in ["yes", "yes >&2"] {
            let told = with(limits, text, level);
            assert_eq!(told, "wrote more than 1 MiB to its log and was ended", "{level}");
        }
    }
}

#[test]
fn a_large_file() {
    let text = "exec dd if=/dev/zero of=file bs=1M count=64";
    for level in levels() {
        let limits = Limits { disk: 8 << 20, ..Limits::default() };
        let told = with(limits, text, level);
        // A file system of its own is full before the file is too large (write(2), ENOSPC).
        let expected = "wrote more than 8 MiB or 4096 files and was ended";
        assert!(told == expected || told == "ended with exit status 1", "{level}: {told}");
    }
}

#[test]
fn many_files() {
    let text = "i=0; while :; do : > f$i || exit 3; i=$((i + 1)); done 2>&-";
    for level in levels() {
        let limits = Limits { files: 100, ..Limits::default() };
        let told = with(limits, text, level);
        let expected = "wrote more than 64 MiB or 100 files and was ended";
        assert!(told == expected || told.starts_with("ended with exit status"), "{level}: {told}");
    }
}

#[test]
fn a_fork_bomb() {
    let text = "int main(void) { for (;;) fork(); }";
    let program = written("fork_bomb", text);
    for level in levels() {
        let limits = Limits { wall: Duration::from_secs(2), ..Limits::default() };
        let mut server = sandboxed(program.clone(), limits).isolation(level).start().unwrap();
        assert_eq!(end(&mut server), "was ended after 2 s, which is all it has", "{level}");
        let processes = server.processes().unwrap();
        assert!(processes.len() <= 72, "{level}: {}", processes.len());
        drop(server);
        // A bomb uses process ids up: one of these may be somebody else's by now.
        let left = processes.iter().filter(|process| process.name() == "fork_bomb").count();
        assert_eq!(left, 0, "{level}");
    }
}
