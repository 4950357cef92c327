//! Traces every system call of a program, from its start to its end (ptrace(2)).
//!
//! The first process of the sandbox is traced only until it has cloned the program's process. The
//! kernel then traces that process, its threads and its children as well (PTRACE_O_TRACEFORK and
//! others). Each of them stops at the begin and at the end of each call, and is resumed as soon as
//! the stop is recorded.

use super::call_record::BegunCall;
use super::{Event, Recorder};
use crate::syscall_sample::{SyscallStop, syscall_stop_of};
use nix::errno::Errno;
use nix::sys::ptrace::{self, Options};
use nix::unistd::Pid;
use sandbox::{Process, as_tracer};
use std::collections::HashMap;
use std::io;
use std::ptr;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

/// Begins to trace in a thread of its own. Returns when the process `init` is traced.
pub(super) fn begin(recorder: Recorder, init: i32) -> io::Result<JoinHandle<()>> {
    let (sender, begun) = mpsc::channel();
    let tracing = thread::spawn(move || {
        let options = Options::PTRACE_O_TRACESYSGOOD
            | Options::PTRACE_O_TRACEFORK
            | Options::PTRACE_O_TRACEVFORK
            | Options::PTRACE_O_TRACECLONE
            | Options::PTRACE_O_TRACEEXEC;
        let seized = as_tracer(init, || ptrace::seize(Pid::from_raw(init), options));
        let is_traced = seized.is_ok();
        // The receiver waits for this message.
        let _ = sender.send(seized);
        if is_traced {
            Tracing { recorder, init, threads: HashMap::new() }.run();
        }
    });
    match begun.recv() {
        Ok(seized) => seized.map(|()| tracing).map_err(io::Error::from),
        Err(_) => Err(io::Error::other("the thread that traces has ended")),
    }
}

struct Tracing {
    recorder: Recorder,
    init: i32,
    threads: HashMap<i32, TracedThread>,
}

/// A thread of the program.
#[derive(Debug)]
struct TracedThread {
    process: Process,
    /// Whether the thread executes the program. Before, it prepares the sandbox.
    is_program: bool,
    /// Whether the thread is stopped until the call is known that has created it.
    waits: bool,
    begun: Option<BegunCall>,
}

/// How a stopped thread goes on.
enum Next {
    /// Until its next system call, with a signal that is delivered, or 0.
    ToCall(i32),
    /// Until a signal or an event, with a signal that is delivered, or 0.
    Run(i32),
    /// It stays stopped, as SIGSTOP demands, until SIGCONT.
    StayStopped,
    /// It stays stopped until the call is known that has created it.
    Wait,
    /// It is not traced any more.
    Detach(i32),
}

impl Tracing {
    /// Records until no thread is traced any more.
    fn run(mut self) {
        loop {
            let mut status = 0;
            // SAFETY: `status` is a local variable. __WNOTHREAD limits the call to the threads that
            // this thread traces.
            let tid = unsafe { libc::waitpid(-1, &mut status, libc::__WALL | libc::__WNOTHREAD) };
            match tid {
                -1 if Errno::last() == Errno::EINTR => {}
                -1 => return,
                tid if libc::WIFSTOPPED(status) => {
                    let next = self.stopped(tid, status);
                    self.recorder.set_stopped(tid, matches!(next, Next::StayStopped));
                    go_on(tid, next);
                }
                tid => self.ended(tid, status),
            }
        }
    }

    fn stopped(&mut self, tid: i32, status: i32) -> Next {
        let (signal, event) = (libc::WSTOPSIG(status), status >> 16);
        match event {
            libc::PTRACE_EVENT_FORK | libc::PTRACE_EVENT_VFORK | libc::PTRACE_EVENT_CLONE => {
                self.has_cloned(tid, event != libc::PTRACE_EVENT_CLONE)
            }
            libc::PTRACE_EVENT_EXEC => {
                let thread = self.thread(tid);
                if !std::mem::replace(&mut thread.is_program, true) {
                    let process = thread.process;
                    self.recorder.add(Event::Started(process));
                }
                self.next(tid, 0)
            }
            libc::PTRACE_EVENT_STOP if is_stop_signal(signal) => Next::StayStopped,
            libc::PTRACE_EVENT_STOP if tid != self.init && !self.threads.contains_key(&tid) => {
                self.thread(tid).waits = true;
                Next::Wait
            }
            0 if signal == libc::SIGTRAP | 0x80 => {
                self.at_call(tid);
                self.next(tid, 0)
            }
            0 => {
                self.recorder.add(Event::Delivered { tid, signal });
                self.next(tid, signal)
            }
            _ => self.next(tid, 0),
        }
    }

