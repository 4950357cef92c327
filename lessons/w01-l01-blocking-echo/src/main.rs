//! The server as a command: PORT in, a log on standard output.
//!
//! Read it from the outside in: `server` takes one client after another, `echo` is the
//! conversation with one of them.

#![allow(unreachable_pub, reason = "`pub` is what a module offers the others of its program")]

#[cfg_attr(feature = "solution", path = "../solution/echo.rs")]
mod echo;
#[cfg_attr(not(feature = "solution"), allow(dead_code, reason = "tasks are still to do"))]
mod log;
#[cfg_attr(feature = "solution", path = "../solution/server.rs")]
mod server;

use server::Server;
use sockhelpers::port_from_env;
use std::convert::Infallible;
use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;

const DEFAULT_PORT: u16 = 3490;

fn main() -> ExitCode {
    let Err(error) = run();
    // Not eprintln, which panics where standard error is closed.
    let _ = writeln!(io::stderr(), "{error}");
    ExitCode::FAILURE
}

fn run() -> Result<Infallible, Box<dyn Error>> {
    let port = port_from_env(DEFAULT_PORT)?;
    Ok(Server::start(port)?.run()?)
}
