//! The view of a lesson whose program is a client: the person who looks at it plays the server.

use super::View;
use super::client::ViewClient;
use crate::check_error::HarnessError;
use crate::named_client::{NamedClient, client_name};
use crate::program::ProgramUnderTest;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use witness::{Buffers, Input, IsolationLevel, Launch, Server};

/// The port at which the view listens, unless the program has another one.
const PORT: u16 = 3490;
/// The name of the host, and its addresses. The view listens at the last one.
const HOST: &str = "host.example";
const ADDRESSES: [IpAddr; 3] = [
    IpAddr::V6(Ipv6Addr::LOCALHOST),
    IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2)),
    IpAddr::V4(Ipv4Addr::new(127, 0, 0, 3)),
];

/// Starts a client whose arguments are a host and a port at which the view listens. Returns the
/// client and its arguments.
///
/// If the client can have a network of its own, the host has three addresses, and the view listens
/// at the last one only.
///
/// # Errors
/// The program cannot be started, or the view cannot listen.
pub(super) fn start(program: &ProgramUnderTest) -> Result<(Server, String), HarnessError> {
    let (executable, arguments) =
        program.command.split_first().ok_or(HarnessError("no command".into()))?;
    let port = program.port.unwrap_or(PORT);
    let level = program.isolation_level();
    let has_names = level == IsolationLevel::Namespaces;
    let last = ADDRESSES[ADDRESSES.len() - 1];
    let host = if has_names { HOST.to_owned() } else { last.to_string() };
    let own = [host.clone(), port.to_string()];
    let mut launch = Launch::new(executable)
        .args(arguments)
        .args(own)
        .current_dir(&program.directory)
        .isolation(level)
        .peer_port(port)
        .input(Input::Terminal);
    if has_names {
        launch = launch.host(HOST, &ADDRESSES);
    }
    let mut client = launch.prepare().map_err(|error| HarnessError(error.to_string()))?;
    let address = SocketAddr::new(last, port);
    client.listen_at(address, Buffers::Usual).map_err(|error| {
        HarnessError(format!("cannot listen at {address}: {error}; choose another --port"))
    })?;
    client.begin().map_err(|error| HarnessError(error.to_string()))?;
    Ok((client, format!("{host} {port}")))
}

impl View {
    /// Whether the lesson's program is a client, so that the person who looks at it plays the server.
    pub fn plays_server(&self) -> bool {
        self.fault.is_none()
    }

    /// Adds the connections that the program has made.
    pub(super) fn take_accepted(&mut self) {
        let known = self.clients.len();
        for connection in self.server.accepted().iter().skip(known) {
            let name = client_name(self.clients.len());
            let named = NamedClient { name, connection: connection.clone() };
            self.clients.push(ViewClient::new(named));
        }
    }

    /// Starts the program again, after it has ended.
    ///
    /// # Errors
    /// A sentence that says why this is not possible.
    pub(super) fn start_again(&mut self) -> Result<usize, String> {
        if self.server.exit().is_none() {
            return Err("The client is still running: it starts again when it has ended.".into());
        }
        self.clients.iter().for_each(|client| client.named.connection.close());
        self.server
            .restart()
            .map_err(|error| format!("The client cannot start again: {error}."))?;
        Ok(self.clients.len())
    }

    /// Types a line into the program's standard input.
    pub fn type_line(&mut self, line: &[u8]) {
        self.server.write_input(line);
    }

    /// Sends everything back that a connection has received and that was not sent back, as an echo
    /// server does.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn answer(&mut self, index: usize) -> Result<(), String> {
        let client = self.client(index)?;
        let bytes = client.named.connection.received_from(client.answered);
        if bytes.is_empty() {
            return Err("There is nothing to answer: the client has sent nothing new.".to_owned());
        }
        let sent = self.send(index, &bytes)?;
        self.clients[index].answered += sent;
        Ok(())
    }
}