    /// A thread has cloned itself. The first process of the sandbox has cloned the program.
    fn has_cloned(&mut self, tid: i32, is_process: bool) -> Next {
        let Ok(child) = ptrace::getevent(Pid::from_raw(tid)) else { return self.next(tid, 0) };
        let child = child as i32;
        let is_program = tid != self.init;
        let process = match is_process || !is_program {
            true => Process { pid: child },
            false => self.thread(tid).process,
        };
        let thread = self.thread(child);
        (thread.process, thread.is_program) = (process, is_program);
        if std::mem::take(&mut thread.waits) {
            go_on(child, self.next(child, 0));
        }
        if !is_program {
            return Next::Detach(0);
        }
        self.recorder.add(Event::Began { parent: tid, tid: child, is_process });
        self.next(tid, 0)
    }

    /// A thread is at the begin or at the end of a system call.
    fn at_call(&mut self, tid: i32) {
        let Some(stop) = syscall_stop_of(tid) else { return };
        let thread = self.thread(tid);
        let process = thread.process;
        match stop {
            SyscallStop::Entry(call) => thread.begun = Some(BegunCall::new(process, call)),
            SyscallStop::Exit(result) => {
                // The end of the execve that has started the program has no begin.
                if let Some(begun) = thread.begun.take() {
                    let record = begun.record(process, tid, Some(result));
                    self.recorder.add(Event::Call(record));
                }
            }
        }
    }

    fn ended(&mut self, tid: i32, status: i32) {
        self.recorder.set_stopped(tid, false);
        let Some(thread) = self.threads.remove(&tid) else { return };
        if let Some(begun) = thread.begun {
            self.recorder.add(Event::Call(begun.record(thread.process, tid, None)));
        }
        self.recorder.add(Event::Ended { tid, status });
    }

    /// How a thread goes on that was stopped for the recording. `signal` is delivered to it.
    fn next(&mut self, tid: i32, signal: i32) -> Next {
        if tid == self.init || !self.thread(tid).is_program {
            return Next::Run(signal);
        }
        match self.recorder.is_full() {
            true => {
                self.threads.remove(&tid);
                Next::Detach(signal)
            }
            false => Next::ToCall(signal),
        }
    }

    /// A thread. The kernel may report the first stop of a new thread before the call that has
    /// created it.
    fn thread(&mut self, tid: i32) -> &mut TracedThread {
        self.threads.entry(tid).or_insert_with(|| TracedThread {
            process: Process { pid: tid },
            is_program: false,
            waits: false,
            begun: None,
        })
    }
}

/// Whether the signal stops a process (signal(7)).
fn is_stop_signal(signal: i32) -> bool {
    matches!(signal, libc::SIGSTOP | libc::SIGTSTP | libc::SIGTTIN | libc::SIGTTOU)
}

/// Resumes a stopped thread, or detaches from it. A thread that was killed meanwhile is reported as
/// ended by the next wait.
fn go_on(tid: i32, next: Next) {
    let (request, signal) = match next {
        Next::ToCall(signal) => (libc::PTRACE_SYSCALL, signal),
        Next::Run(signal) => (libc::PTRACE_CONT, signal),
        Next::StayStopped => (libc::PTRACE_LISTEN, 0),
        Next::Wait => return,
        Next::Detach(signal) => (libc::PTRACE_DETACH, signal),
    };
    let nothing = ptr::null_mut::<libc::c_void>();
    // SAFETY: these requests take numbers, and access no memory of this process.
    unsafe { libc::ptrace(request, tid, nothing, libc::c_long::from(signal)) };
}
