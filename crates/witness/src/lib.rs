//! Launches a network server and asks the kernel what it does.
//!
//! A server's log says what its author believes. This crate asks the kernel instead: which
//! descriptor is connected to which client, what `poll` or epoll is watching right now, whether a thread
//! sleeps or spins, and whether anything is left for the server to do. Nothing is slept through and
//! no connection is made to find out: a wrong server is told so as fast as a right one.
//!
//! # A stranger's server in ten lines
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
//! println!("it asks poll for {:?} and holds {:?}", server.watched()?, server.descriptors()?);
//! # Ok(()) }
//! ```
//!
//! [`Launch`] starts a program; [`Server`] is the running program, and dropping it ends all that
//! the program has started; [`Client`] is a peer that the observer plays; [`FaultInjector`] makes system
//! calls fail on order; [`WaitError`] says why a fact will not come true. [`Server::stop`] holds a
//! server while its clients do something; [`Server::restart`] runs the program once more in the
//! same network, with [`Server::occupy_port`] on a port that another program has.
//!
//! # Quiet
//!
//! A server is *quiet* when it will do nothing more by itself:
//! - every thread of every process is asleep in a system call that only an event ends (or is a
//!   zombie, or stopped by a signal). A nap is no such call, unless it is for 30 s or more: that is
//!   for ever. A time-out of a second or more counts as an event's; a server that wakes more often
//!   is quiet when it has woken twice and gone back to sleep;
//! - all that the clients have sent, a FIN or RST included, has reached its sockets, or waits on
//!   the client's side because the server's buffer is full. Arrival is what wakes a thread, so
//!   whoever sleeps now does not mean to look at it;
//! - all that it has sent has reached the clients that take it in: an answer's last bytes may leave
//!   long after the server has written them (tcp(7), TCP_NODELAY);
//! - it was so 3 ms before too, with no thread put on a processor in between.
//!
//! What has not been logged or closed by then never will be: [`Server::wait_for`] gives up. A server
//! that is not quiet is waited for up to [`Launch::timeout`], or until its system calls show that
//! it goes round and round.
//!
//! # Tiers
//!
//! - [`IsolationLevel::Namespaces`]: a network, process ids and mounts of its own. Any port is free, and nothing
//!   outlives the box. Needs root, or that user namespaces are permitted (user_namespaces(7)).
//! - [`IsolationLevel::OtherUser`]: a user of its own, on this machine's network. Needs root.
//! - [`IsolationLevel::Landlock`]: a child on this machine's network whose signals stay among its own
//!   processes (landlock(7)). Needs Linux 6.12.
//! - [`IsolationLevel::None`]: a child on this machine's network. Needs nothing.
//!
//! Without a box, a subreaper ends what the program has started (prctl(2)). One's own program keeps
//! its owner's files on every tier; [`Launch::confined`] takes them away from a program that nobody
//! vouches for. [`IsolationLevel::refusal`] says why a tier is not possible here, and what to do about it.
//!
//! # What needs which permission
//!
//! - Sockets and unread bytes: nothing. They are asked of sock_diag(7), or where that is refused of
//!   `/proc/PID/net`: a look then takes milliseconds, and arrival is known by the acknowledgement,
//!   up to 40 ms later.
//! - Descriptors, calls, the `pollfd` array, the interest list: from `/proc/PID`, which takes a
//!   program that runs as the observer's user and has not called prctl(2) with PR_SET_DUMPABLE; or
//!   CAP_SYS_PTRACE. Root without that, as in a container, borrows the program's ids for the look
//!   (setfsuid(2)).
//! - A [`FaultInjector`]: seccomp_unotify(2), Linux 5.5 and no profile that refuses it
//!   ([`LaunchError::NoFaultInjection`]).
//! - Memory and processes of a confined program: a control group (cgroups(7)), or the observer's
//!   own count of them, [`Limits::memory_accounting`].
//! - A [`SyscallSample`]: ptrace(2), so the same as for descriptors, and that nobody else traces the
//!   program. Without it, a spinning server runs out of time instead.
//!
//! What cannot be seen is [`Unobservable`], which is never the server's fault. Linux only, on x86-64 and
//! aarch64. One thread does the waiting on a [`Server`]: ptrace(2) ties a glimpse to the thread
//! that takes it.

mod client;
mod epoll_entry;
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
