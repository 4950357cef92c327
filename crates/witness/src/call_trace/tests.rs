//! Tests that programs continue as before after they were traced for a short time.

use super::*;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// A child process. Dropping this value kills and reaps the process.
struct Program(Child);

impl Program {
    fn run(program: &str, arguments: &[&str]) -> Self {
        let mut command = Command::new(program);
        Self(command.args(arguments).stdout(Stdio::piped()).spawn().unwrap())
    }

    fn python(text: &str) -> Self {
        Self::run("python3", &["-c", text])
    }

    fn process(&self) -> Process {
        Process { pid: self.0.id() as i32 }
    }

    fn thread(&self) -> Thread {
        self.process().threads().unwrap().pop().unwrap()
    }

    /// Traces the program for a moment. Returns whether it is in a busy loop.
    fn trace(&self, tracer: &mut Tracer) -> bool {
        let Some(mut trace) = CallTrace::begin(self.process(), &self.thread(), None, tracer) else {
            return false;
        };
        trace.look(&self.thread(), tracer);
        let is_loop = trace.is_loop();
        trace.end(tracer);
        is_loop
    }

    fn is_traced(&self) -> bool {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap();
        !status.contains("TracerPid:\t0\n")
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        BufReader::new(self.0.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        line
    }

    fn wait_in_call(&self, name: &str) {
        while self.process().threads().unwrap()[0].call.is_none_or(|call| call.name() != name) {
            std::thread::yield_now();
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = (self.0.kill(), self.0.wait());
    }
}

#[test]
fn a_busy_program_is_detached_unharmed_on_a_busy_machine() {
    let mut programs: Vec<_> =
        (0..3).map(|_| Program::run("sh", &["-c", "while :; do :; done"])).collect();
    programs.push(Program::run("sh", &["-c", "while :; do x=$(:); done"]));
    let mut tracer = Tracer::default();
    for program in &programs {
        for _ in 0..20 {
            assert!(!program.trace(&mut tracer));
            tracer.retry_detach();
            assert!(!tracer.has_detached_all() || !program.is_traced());
        }
    }
}

/// A program that calls epoll_wait of the C library. Python's own function would restart the call
/// after EINTR (PEP 475).
const EPOLL_WAIT: &str = "
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
epoll, room = libc.epoll_create1(0), ctypes.create_string_buffer(12)
print('ready', flush=True)
print(libc.epoll_wait(epoll, room, 1, 500), ctypes.get_errno(), flush=True)
";

#[test]
fn tracing_does_not_interrupt_epoll_wait() {
    let mut program = Program::python(EPOLL_WAIT);
    assert_eq!(program.line(), "ready\n");
    program.wait_in_call("epoll_wait");
    let mut tracer = Tracer::default();
    for _ in 0..5 {
        program.trace(&mut tracer);
        assert!(!program.is_traced());
    }
    assert_eq!(program.line(), "0 0\n");
}

/// The observer stops the thread where it can: also where epoll_wait is about to begin.
#[test]
fn a_trace_that_ends_at_any_moment_does_not_interrupt_epoll_wait() {
    let text = EPOLL_WAIT.replace(
        "print(libc.epoll_wait(epoll, room, 1, 500), ctypes.get_errno(), flush=True)",
        "while libc.epoll_wait(epoll, room, 1, 1) >= 0: sum(range(1000))\nprint('interrupted')",
    );
    let mut program = Program::python(&text);
    assert_eq!(program.line(), "ready\n");
    let mut tracer = Tracer::default();
    for _ in 0..1000 {
        program.trace(&mut tracer);
        tracer.retry_detach();
    }
    assert!(program.0.try_wait().unwrap().is_none(), "{}", program.line());
}

#[test]
fn an_instruction_that_takes_long_does_not_kill_the_program() {
    let mut program = Program::run("sh", &["-c", "while :; do :; done"]);
    let mut tracer = Tracer::default();
    for _ in 0..200 {
        let Some(mut traced) = tracer.seize(program.process().pid) else { continue };
        traced.step_within(Duration::ZERO);
        tracer.detach(traced);
    }
    while !tracer.has_detached_all() {
        tracer.retry_detach();
    }
    assert_eq!(program.0.try_wait().unwrap(), None);
}

/// Traces a program that repeats `call` until it has made many calls. Returns whether it is in a
/// busy loop.
fn is_loop_of(call: &str) -> bool {
    let text = format!("import os\nprint('ready', flush=True)\nwhile True: {call}");
    let (mut program, mut tracer) = (Program::python(&text), Tracer::default());
    assert_eq!(program.line(), "ready\n");
    let begin = |tracer| CallTrace::begin(program.process(), &program.thread(), None, tracer);
    let mut trace = begin(&mut tracer).unwrap();
    while trace.sample.calls.len() < 200 {
        trace.look(&program.thread(), &mut tracer);
    }
    let is_loop = trace.is_loop();
    trace.end(&mut tracer);
    is_loop
}

/// AddressSanitizer asks this before each line of its report, and then ends the program.
#[test]
fn a_program_that_asks_if_its_output_is_a_terminal_is_about_to_print() {
    assert!(!is_loop_of("os.isatty(1)"));
    assert!(!is_loop_of("os.isatty(2)"));
    assert!(is_loop_of("os.isatty(0)"));
}

#[test]
fn signals_reach_a_program_that_is_being_traced() {
    let mut program = Program::python(
        "import os, signal\ndef hear(*_): os.write(1, b'heard\\n')\n\
         for number in (signal.SIGUSR1, signal.SIGRTMIN):\n    signal.signal(number, hear)\n\
         print('ready', flush=True)\nwhile True: os.getppid()",
    );
    let mut output = BufReader::new(program.0.stdout.take().unwrap()).lines();
    assert_eq!(output.next().unwrap().unwrap(), "ready");
    let mut tracer = Tracer::default();
    for round in 0..200 {
        let number = if round % 2 == 0 { libc::SIGUSR1 } else { libc::SIGRTMIN() };
        program.trace(&mut tracer);
        // SAFETY: a signal to a child of this process.
        assert_eq!(unsafe { libc::kill(program.0.id() as i32, number) }, 0);
        program.trace(&mut tracer);
        while !tracer.has_detached_all() {
            tracer.retry_detach();
        }
        assert_eq!(output.next().unwrap().unwrap(), "heard");
    }
}

#[test]
fn a_program_that_is_killed_while_it_is_traced_is_reaped() {
    for _ in 0..20 {
        let mut program = Program::run("sh", &["-c", "while :; do :; done"]);
        let mut tracer = Tracer::default();
        let pid = program.process().pid;
        let traced = tracer.seize(pid);
        kill(Pid::from_raw(pid), Signal::SIGKILL).unwrap();
        if let Some(traced) = traced {
            tracer.detach(traced);
        }
        while !tracer.has_detached_all() {
            tracer.retry_detach();
        }
        // The tracer is also the parent of the program, and has already reaped it.
        assert!(program.0.wait().is_err());
    }
}

#[test]
fn a_stopped_program_is_still_stopped_after_tracing() {
    let program = Program::run("sh", &["-c", "while :; do :; done"]);
    let pid = Pid::from_raw(program.process().pid);
    kill(pid, Signal::SIGSTOP).unwrap();
    let state = || {
        let process = procfs::process::Process::new(pid.as_raw()).unwrap();
        process.stat().unwrap().state().unwrap()
    };
    let wait_stopped = || {
        while state() != procfs::process::ProcState::Stopped {
            std::thread::yield_now();
        }
    };
    wait_stopped();
    let mut tracer = Tracer::default();
    program.trace(&mut tracer);
    while !tracer.has_detached_all() {
        tracer.retry_detach();
    }
    wait_stopped();
}
