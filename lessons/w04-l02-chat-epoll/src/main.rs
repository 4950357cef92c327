//! The chat room as a program. It reads PORT and MAX_CLIENTS, and writes its log to standard
//! output.
//!
//! `epoll` is how this program waits. Everything else is in the library `chat_room`, which is the
//! same as in the chat room on poll.

#![allow(unreachable_pub, reason = "`pub` is what a module offers the others of its program")]

#[cfg_attr(feature = "solution", path = "../solution/epoll.rs")]
mod epoll;

use chat_room::server::Server;
use epoll::Epoll;
use poll_tracker::config::Config;
use std::convert::Infallible;
use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;

const DEFAULTS: Config = Config { port: 9040, max_clients: 256 };

fn main() -> ExitCode {
    let Err(error) = run();
    // eprintln panics if standard error is closed, and writeln returns an error.
    let _ = writeln!(io::stderr(), "{error}");
    ExitCode::FAILURE
}

fn run() -> Result<Infallible, Box<dyn Error>> {
    let config = Config::from_env(DEFAULTS)?;
    Ok(Server::<Epoll>::start(&config)?.run()?)
}
