//! The server program. It reads PORT and MAX_CLIENTS, and writes its log to standard output.
//!
//! Start with `server`, the event loop. The library `epoll_tracker` has the interest list, and the
//! library `poll_tracker` has the table of clients.

#![allow(unreachable_pub, reason = "`pub` is what a module offers the others of its program")]

#[cfg_attr(feature = "solution", path = "../solution/server.rs")]
mod server;

use poll_tracker::config::Config;
use server::Server;
use std::convert::Infallible;
use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;

const DEFAULTS: Config = Config { port: 7000, max_clients: 4096 };

fn main() -> ExitCode {
    let Err(error) = run();
    // eprintln panics if standard error is closed, and writeln returns an error.
    let _ = writeln!(io::stderr(), "{error}");
    ExitCode::FAILURE
}

fn run() -> Result<Infallible, Box<dyn Error>> {
    let config = Config::from_env(DEFAULTS)?;
    Ok(Server::start(&config)?.run()?)
}
