//! Makes accept fail with EMFILE once, and prints whether the server accepts its clients
//! afterwards.
//!
//! The example is for servers that serve all clients at the same time in one process: with poll,
//! epoll or threads.
//!
//! The server listens on the TCP port in the environment variable PORT, which the example sets:
//!
//! ```text
//! $ cargo run -q -p witness --example fail_accept -- ./server
//! the next accept fails with EMFILE
//! accept has failed; the server still runs
//! client 1 is served: the server has accepted it as descriptor 4
//! client 2 is served: the server has accepted it as descriptor 5
//! ```
//!
//! If the server treats EMFILE as a fatal error, the output is:
//!
//! ```text
//! the next accept fails with EMFILE
//! client 1 is not served: the server ended with exit status 1
//! ```
//!
//! The exit status is 0 if both clients are served, 1 if a client is not served or the server could
//! not be started, and 2 if an argument is missing.

use std::error::Error;
use std::net::{Ipv4Addr, TcpListener};
use std::process::ExitCode;
use witness::{Errno, FaultInjector, IsolationLevel, Launch, Server, WaitError};

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let Some(program) = arguments.next() else {
        eprintln!("error: no server is given");
        eprintln!("usage: fail_accept SERVER [ARGUMENT]...");
        return ExitCode::from(2);
    };
    match fail_accept(Launch::new(program).args(arguments)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Returns whether both clients are served.
fn fail_accept(launch: Launch) -> Result<bool, Box<dyn Error>> {
    // Only the calls that the fault injector selects are stopped. All other calls run at full
    // speed.
    let port = free_port()?;
    let launch = launch.env("PORT", port.to_string()).port(port).faults(FaultInjector::accept());
    let mut server = launch.start()?;
    server.wait_listening(port)?;

    // If the server already waits in accept, this accept was told to continue and cannot fail any
    // more. Only the next accept can fail.
    let calls = server.wait_asleep()?;
    if calls.iter().any(|call| call.name().starts_with("accept")) {
        println!("the server waits in accept: a first client is accepted without a fault");
        if !is_served(&mut server, 0)? {
            return Ok(false);
        }
    }

    println!("the next accept fails with EMFILE");
    server.fail_next(Errno::EMFILE);
    Ok(is_served(&mut server, 1)? && is_served(&mut server, 2)?)
}

/// Connects a client, and waits until the server has accepted the client or will not accept it any
/// more.
fn is_served(server: &mut Server, number: usize) -> Result<bool, Box<dyn Error>> {
    let faults = server.faults_left();
    let client = server.connect()?;
    let descriptor = server.wait_for(|now| now.descriptor_of(&client));
    if server.faults_left() < faults && server.exit().is_none() {
        println!("accept has failed; the server still runs");
    }
    match descriptor {
        Ok(fd) => {
            println!("client {number} is served: the server has accepted it as descriptor {fd}");
            Ok(true)
        }
        // This process cannot observe the server, so it is unknown whether the server has accepted
        // the client.
        Err(WaitError::Unobservable(error)) => Err(error.into()),
        Err(error) => {
            println!("client {number} is not served: {error}");
            Ok(false)
        }
    }
}

/// Finds a port for the server. In its own network, a server can listen on any port. On this
/// machine's network, the server needs a port that no other program uses.
fn free_port() -> std::io::Result<u16> {
    if !IsolationLevel::here().shares_ports() {
        return Ok(7000);
    }
    Ok(TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0))?.local_addr()?.port())
}
