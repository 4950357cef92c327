//! Starts a network server and asks the kernel what it does.
//!
//! A server's log says what its author believes. This crate asks the kernel instead: which
//! descriptor is connected to which client, what `poll` or epoll is watching at this moment,
//! whether a thread sleeps or repeats the same calls, and whether anything is left for the server to
//! do. Nothing waits for a fixed time, and no probe connection is made.
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
//! println!("it asks poll for {:?} and holds {:?}", server.poll_entries()?, server.descriptors()?);
//! # Ok(()) }
//! ```
//!
//! [`Launch`] starts a program in a [`sandbox`]; [`Server`] is the running program, and dropping it
//! ends everything that the program has started; [`Client`] is a client that the observer controls;
//! a [`FaultInjector`] makes chosen system calls fail; [`WaitError`] says why a fact will not come
//! true. [`Server::pause`] stops a server while its clients do something; [`Server::restart`] runs
//! the program once more in the same network, and [`Server::occupy_port`] listens on a port there as
//! another program would.
//!
//! Two examples can be run on any server that listens on the port in the environment variable PORT:
//! - `cargo run -p witness --example watch_poll -- ./server` connects two clients, and prints the
//!   server's descriptors, its sockets, and what poll or epoll watches.
//! - `cargo run -p witness --example fail_accept -- ./server` makes accept fail with EMFILE once,
//!   and prints whether the client is served afterwards.
//!
//! # Idle
//!
//! A server is *idle* when it will do nothing more by itself:
//! - Every thread of every process sleeps in a system call that only an event ends, or has ended, or
//!   is stopped by a signal. A sleep of 30 s or more counts as endless, and a wait with a time-out
//!   of 1 s or more counts as a wait for an event. A server that wakes more often is idle when it
//!   has woken twice and gone back to sleep.
//! - Everything that the clients have sent, a FIN or RST included, has reached its sockets, or waits
//!   on the client's side because the server's buffer is full. A delivery wakes the thread that
//!   waits for it, so a thread that sleeps afterwards was not waiting for it.
//! - Everything that the server has sent has reached the clients that read: the last bytes of an
//!   answer may leave long after the server has written them (tcp(7), TCP_NODELAY).
//! - All of this was true 3 ms before as well, and no thread was put on a processor in between.
//!
//! What an idle server has not logged or closed, it never will, so [`Server::wait_for`] gives up.
//! For a server that is not idle, it gives up after [`Launch::timeout`], or when a sample of the
//! server's system calls shows that the server repeats the same calls.
//!
//! # Permissions
//!
//! - Sockets and unread bytes need no permission. They are read with sock_diag(7). Where that is
//!   refused, `/proc/PID/net` is read: each read then takes milliseconds, and a delivery is known
//!   only by its acknowledgement, up to 40 ms later.
//! - Descriptors, calls, the `pollfd` array and the interest list come from `/proc/PID`; see
//!   [`sandbox`] for what that needs.
//! - A [`FaultInjector`] needs seccomp_unotify(2), Linux 5.5, and no seccomp profile that refuses it
//!   ([`LaunchError::NoFaultInjection`]).
//! - A [`SyscallSample`] needs ptrace(2), which needs the same permissions as descriptors, and a
//!   program that no other process traces. Without a sample, the wait for a server that never
//!   sleeps ends with the time-out.
//!
//! What cannot be observed is reported as [`Unobservable`], which says nothing about the server.
//! Linux only, on x86-64 and aarch64. Only one thread may wait on a [`Server`], because ptrace(2) ties a traced
//! thread to the thread that traces it.

mod client;
mod epoll_entry;
mod event_names;
mod fault_injector;
mod launch;
mod log;
mod poll_entry;
mod ready;
mod run_history;
mod server;
mod sleep;
mod sockets;
mod syscall_sample;
mod time_slice;
mod wait_error;

pub use client::{Client, ServerClose};
pub use epoll_entry::EpollEntry;
pub use fault_injector::FaultInjector;
pub use launch::Launch;
pub use log::Line;
pub use poll_entry::PollEntry;
pub use run_history::RunHistory;
pub use server::Server;
pub use sockets::{Socket, State};
pub use syscall_sample::SyscallSample;
pub use time_slice::shorten_time_slice;
pub use wait_error::WaitError;

pub use nix::errno::Errno;
pub use nix::sys::signal::Signal;
pub use sandbox::{
    Call, Descriptor, Exit, IsolationLevel, LaunchError, LimitKind, Limits, Process, SandboxPolicy,
    SignalNumber, Target, Thread, UnknownIsolation, Unobservable,
};
