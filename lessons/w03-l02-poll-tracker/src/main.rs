//! The server as a command: PORT and MAX_CLIENTS in, a log on standard output.
//!
//! Read it from the outside in: `server` is the poll loop, `poll_set` the array that it hands to the
//! kernel, and `poll_tracker` the table of clients that both are about.

#![allow(unreachable_pub, reason = "`pub` is what a module offers the others of its program")]

#[cfg_attr(feature = "solution", path = "../solution/poll_set.rs")]
mod poll_set;
#[cfg_attr(feature = "solution", path = "../solution/server.rs")]
mod server;

use poll_tracker::config::Config;
use server::Server;
use std::convert::Infallible;
use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;

const DEFAULTS: Config = Config { port: 7000, max_clients: 64 };

fn main() -> ExitCode {
    let Err(error) = run();
    // Not eprintln, which panics where standard error is closed.
    let _ = writeln!(io::stderr(), "{error}");
    ExitCode::FAILURE
}

fn run() -> Result<Infallible, Box<dyn Error>> {
    let config = Config::from_env(DEFAULTS)?;
    Ok(Server::start(&config)?.run()?)
}
