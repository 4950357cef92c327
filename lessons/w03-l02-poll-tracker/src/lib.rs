//! The table of connected clients, and the other parts that a server with such a table needs.
//!
//! Start with [`table`]. [`connection`] is the table's record of one client. The event loop is not
//! in this library but in the program (`main.rs`), because later lessons use the same table with
//! other event loops.

pub mod config;
#[cfg_attr(feature = "solution", path = "../solution/connection.rs")]
pub mod connection;
pub mod log;
pub mod spare_fd;
#[cfg_attr(feature = "solution", path = "../solution/table.rs")]
pub mod table;
