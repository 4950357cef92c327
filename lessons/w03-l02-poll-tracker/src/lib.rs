//! Who is connected: the table of clients, and what a server that has one needs besides.
//!
//! Start with [`table`]; [`connection`] is what it knows of each client. The loop that fills it is
//! the program's own, in `main.rs`: later lessons put other loops around the same table.

pub mod config;
#[cfg_attr(feature = "solution", path = "../solution/connection.rs")]
pub mod connection;
pub mod log;
pub mod spare_fd;
#[cfg_attr(feature = "solution", path = "../solution/table.rs")]
pub mod table;
