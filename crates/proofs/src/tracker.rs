//! What the lessons with a table of clients ask of it: slots, and a log line for each event.

mod arriving;
mod full;
mod leaving;
mod starting;
mod watching;

pub(crate) use arriving::{accept_again, nonblocking, slots};
pub(crate) use full::capacity;
pub(crate) use leaving::reuse;
pub(crate) use starting::starts;
pub(crate) use watching::{Seat, once_each, watch_set};
