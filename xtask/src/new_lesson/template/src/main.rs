//! The server program. It reads PORT, and writes its log to standard output.

#![allow(unreachable_pub, reason = "`pub` is what a module offers the others of its program")]

mod log;
#[cfg_attr(feature = "solution", path = "../solution/server.rs")]
mod server;

use server::Server;
use sockhelpers::port_from_env;
use std::convert::Infallible;
use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;

const DEFAULT_PORT: u16 = {{port}};

fn main() -> ExitCode {
    let Err(error) = run();
    // eprintln panics if standard error is closed, and writeln returns an error.
    let _ = writeln!(io::stderr(), "{error}");
    ExitCode::FAILURE
}

fn run() -> Result<Infallible, Box<dyn Error>> {
    let port = port_from_env(DEFAULT_PORT)?;
    Ok(Server::start(port)?.run()?)
}
