//! The server program. It reads PORT, and writes its log to standard output.
//!
//! `server` is the parent's part. The library `fork_server` has the child's part.

#![allow(unreachable_pub, reason = "`pub` is what a module offers the others of its program")]
#![cfg_attr(not(feature = "solution"), allow(dead_code, reason = "tasks are still to do"))]

#[cfg_attr(feature = "solution", path = "../solution/server.rs")]
mod server;

use fork_server::{conversation, log, parent_death};
use server::Server;
use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;

const DEFAULT_PORT: u16 = 1205;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // eprintln panics if standard error is closed, and writeln returns an error.
            let _ = writeln!(io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let port = sockhelpers::port_from_env(DEFAULT_PORT)?;
    Ok(Server::start(port)?.run()?)
}
