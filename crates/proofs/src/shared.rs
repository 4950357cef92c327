//! What servers of every lesson have in common: criteria that rest on the kernel alone.
//!
//! They ask nothing of the log, so that a server which keeps none can be asked as well: a client
//! is in when the kernel shows a descriptor for it, and gone when there is none.

pub(crate) mod departure;
pub(crate) mod descriptors;
pub(crate) mod diagnosis;
mod fd_leaks;
mod idle;
pub(crate) mod starting;
mod threads;
mod wait_call;
pub(crate) mod watch_entries;

pub(crate) use fd_leaks::no_fd_leak;
pub(crate) use idle::idle;
pub(crate) use threads::one_thread;
pub(crate) use wait_call::WaitCall;
