//! The criteria of a chat room. The room keeps the tracker's table and log, and passes the lines of
//! each member on to all others.

mod broadcast;
mod capacity;
mod chat_run;
mod ends;
mod framing;
mod join_leave;
mod last_lines;
mod long_lines;
mod one_wakeup;
mod own_lines;
mod slow_reader;
mod starts;
mod transcript;

pub(crate) use broadcast::{broadcast, not_to_sender};
pub(crate) use capacity::capacity;
pub(crate) use ends::ends;
pub(crate) use framing::framing;
pub(crate) use join_leave::join_leave;
pub(crate) use long_lines::long_lines;
pub(crate) use slow_reader::slow_reader;
pub(crate) use starts::starts;
