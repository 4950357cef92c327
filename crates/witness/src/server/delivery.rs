//! Finds out whether everything that the clients and the server have sent has arrived.

use super::Server;
use super::observe::table_unobservable;
use super::rounds::{Visible, VisibleSocket};
use crate::client::{Client, ClosedBy};
use crate::fault_injector::FaultSupervisor;
use crate::sockets::{Socket, State};
use sandbox::Unobservable;

impl Server {
    /// What the clients and the log show, if everything that the clients have sent has arrived at
    /// the server, and every answer that a client waits for has arrived at the client. Removes
    /// clients from which nothing more can arrive.
    pub(super) fn delivery(&mut self) -> Result<Option<Visible>, Unobservable> {
        // A system call that waits for the fault injector's answer is about to continue.
        if self.faults.as_ref().is_some_and(FaultSupervisor::has_waiting_call) {
            return Ok(None);
        }
        // Bytes are on their way to the program's standard input.
        if !self.input.is_delivered() {
            return Ok(None);
        }
        let written = self.output_written();
        let read = self.clients.iter().map(Client::bytes_received).sum();
        let input = self.input.unread();
        let mut visible = Visible { written, read, input, ..Visible::default() };
        let Some(table) = &self.table else { return Ok(Some(visible)) };
        let mut all = true;
        let mut sockets =
            table.connections(self.clients.iter()).map_err(table_unobservable)?.into_iter();
        self.clients.retain(|client| {
            let socket = sockets.next().flatten();
            let arrived = is_delivered(client, socket.as_ref());
            all &= arrived;
            // Nothing more can arrive from a client that has closed its side of the connection, if
            // the server has closed the connection as well.
            let is_open = socket.is_some_and(|socket| socket.inode != 0);
            let is_kept = client.closed_by().is_none() || is_open || !arrived;
            if is_kept {
                let socket_now =
                    socket.map(|it| VisibleSocket { state: it.state, is_open, unread: it.unread });
                visible.sockets.insert(client.free_port(), socket_now);
                visible.transfer.extend(socket.map(|it| (it.received, it.unacknowledged)));
            }
            is_kept
        });
        Ok(all.then_some(visible))
    }
}

/// Whether everything that `client` has sent has arrived at the server's `socket`, and everything
/// that the server has sent has arrived at a client that reads.
fn is_delivered(client: &Client, socket: Option<&Socket>) -> bool {
    let Some(socket) = socket else { return true };
    match (socket.state, client.closed_by()) {
        // The last segment of the handshake has not arrived yet.
        (State::SynReceived, _) => false,
        (State::TimeWait, _) => true,
        // The RST or FIN has not arrived yet. After a RST, the server would have no socket. After a
        // FIN, the state would no longer be ESTABLISHED.
        (_, Some(ClosedBy::Rst)) => false,
        (State::Established, Some(ClosedBy::Fin)) => false,
        // The program may have shut down its sending side before. Then the client's FIN ends these
        // states, too (RFC 9293, section 3.3.2), unless it waits behind bytes for which the receive
        // buffer has no room.
        (State::FinWait1 | State::FinWait2, Some(ClosedBy::Fin))
            if client.is_accepted() || !client.is_send_blocked(socket.received) =>
        {
            false
        }
        _ => {
            // A program that has read everything has room for the rest, which is then on its way. The
            // kernel may send it some milliseconds later: when a delayed acknowledgement has come, or
            // when the persist timer has probed a window that was closed (RFC 9293, section 3.8.6.1).
            // A program that has closed its descriptor reads nothing more.
            let reads_on = socket.unread == 0 && socket.inode != 0;
            let is_blocked = !reads_on && client.is_send_blocked(socket.received);
            (client.in_flight(socket.received) == 0 || is_blocked)
                && answers_delivered(client, socket)
        }
    }
}

/// Whether everything that the server has sent to `client` has arrived, or the client does not
/// read.
fn answers_delivered(client: &Client, socket: &Socket) -> bool {
    socket.unacknowledged == 0 || !client.has_read_all()
}
