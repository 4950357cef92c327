//! Starts a network server and observes through the kernel what the server does.
//!
//! A server's log can be wrong, because it shows only what the server's code assumes. This crate
//! asks the kernel instead: which descriptor is connected to which client, which descriptors are
//! registered with `poll` or epoll, whether a thread sleeps or repeats the same calls, and whether
//! the server still has something to do. No function waits for a fixed time, and no probe
//! connection is made.
//!
//! # An example
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut server = witness::Launch::new("./server").env("PORT", "7000").start()?;
//! server.wait_listening(7000)?;
//! let client = server.connect()?;
//! let fd = server.wait_for(|now| now.descriptor_of(&client))?;
//! println!("the kernel connects descriptor {fd} to {}", client.address());
//! client.close();
//! let calls = server.wait_idle()?;
//! println!("the client has left; the server is asleep in {}", calls[0].name());
//! println!("poll {:?}, descriptors {:?}", server.poll_entries()?, server.descriptors()?);
//! # Ok(()) }
//! ```
//!
//! [`Launch`] starts a program in a [`sandbox`]. [`Server`] is the running program; dropping the
//! `Server` kills all processes that the program has started. [`Client`] is a client that the
//! observer controls. A [`FaultInjector`] makes selected system calls fail. [`WaitError`] says why
//! a wait ended before its condition was true. [`Server::pause`] stops a server while its clients
//! do something. [`Server::restart`] starts the program again in the same network.
//! [`Server::occupy_port`] listens on a port in the server's network, as if another program were
//! using the port. [`Server::exhaust_descriptors`] makes a running server get a real EMFILE.
//! [`Server::interrupt`] interrupts its system calls. [`Server::trace_failure`] shows whether a signal
//! handler changes the errno of a call. [`Server::wait_ended`] waits for its end.
//!
//! Two examples can be run on any server that listens on the port in the environment variable PORT:
//! - `cargo run -p witness --example watch_poll -- ./server` connects two clients, and prints the
//!   server's descriptors, its sockets, and the descriptors that are registered with poll or epoll.
//! - `cargo run -p witness --example fail_accept -- ./server` makes accept fail with EMFILE once,
//!   and prints whether the server accepts the client afterwards.
//!
//! # Idle
//!
//! A server is *idle* when it will do nothing more by itself. All of these conditions must be true:
//! - Every thread of every process has ended, is stopped by a signal, sleeps in a system call that
//!   only an event can end, or *naps*. A sleep of 30 s or more counts as endless, and so does a wait
//!   for descriptors with a time-out of 2.5 s or more.
//! - A thread naps if a clock wakes it again and again, and it does nothing then: since the last
//!   visible change it has gone round three times (twice, if its sleep lasts a second or more), each
//!   time with the same calls on the same descriptors with the same results. If an earlier wait has
//!   seen that it naps in this way, one round is sufficient. A helper thread, such as the ticker of
//!   a runtime, need not go round at all, once it has slept while something visible happened
//!   ([`RunHistory`]).
//! - Everything that the clients have sent, including FIN and RST, has arrived at the server's
//!   sockets, or remains in a client's send buffer because the server's receive buffer is full.
//!   When data arrives, the kernel wakes the thread that waits for it. A thread that still sleeps
//!   afterwards therefore waits for something else.
//! - Everything that the server has sent has arrived at the clients that read. The kernel may send
//!   the last bytes of an answer long after the server has written them (tcp(7), TCP_NODELAY).
//! - Every timer that the server has set (timerfd_create(2)), and that expires within 2.5 s, has
//!   expired once since the last visible change.
//! - All these conditions were also true 3 ms before, and no thread was scheduled in between, except
//!   threads that nap.
//!
//! An idle server will log or close nothing more by itself, so [`Server::wait_for`] returns an
//! error immediately. For a server that is not idle, `wait_for` returns an error after
//! [`Launch::timeout`], or when the server is in a busy loop: a thread repeats the same calls and
//! moves no bytes, or uses its processor time without a system call. The latter is a busy loop as
//! soon as the contents of the thread's registers repeat, after 1 s at the same few instructions, and
//! after 2 s anywhere. Calls that only change the memory of the process do not count as calls.
//!
//! [`Server::wait_ended`] waits for the end of a server, which may sleep or nap meanwhile.
//!
//! # Permissions
//!
//! - Sockets and unread bytes are read with sock_diag(7), which needs no permission. If the kernel
//!   or the container refuses sock_diag(7), `/proc/PID/net` is read instead. Each read of these
//!   files takes milliseconds. The files do not show how many bytes have arrived, so the
//!   acknowledgement is used, which may come 40 ms later.
//! - Descriptors, calls, the `pollfd` array and the interest list are read from `/proc/PID`. The
//!   documentation of [`sandbox`] describes the necessary permissions.
//! - A [`FaultInjector`] needs seccomp_unotify(2) of Linux 5.5 or later. A container's seccomp
//!   profile may refuse it ([`LaunchError::NoFaultInjection`]).
//! - A [`SyscallSample`] needs ptrace(2). ptrace(2) needs the same permissions as reading
//!   descriptors, and no other process may trace the program. Without ptrace(2), the wait for a
//!   server in a busy loop ends with the time-out, and the rounds of a server that naps are counted
//!   by its context switches.
//! - [`Server::exhaust_descriptors`] needs prlimit(2), for which this process must have the same
//!   users as the program, or CAP_SYS_RESOURCE in the program's user namespace.
//!
//! If something cannot be observed, the error is [`Unobservable`]. This error does not show an
//! error in the server. Only one thread may wait for a [`Server`], because ptrace(2) allows only
//! the thread that has attached to a traced thread to control it. This crate supports only Linux,
//! on x86-64 and aarch64.

mod call_trace;
mod client;
mod epoll_entry;
mod event_names;
mod fault_injector;
mod input;
mod launch;
mod listener;
mod live;
mod log;
mod poll_entry;
mod probe;
mod ready;
mod recording;
mod repetition;
mod run_history;
mod server;
mod server_close;
mod sleep;
mod sockets;
mod syscall_sample;
mod time_slice;
mod wait_error;
mod wait_limits;

pub use client::Client;
pub use epoll_entry::EpollEntry;
pub use fault_injector::{FaultInjector, StoppedCall};
pub use input::Input;
pub use launch::Launch;
pub use listener::Buffers;
pub use live::{LiveServer, Output};
pub use log::Line;
pub use poll_entry::PollEntry;
pub use probe::{Ability, abilities};
pub use recording::{CallRecord, ClientAct, Event, Moment, RecordedClient, Recorder};
pub use run_history::RunHistory;
pub use server::{Activity, Server};
pub use server_close::ServerClose;
pub use sockets::{Socket, State};
pub use syscall_sample::SyscallSample;
pub use time_slice::shorten_time_slice;
pub use wait_error::WaitError;

pub use nix::errno::Errno;
pub use nix::sys::signal::Signal;
pub use sandbox::{
    Call, Descriptor, Exit, IsolationLevel, LaunchError, LimitKind, Limits, Process, SandboxPolicy,
    SignalDisposition, SignalNumber, Target, Thread, UnknownIsolation, Unobservable, own_run_delay,
};
