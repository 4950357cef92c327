//! The client program: `client HOST PORT`. It reads one line from standard input, sends this line to
//! the server, and writes its log to standard output.
//!
//! `connect` turns HOST and PORT into a connection, and `exchange` is the conversation with the
//! server.

#![allow(unreachable_pub, reason = "`pub` is what a module offers the others of its program")]

#[cfg_attr(feature = "solution", path = "../solution/connect.rs")]
mod connect;
#[cfg_attr(feature = "solution", path = "../solution/exchange.rs")]
mod exchange;
mod log;

use std::env;
use std::error::Error;
use std::io::{self, BufRead, Write};
use std::process::ExitCode;

const USAGE: &str = "usage: w01-l02-stream-client HOST PORT";

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
    let mut arguments = env::args_os().skip(1).map(|it| it.to_string_lossy().into_owned());
    let (Some(host), Some(port)) = (arguments.next(), arguments.next()) else {
        return Err(USAGE.into());
    };
    // Name the host and the port in the message, whatever the error is.
    let wanted = format!("{host} port {port}");
    let port = connect::port_number(&port)?;
    let addresses = connect::resolve(&host, port).map_err(|error| format!("{host}: {error}"))?;
    let socket =
        connect::connect_first(&addresses).map_err(|error| format!("{wanted}: {error}"))?;

    let line = read_line()?;
    exchange::exchange(&socket, &line).map_err(|error| format!("{wanted}: {error}"))?;
    // The end of `run` drops the socket, which closes the connection.
    Ok(())
}

/// Reads one line from standard input: the bytes up to and including the newline. The last line of a
/// file may have no newline. At end of file, the line is empty.
fn read_line() -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    io::stdin().lock().read_until(b'\n', &mut line)?;
    Ok(line)
}
