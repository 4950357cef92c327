//! The criteria that are shared by the lessons whose servers keep a table of clients. These servers
//! give each client a slot of the table, and log a line for each event.

mod capacity;
mod drained;
mod epoll;
mod late_reader;
mod read_error;
mod service;
mod slot_reuse;
mod slots;
mod starting;
mod watch_set;

pub(crate) use capacity::{capacity, capacity_with};
pub(crate) use drained::drained;
pub(crate) use epoll::epoll;
pub(crate) use late_reader::late_reader;
pub(crate) use read_error::interrupted;
pub(crate) use service::SERVICE;
pub(crate) use slot_reuse::reuse;
pub(crate) use slots::{nonblocking, slots};
pub(crate) use starting::{starts, starts_with};
pub(crate) use watch_set::watch_set;
