//! Connects clients that the server must accept, and reports a server that does not accept them.

use super::TestRun;
use crate::check_error::{CheckError, Failure};
use crate::named_client::NamedClient;
use std::io;
use std::io::ErrorKind::{AddrNotAvailable, NetworkDown, NetworkUnreachable};
use witness::{Unobservable, WaitError};

impl TestRun {
    /// Connects a new client and waits until the server has accepted it. Returns the client, and
    /// the server's descriptor that the kernel connects to the client.
    pub(crate) fn connect_accepted(&mut self) -> Result<(NamedClient, i32), CheckError> {
        let client = self.connect()?;
        let connection = client.connection.clone();
        let mut accepted = self.server.wait_for(|now| now.descriptor_of(&connection));
        // A server that ends when its first client connects may have a descriptor for a short time.
        // Therefore check that the server still runs.
        if self.clients.len() == 1 {
            accepted = accepted.and_then(|fd| self.check_alive().map(|()| fd));
        }
        match accepted {
            Ok(fd) => Ok((client, fd)),
            Err(wait_error) => Err(self.not_accepted(&client, wait_error)),
        }
    }

    /// The failure of a server that no client can connect to.
    pub(crate) fn no_connection(&mut self, name: &str, error: &io::Error) -> CheckError {
        // The server does not cause these errors. They mean that the machine has no route to
        // 127.0.0.1 (connect(2), ip(7)).
        if matches!(error.kind(), AddrNotAvailable | NetworkDown | NetworkUnreachable) {
            let why = "no client can connect on this machine; is the loopback interface up?";
            return CheckError::Inconclusive(format!("{why} connect(2): {error}"));
        }
        // The machine, and not the server, is the cause if there is no socket for the client.
        if error.get_ref().is_some_and(|inner| inner.is::<Unobservable>()) {
            return CheckError::Inconclusive(error.to_string());
        }
        let observed = format!("connect(2): {error}");
        let wait_error = self.at_rest();
        let failure = Failure {
            id: "no-connection",
            summary: format!("{name} could not connect: {error}."),
            expected: "the connection is made".to_owned(),
            observed,
            ..Failure::default()
        };
        self.fail(wait_error, failure).depends_on("slots")
    }

    /// What the log has since the last step. A tag counts only at the beginning of a line. A server
    /// that prints a text without a newline has it in the middle.
    fn accept_in_line(&self) -> String {
        let mut lines = self.server.log()[self.step_log_start()..].iter();
        match lines.find(|line| line.text.contains("[ACCEPT]")) {
            Some(line) => format!("[ACCEPT] does not begin its line: {:?}", line.text),
            None => self.logged_text(),
        }
    }

    /// The failure of a server that does not accept a client.
    pub(crate) fn not_accepted(
        &mut self,
        client: &NamedClient,
        wait_error: WaitError,
    ) -> CheckError {
        let queued = self.server.listener().ok().flatten().map_or(0, |listener| listener.unread);
        let fd = self.server.descriptor_of(&client.connection).ok().flatten();
        let name = &client.name;
        let (what, observed) = match (client.connection.ended(), queued, fd) {
            (Some(_), ..) => {
                ("the server closed its connection", format!("{name} reads an end of file"))
            }
            (None, 1.., _) => {
                ("the server never accepted it", format!("{name} is still in the listener's queue"))
            }
            (None, 0, Some(fd)) => (
                "the server logged no [ACCEPT] line for it",
                format!("descriptor {fd} is connected to {name}, and {}", self.accept_in_line()),
            ),
            (None, 0, None) => (
                "the server has no descriptor for it",
                format!("no descriptor is connected to {name}"),
            ),
        };
        let logged = if self.logs_clients() { ", and [ACCEPT] names its descriptor" } else { "" };
        let failure = Failure {
            id: "not-accepted",
            summary: format!("{name} connected, and {what}."),
            expected: format!("{name} is accepted{logged}"),
            observed,
            ..Failure::default()
        };
        self.fail(wait_error, failure).depends_on("slots")
    }
}
