//! The server as a program. It reads PORT and MAX_CLIENTS from the environment, and logs to standard
//! output.
//!
//! Start with `server`, the event loop. `epoll_tracker` is its interest list, and `poll_tracker` its
//! table of clients.

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
    // `eprintln!` would panic where standard error is closed.
    let _ = writeln!(io::stderr(), "{error}");
    ExitCode::FAILURE
}

fn run() -> Result<Infallible, Box<dyn Error>> {
    let config = Config::from_env(DEFAULTS)?;
    Ok(Server::start(&config)?.run()?)
}
