//! The server program. It reads PORT, MAX_CLIENTS and REQUIREPASS, and writes its log to standard
//! output.
//!
//! Start with `server`, the event loop. `epoll` is the interest list, the library `poll_tracker`
//! has the table of clients, and the library `kv_store` runs the commands.

#![allow(unreachable_pub, reason = "`pub` is what a module offers the others of its program")]

mod config;
#[cfg_attr(feature = "solution", path = "../solution/epoll.rs")]
mod epoll;
#[cfg_attr(feature = "solution", path = "../solution/server.rs")]
mod server;

use epoll_tracker::limit::raise_fd_limit;
use server::Server;
use std::convert::Infallible;
use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    let Err(error) = run();
    // eprintln panics if standard error is closed, and writeln returns an error.
    let _ = writeln!(io::stderr(), "{error}");
    ExitCode::FAILURE
}

fn run() -> Result<Infallible, Box<dyn Error>> {
    let config = config::from_env()?;
    // The soft limit on descriptors is often 1024. If the limit cannot be raised, the server
    // accepts fewer clients.
    let _ = raise_fd_limit(config.table.max_clients);
    Ok(Server::start(config)?.run()?)
}
