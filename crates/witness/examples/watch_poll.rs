//! Starts a server, connects two clients, and prints the kernel's information about the server.
//!
//! The server listens on the TCP port in the environment variable PORT, which the example sets:
//!
//! ```text
//! $ cargo run -q -p witness --example watch_poll -- ./server
//! the server listens on 0.0.0.0:7000
//! descriptors:
//!   0 /dev/null
//!   1 /dev/pts/3
//!   2 pipe:[81205]
//!   3 socket, LISTEN
//!   4 socket, ESTABLISHED, client 1
//!   5 socket, ESTABLISHED, client 2
//! the server sleeps in poll with these entries:
//!   fd 3 events POLLIN
//!   fd 4 events POLLIN
//!   fd 5 events POLLIN
//! the calls of all threads: poll
//! ```
//!
//! If the server sleeps in epoll_wait, the example prints the interest list instead. The exit
//! status is 1 if the server could not be started or observed, and 2 if an argument is missing.

use std::error::Error;
use std::net::{Ipv4Addr, TcpListener};
use std::process::ExitCode;
use witness::{Client, Descriptor, IsolationLevel, Launch, Server, Target};

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let Some(program) = arguments.next() else {
        eprintln!("error: no server is given");
        eprintln!("usage: watch_poll SERVER [ARGUMENT]...");
        return ExitCode::from(2);
    };
    match observe(Launch::new(program).args(arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn observe(launch: Launch) -> Result<(), Box<dyn Error>> {
    // Start the server, and wait until the server listens. The wait makes no connection.
    let port = free_port()?;
    let mut server = launch.env("PORT", port.to_string()).port(port).start()?;
    server.wait_listening(port)?;
    if let Some(listener) = server.listener()? {
        println!("the server listens on {}", listener.local);
    }

    // Connect two clients, and wait until the server sleeps again.
    let clients = [server.connect()?, server.connect()?];
    let calls = server.wait_asleep()?;

    println!("descriptors:");
    for descriptor in server.descriptors()? {
        println!("  {} {}", descriptor.fd, describe(&server, &descriptor, &clients)?);
    }
    print_watched(&server)?;
    let names: Vec<_> = calls.iter().map(|call| call.name()).collect();
    println!("the calls of all threads: {}", names.join(", "));
    Ok(())
}

/// Describes what a descriptor refers to. The text about a TCP socket contains the state of the
/// socket and the number of the connected client.
fn describe(
    server: &Server,
    descriptor: &Descriptor,
    clients: &[Client],
) -> Result<String, Box<dyn Error>> {
    let inode = match &descriptor.target {
        Target::Socket(inode) => *inode,
        Target::Other(name) => return Ok(name.clone()),
    };
    if server.listener()?.is_some_and(|listener| listener.inode == inode) {
        return Ok("socket, LISTEN".to_owned());
    }
    for (index, client) in clients.iter().enumerate() {
        if let Some(socket) = server.connection(client)?.filter(|socket| socket.inode == inode) {
            return Ok(format!("socket, {}, client {}", socket.state.name(), index + 1));
        }
    }
    Ok("socket".to_owned())
}

/// Prints the `pollfd` array of poll, or the interest list of epoll.
fn print_watched(server: &Server) -> Result<(), Box<dyn Error>> {
    if let Some(entries) = server.poll_entries()? {
        println!("the server sleeps in poll with these entries:");
        for entry in entries.iter().filter(|entry| entry.fd >= 0) {
            println!("  fd {} events {}", entry.fd, entry.events());
        }
    } else if let Some(entries) = server.epoll_entries()? {
        println!("the server sleeps in epoll_wait with this interest list:");
        for entry in entries {
            println!("  fd {} events {} data {}", entry.fd, entry.events(), entry.data);
        }
    } else {
        println!("the server sleeps in neither poll nor epoll_wait");
    }
    Ok(())
}

/// Finds a port for the server. In its own network, a server can listen on any port. On this
/// machine's network, the server needs a port that no other program uses.
fn free_port() -> std::io::Result<u16> {
    if !IsolationLevel::here().shares_ports() {
        return Ok(7000);
    }
    Ok(TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0))?.local_addr()?.port())
}
