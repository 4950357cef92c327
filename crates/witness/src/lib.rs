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
//! server.until_listening(7000)?;
//! let client = server.connect()?;
//! let fd = server.until(|now| now.descriptor_of(&client))?;
//! println!("the kernel connects descriptor {fd} to {}", client.address());
//! client.close();
//! let calls = server.until_quiet()?;
//! println!("the client has left; the server is asleep in {}", calls[0].name());
//! println!("it asks poll for {:?} and holds {:?}", server.watched()?, server.descriptors()?);
//! # Ok(()) }
//! ```
//!
//! [`Launch`] starts a program; [`Server`] is the running program, and dropping it ends all that
//! the program has started; [`Client`] is a peer that the observer plays; [`Gate`] makes system
//! calls fail on order; [`Stuck`] says why a fact will not come true. [`Server::stop`] holds a
//! server while its clients do something; [`Server::start_again`] runs the program once more in the
//! same network, with [`Server::hold_port`] on a port that another program has.
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
//! What has not been logged or closed by then never will be: [`Server::until`] gives up. A server
//! that is not quiet is waited for up to [`Launch::timeout`], or until its system calls show that
//! it goes round and round.
//!
//! # Tiers
//!
//! - [`Tier::Strong`]: a network, process ids and mounts of its own. Any port is free, and nothing
//!   outlives the box. Needs root, or that user namespaces are permitted (user_namespaces(7)).
//! - [`Tier::UidDrop`]: a user of its own, on this machine's network. Needs root.
//! - [`Tier::Landlock`]: a child on this machine's network whose signals stay among its own
//!   processes (landlock(7)). Needs Linux 6.12.
//! - [`Tier::Plain`]: a child on this machine's network. Needs nothing.
//!
//! Without a box, a subreaper ends what the program has started (prctl(2)). One's own program keeps
//! its owner's files on every tier; [`Launch::confined`] takes them away from a program that nobody
//! vouches for. [`Tier::refusal`] says why a tier is not possible here, and what to do about it.
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
//! - A [`Gate`]: seccomp_unotify(2), Linux 5.5 and no profile that refuses it
//!   ([`LaunchError::NoGate`]).
//! - Memory and processes of a confined program: a control group (cgroups(7)), or the observer's
//!   own count of them, [`Limits::kept_by`].
//! - A [`Strobe`]: ptrace(2), so the same as for descriptors, and that nobody else traces the
//!   program. Without it, a spinning server runs out of time instead.
//!
//! What cannot be seen is [`Unseen`], which is never the server's fault. Linux only, on x86-64 and
//! aarch64. One thread does the waiting on a [`Server`]: ptrace(2) ties a glimpse to the thread
//! that takes it.

mod client;
mod exit;
mod filter;
mod finish;
mod gate;
mod interest;
mod launch;
mod limit;
mod log;
mod probe;
mod process;
mod prompt;
mod ready;
mod repute;
mod sandbox;
mod server;
mod sleep;
mod sockets;
mod starved;
mod strobe;
mod stuck;
mod syscalls;
mod unseen;
mod watched;

pub use client::{Client, End};
pub use exit::Exit;
pub use finish::Finished;
pub use gate::Gate;
pub use interest::Interest;
pub use launch::Launch;
pub use log::Line;
pub use process::{Descriptor, Process, Target, Thread};
pub use prompt::be_prompt;
pub use repute::Repute;
pub use sandbox::confine::{Confinement, Limit, Limits};
pub use sandbox::error::LaunchError;
pub use sandbox::tier::{NoSuchTier, Tier};
pub use server::Server;
pub use sockets::{Socket, State};
pub use strobe::Strobe;
pub use stuck::Stuck;
pub use syscalls::Call;
pub use unseen::Unseen;
pub use watched::Watched;
