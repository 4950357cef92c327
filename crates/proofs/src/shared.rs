//! The criteria that several lessons share. These criteria use only what the kernel shows.
//!
//! These criteria do not require a log. Therefore a server without a log can be checked, too. A
//! server has accepted a client if the kernel shows a descriptor of the server that is connected to
//! the client. The server has released the client if the kernel shows no such descriptor any more.

pub(crate) mod departure;
pub(crate) mod descriptors;
pub(crate) mod diagnosis;
pub(crate) mod fd_leaks;
mod idle;
pub(crate) mod starting;
mod threads;
pub(crate) mod wait_call;
pub(crate) mod watch_entries;

pub(crate) use fd_leaks::no_fd_leak;
pub(crate) use idle::idle;
pub(crate) use threads::one_thread;
pub(crate) use wait_call::WaitCall;
