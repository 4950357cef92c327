//! The criteria that are shared by the lessons whose servers keep a table of clients. These servers
//! give each client a slot of the table, and log a line for each event.

mod accepting;
mod capacity;
mod slot_reuse;
mod starting;
mod watch_set;

pub(crate) use accepting::{accept_again, nonblocking, slots};
pub(crate) use capacity::capacity;
pub(crate) use slot_reuse::reuse;
pub(crate) use starting::starts;
pub(crate) use watch_set::{AcceptedClient, expect_once_each, watch_set};
