//! Runs an untrusted program apart from this machine, within limits.
//!
//! [`Command`] names the program. [`Command::run`] runs the program to its end and returns what it
//! has left ([`Finished`]); [`Command::spawn`] starts the program and returns the running
//! [`Sandbox`]. Dropping either value ends every process that the program has started.
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
//! - [`IsolationLevel::Namespaces`]: a network, process ids and mounts of its own. Any port is
//!   free, and no process outlives the sandbox. Needs root, or a system that permits user
//!   namespaces (user_namespaces(7)).
//! - [`IsolationLevel::OtherUser`]: a user id of its own, on this machine's network. Needs root.
//! - [`IsolationLevel::Landlock`]: a child process on this machine's network that Landlock keeps
//!   from signalling other processes (landlock(7)). Needs Linux 6.12.
//! - [`IsolationLevel::None`]: a child process on this machine's network. Needs nothing.
//!
//! Without namespaces, a subreaper ends the processes that the program has started (prctl(2),
//! PR_SET_CHILD_SUBREAPER). A program without a policy sees all files of this machine, on every
//! level. A [`SandboxPolicy`] restricts the files that an untrusted program can use.
//! [`IsolationLevel::refusal`] says why a level is not possible here, and what to do about it.
//!
//! # Examples to run
//!
//! - `cargo run -p sandbox --example run_untrusted -- COMMAND…` runs a command within limits, and
//!   prints how the command ended and what it wrote.
//! - `cargo run -p sandbox --example isolation_levels` prints which levels this machine permits,
//!   and why it refuses the others.
//!
//! # What can be read of a process
//!
//! [`Process`] reads `/proc`: threads, descriptors, children, memory. Reading another process
//! needs the same user and a program that has not called prctl(2) with PR_SET_DUMPABLE, or
//! CAP_SYS_PTRACE. Root without that capability, as in a container, borrows the program's user id
//! for the read (setfsuid(2)). What cannot be read is reported as [`Unobservable`].
//!
//! A control group enforces the limits of memory and processes, where this process may make one
//! (cgroups(7)); otherwise a watchdog thread does. [`Limits::memory_accounting`] says which of both.
//! Linux only, on x86-64 and aarch64.

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
pub use process::{Descriptor, Process, Target, Thread};
pub use running::Sandbox;
pub use starvation::{CpuLoad, CpuStarvation};
pub use syscalls::Call;
pub use unobservable::Unobservable;

pub use nix::errno::Errno;
