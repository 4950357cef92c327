//! The server as a command: PORT in, a log on standard output.
//!
//! `server` is the parent's part, `conversation` what a child says to its client, and `orphan`
//! what ties the one to the other.

#![allow(unreachable_pub, reason = "`pub` is what a module offers the others of its program")]

#[cfg_attr(feature = "solution", path = "../solution/conversation.rs")]
mod conversation;
#[cfg_attr(not(feature = "solution"), allow(dead_code, reason = "tasks are still to do"))]
mod log;
mod orphan;
#[cfg_attr(feature = "solution", path = "../solution/server.rs")]
mod server;

use server::Server;
use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;

const DEFAULT_PORT: u16 = 1205;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Not eprintln, which panics where standard error is closed.
            let _ = writeln!(io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let port = sockhelpers::port_from_env(DEFAULT_PORT)?;
    Ok(Server::start(port)?.run()?)
}
