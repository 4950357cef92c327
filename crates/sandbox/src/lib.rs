//! Runs an untrusted program with limits, isolated from this machine.
//!
//! [`Command`] describes the program. [`Command::run`] runs the program to its end and returns its
//! output and files ([`Finished`]). [`Command::spawn`] starts the program and returns the running
//! [`Sandbox`]. Dropping the `Sandbox` kills every process that the program has started. The
//! processes of a `Finished` program have already been killed.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let policy = sandbox::SandboxPolicy::default();
//! let finished = sandbox::Command::new("id").sandboxed(policy).run()?;
//! println!("the program {}: {}", finished.exit, String::from_utf8_lossy(&finished.output));
//! # Ok(()) }
//! ```
//!
//! # Isolation levels
//!
//! - [`IsolationLevel::Namespaces`]: the program has its own network, process ids and mounts. Every
//!   port is free, and no process outlives the sandbox. This level needs root, or a system that
//!   permits user namespaces (user_namespaces(7)).
//! - [`IsolationLevel::OtherUser`]: the program has its own user id, and uses this machine's
//!   network. This level needs root.
//! - [`IsolationLevel::Landlock`]: the program is a child process, and uses this machine's network.
//!   Landlock prevents the program from signalling other processes (landlock(7)). This level needs
//!   Linux 6.12.
//! - [`IsolationLevel::None`]: the program is a child process, and uses this machine's network.
//!   This level needs nothing.
//!
//! Without namespaces, the sandbox's first process is a subreaper and kills the processes that the
//! program has started (prctl(2), PR_SET_CHILD_SUBREAPER). On every level, a program without a
//! policy sees all files of this machine. A [`SandboxPolicy`] restricts the files that an untrusted
//! program can use. [`IsolationLevel::refusal`] returns why this machine refuses a level, and how
//! to fix the cause.
//!
//! # What is limited, and what is not
//!
//! | resource | limited by |
//! |---|---|
//! | memory that a process has mapped | the control group, or a sum every 20 ms |
//! | shared anonymous mappings | the control group, or their size once it exceeds the limit |
//! | memory that no process has mapped | memfd_create, System V IPC and message queues are refused; `/tmp` and the program's folder have a size |
//! | buffers of TCP sockets | a sum every 20 ms; on the levels `Landlock` and `None` they are not counted |
//! | buffers of AF_UNIX sockets, epoll registrations | the control group only |
//! | descriptors in messages | the program's descriptor limit, which is lower than that of the sandbox's first process |
//! | signals and timers that wait | RLIMIT_SIGPENDING |
//! | processor time | RLIMIT_CPU for each process; an equal share for each run with a control group of the controller `cpu` |
//! | connections to this machine | the network namespace, or Landlock together with a filter that leaves TCP sockets and connected pairs |
//!
//! [`IsolationLevel::unbounded`] returns what a level cannot limit on this machine, as sentences for
//! a person. [`SandboxPolicy::hidden`] hides programs of the machine, and [`is_always_visible`] says
//! whether a file would be visible to every program.
//!
//! # Examples to run
//!
//! - `cargo run -p sandbox --example run_untrusted -- COMMAND…` runs a command with limits, and
//!   prints how the command ended and what the command wrote.
//! - `cargo run -p sandbox --example isolation_levels` prints which levels this machine permits,
//!   and why the machine refuses the others.
//!
//! # What can be read about a process
//!
//! [`Process`] reads `/proc`: threads, descriptors, children, memory. To read this information
//! about another process, this process needs CAP_SYS_PTRACE, or the same user as the other process.
//! With the same user, the other process must be dumpable (prctl(2), PR_SET_DUMPABLE). If root does
//! not have that capability, as in a container, this crate takes on the program's user id for the
//! read (setfsuid(2)). Information that cannot be read is reported as [`Unobservable`].
//!
//! If this process may create a control group, the control group limits memory and processes
//! (cgroups(7)). Otherwise a watchdog thread limits memory. [`Limits::memory_accounting`] returns
//! which of the two limits memory on this machine. This crate supports only Linux, on x86-64 and
//! aarch64.

mod bpf;
mod cgroup;
mod command;
mod control;
mod descriptor_limit;
mod error;
mod exit;
mod finished;
mod init;
mod isolation;
mod isolation_probe;
mod landlock;
mod leased_uid;
mod mount_tree;
mod notify;
mod policy;
mod process;
mod root_layout;
mod run_name;
mod run_resources;
mod running;
mod sandbox_user;
mod scratch_dir;
mod seccomp;
mod starvation;
mod syscalls;
mod system;
mod unobservable;
mod watchdog;

pub use command::Command;
pub use control::{BATCH, Message};
pub use error::LaunchError;
pub use exit::{Exit, SignalNumber};
pub use finished::Finished;
pub use isolation::{IsolationLevel, UnknownIsolation};
pub use notify::NotifiedCalls;
pub use policy::{LimitKind, Limits, SandboxPolicy};
pub use process::owner::as_tracer;
pub use process::{Descriptor, Process, SignalDisposition, Target, Thread, own_run_delay};
pub use root_layout::is_always_visible;
pub use running::Sandbox;
pub use starvation::{CpuLoad, CpuStarvation};
pub use syscalls::Call;
pub use unobservable::Unobservable;

pub use nix::errno::Errno;
