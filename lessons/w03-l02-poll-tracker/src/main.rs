//! The server as a command: PORT and MAX_CLIENTS in, a log on standard output.

use poll_tracker::{config::Config, server::Server};
use std::convert::Infallible;
use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;

const DEFAULTS: Config = Config {
    port: 7000,
    max_clients: 64,
};

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
