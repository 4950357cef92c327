//! The server as a command: PORT, MAX_CLIENTS and REQUIREPASS in, a log on standard output.
//!
//! Read it from the outside in: `server` is the epoll loop, `watch` what the kernel is asked to
//! watch, `poll_tracker` the table of clients, and `kv_store` what they are served with.

#![allow(unreachable_pub, reason = "`pub` is what a module offers the others of its program")]

mod config;
#[cfg_attr(feature = "solution", path = "../solution/server.rs")]
mod server;
#[cfg_attr(feature = "solution", path = "../solution/watch.rs")]
mod watch;

use epoll_tracker::limit::make_room;
use server::Server;
use std::convert::Infallible;
use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    let Err(error) = run();
    // Not eprintln, which panics where standard error is closed.
    let _ = writeln!(io::stderr(), "{error}");
    ExitCode::FAILURE
}

fn run() -> Result<Infallible, Box<dyn Error>> {
    let config = config::from_env()?;
    // A shell's limit is often 1024. Where it cannot be raised, clients beyond are turned away.
    let _ = make_room(config.table.max_clients);
    Ok(Server::start(config)?.run()?)
}
