//! What servers of every lesson have in common: criteria that rest on the kernel alone.
//!
//! They ask nothing of the log, so that a server which keeps none can be asked as well: a client
//! is in when the kernel shows a descriptor for it, and gone when there is none.

pub(crate) mod descriptors;
mod idle;
mod leaks;
pub(crate) mod rows;
pub(crate) mod starting;
mod threads;
mod wait;
pub(crate) mod watch;
pub(crate) mod ways;

pub(crate) use idle::idle;
pub(crate) use leaks::no_fd_leak;
pub(crate) use threads::one_thread;
pub(crate) use wait::Wait;
