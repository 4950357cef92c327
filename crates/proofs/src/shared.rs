//! The criteria that several lessons share. These criteria use only what the kernel shows.
//!
//! These criteria do not require a log. Therefore a server without a log can be checked, too. A
//! server has accepted a client if the kernel shows a descriptor of the server that is connected to
//! the client. The server has released the client if the kernel shows no such descriptor any more.

mod accept_again;
mod blocking_descriptor;
mod config;
pub(crate) mod departure;
pub(crate) mod descriptors;
pub(crate) mod diagnosis;
pub(crate) mod ends;
pub(crate) mod fd_leaks;
pub(crate) mod few_slots;
mod idle;
mod interrupted;
pub(crate) mod memory;
mod naps;
mod port_taken;
pub(crate) mod refusal;
mod service;
pub(crate) mod short_writes;
pub(crate) mod starting;
mod threads;
pub(crate) mod unchanged;
pub(crate) mod wait_call;
pub(crate) mod waiting_calls;
pub(crate) mod watch_entries;

pub(crate) use accept_again::accept_again;
pub(crate) use blocking_descriptor::blocking_descriptor;
pub(crate) use config::config;
pub(crate) use ends::{ends, ends_and_restarts, expect_ends};
pub(crate) use fd_leaks::{no_fd_leak, no_fd_leak_of_silent_clients};
pub(crate) use idle::idle;
pub(crate) use interrupted::{interrupted, interrupted_with};
pub(crate) use port_taken::port_taken;
pub(crate) use service::{Clients, Service};
pub(crate) use threads::one_thread;
pub(crate) use wait_call::WaitCall;
