//! The criteria that several lessons share. They depend on the kernel alone.
//!
//! These criteria ask nothing of the log, so that a server without a log can be checked as well.
//! The server has accepted a client when the kernel shows a descriptor for it, and has released the
//! client when the kernel shows none.

pub(crate) mod departure;
pub(crate) mod descriptors;
pub(crate) mod diagnosis;
pub(crate) mod fd_leaks;
mod idle;
pub(crate) mod starting;
mod threads;
mod wait_call;
pub(crate) mod watch_entries;

pub(crate) use fd_leaks::no_fd_leak;
pub(crate) use idle::idle;
pub(crate) use threads::one_thread;
pub(crate) use wait_call::WaitCall;
