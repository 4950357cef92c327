//! Accept many clients on one thread, and track each of them in a table.
//!
//! Read it from the outside in: [`server`] is the poll loop, [`watch`] the array that it hands to
//! the kernel, [`table`] who is connected, [`connection`] what is known of each.

pub mod config;
#[cfg_attr(feature = "solution", path = "../solution/connection.rs")]
pub mod connection;
pub mod log;
#[cfg_attr(feature = "solution", path = "../solution/server.rs")]
pub mod server;
pub mod spare;
#[cfg_attr(feature = "solution", path = "../solution/table.rs")]
pub mod table;
#[cfg_attr(feature = "solution", path = "../solution/watch.rs")]
pub mod watch;
