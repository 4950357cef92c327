//! What the person who looks at a server can do to it.

use super::View;
use super::client::ViewClient;
use crate::named_client::{NamedClient, client_name};
use std::io::ErrorKind;
use std::time::{Duration, Instant};
use witness::{Exit, Signal};

/// The number of clients that fill a server without a table.
const WITHOUT_TABLE: usize = 8;
/// The pause between two looks at whether the server has ended.
const PAUSE: Duration = Duration::from_millis(5);

impl View {
    /// Opens a client. Returns its index. If the lesson's program is a client, starts this program
    /// again; then the result is the index of its next connection.
    ///
    /// # Errors
    /// A sentence that says why the client is not connected.
    pub fn open(&mut self) -> Result<usize, String> {
        if self.plays_server() {
            return self.start_again();
        }
        // The server may listen since the last look.
        let _ = self.look_for_listener();
        let connection = self.server.connect().map_err(|error| match error.kind() {
            ErrorKind::NotConnected => "The server does not listen yet.".to_owned(),
            ErrorKind::TimedOut => {
                "The server does not accept, and its backlog is full.".to_owned()
            }
            _ => format!("The client cannot connect: {error}."),
        })?;
        let name = client_name(self.clients.len());
        self.clients.push(ViewClient::new(NamedClient { name, connection }));
        Ok(self.clients.len() - 1)
    }

    /// Opens clients until as many are open as the server has slots, or, if it keeps no table, until
    /// 8 are open. Clients of other programs are not counted. Returns a sentence about what was
    /// done: it may end early, when the server refuses a client.
    ///
    /// # Errors
    /// As [`open`](Self::open), if no client could be opened.
    pub fn fill(&mut self) -> Result<String, String> {
        if self.plays_server() {
            return Err("There is no table: you are the server.".to_owned());
        }
        let total = self.capacity().unwrap_or(WITHOUT_TABLE);
        let open = self.clients.iter().filter(|client| is_connected(client)).count();
        let missing = total.saturating_sub(open);
        for opened in 0..missing {
            match self.open() {
                Ok(index) if is_connected(&self.clients[index]) => {}
                Ok(_) => {
                    return Ok(format!("{} clients opened; the last was refused.", opened + 1));
                }
                Err(why) if opened == 0 => return Err(why),
                Err(why) => return Ok(format!("{opened} clients opened. {why}")),
            }
        }
        Ok(match missing {
            0 => format!("{open} clients are open already."),
            missing => format!("{missing} clients opened."),
        })
    }

    /// Sends bytes as a client. Returns the number of bytes that the kernel has taken.
    ///
    /// # Errors
    /// A sentence that says why nothing was sent.
    pub fn send(&mut self, index: usize, bytes: &[u8]) -> Result<usize, String> {
        let client = self.client(index)?;
        let name = client.named.name.clone();
        if client.has_half_closed {
            return Err(format!("Client {name} has shut down its sending side."));
        }
        match client.named.connection.send(bytes) {
            Ok(sent) => {
                client.sent += sent as u64;
                Ok(sent)
            }
            Err(error) => Err(format!("Client {name} cannot send: {error}.")),
        }
    }

    /// Shuts down the sending side of a client: the server reads an end of file.
    ///
    /// # Errors
    /// A sentence that says why this is not possible.
    pub fn half_close(&mut self, index: usize) -> Result<(), String> {
        let client = self.client(index)?;
        client.named.connection.half_close();
        client.has_half_closed = true;
        Ok(())
    }

    /// Closes a client's connection with a RST.
    ///
    /// # Errors
    /// As [`half_close`](Self::half_close).
    pub fn reset(&mut self, index: usize) -> Result<(), String> {
        let client = self.client(index)?;
        client.named.connection.reset();
        client.was_reset = true;
        Ok(())
    }

    /// Closes a client's connection with a FIN.
    ///
    /// # Errors
    /// As [`half_close`](Self::half_close).
    pub fn close(&mut self, index: usize) -> Result<(), String> {
        self.client(index)?.named.connection.close();
        Ok(())
    }

    /// The client with this index, if it has not left.
    pub(super) fn client(&mut self, index: usize) -> Result<&mut ViewClient, String> {
        let client = self.clients.get_mut(index).ok_or("There is no client: n opens one.")?;
        match client.named.connection.has_left() {
            true => Err(format!("Client {} has left. n opens another one.", client.named.name)),
            false => Ok(client),
        }
    }

    /// Stops every process of the server (SIGSTOP), or continues them (SIGCONT).
    pub fn stop_or_continue(&mut self) {
        let signal = if self.snapshot.is_stopped { Signal::SIGCONT } else { Signal::SIGSTOP };
        for seen in &self.processes.all {
            self.server.signal_process(seen.process, signal);
        }
    }

    /// Makes the next call of the lesson's kind fail: accept, or fork.
    ///
    /// # Errors
    /// A sentence that says that a fault is already requested.
    pub fn inject_fault(&mut self) -> Result<(), String> {
        if self.server.faults_left() > 0 {
            return Err("The server has not made this call yet: open a client".to_owned());
        }
        let fault = self.fault.ok_or("No call of a client can be made to fail here.")?;
        self.server.fail_next(fault.errno);
        Ok(())
    }

    /// What the requested fault does. `None` if no fault is requested.
    pub(super) fn fault_text(&self) -> Option<String> {
        let fault = self.fault.filter(|_| self.server.faults_left() > 0)?;
        Some(format!("the next {} fails with {}", fault.call, fault.name))
    }

    /// Asks the server to end (SIGTERM), and waits until it has, at most for the time `limit`.
    /// Returns how it has ended, or `None` if it has not. Everything that is left is killed.
    pub fn end(mut self, limit: Duration) -> Option<Exit> {
        let begun = Instant::now();
        self.server.signal(Signal::SIGTERM);
        // A process that is stopped cannot end.
        self.processes.all.iter().for_each(|seen| {
            self.server.signal_process(seen.process, Signal::SIGCONT);
        });
        while self.server.exit().is_none() && begun.elapsed() < limit {
            self.output.read(&mut self.server);
            std::thread::sleep(PAUSE);
        }
        self.server.exit().cloned()
    }
}

/// Whether neither side has ended the connection.
fn is_connected(client: &ViewClient) -> bool {
    let connection = &client.named.connection;
    !connection.has_left() && connection.ended().is_none()
}
