//! A client that uses RESP2. It stores the bytes that wait to be sent or parsed.

use super::resp::{Reply, quoted};
use crate::named_client::NamedClient;

/// A client that uses RESP2.
pub(super) struct RespClient {
    pub(super) named: NamedClient,
    /// The bytes that the connection has not accepted yet.
    outbox: Vec<u8>,
    /// The bytes that have arrived and are not parsed as a reply yet.
    inbox: Vec<u8>,
    /// The total number of bytes that have arrived.
    arrived: usize,
    /// The number of bytes that the connection has accepted.
    sent: u64,
}

/// What a client receives.
pub(super) enum Received {
    Reply(Reply),
    /// Bytes that are not a valid reply, with the reason.
    Malformed(String),
    /// An end of file or a reset, with no reply before it.
    Closed,
}

impl RespClient {
    pub(super) fn new(named: NamedClient) -> Self {
        Self { named, outbox: Vec::new(), inbox: Vec::new(), arrived: 0, sent: 0 }
    }

    /// The client's name in the steps of a failure.
    pub(super) fn name(&self) -> &str {
        &self.named.name
    }

    /// Appends bytes to the outbox, and sends as much of the outbox as the connection accepts now.
    /// [`flush`](Self::flush) sends the rest later.
    pub(super) fn send(&mut self, bytes: &[u8]) {
        self.outbox.extend_from_slice(bytes);
        self.flush();
    }

    /// Sends as much of the outbox as the connection accepts now.
    pub(super) fn flush(&mut self) {
        let mut sent = 0;
        while sent < self.outbox.len() {
            match self.named.connection.send(&self.outbox[sent..]) {
                Ok(0) => break,
                Ok(count) => {
                    sent += count;
                    self.sent += count as u64;
                }
                // The server has closed the connection. Therefore the rest cannot be sent.
                Err(_) => sent = self.outbox.len(),
            }
        }
        self.outbox.drain(..sent);
    }

    /// Appends the bytes that have arrived to the inbox.
    pub(super) fn fill_inbox(&mut self) {
        let new = self.named.connection.received_from(self.arrived);
        self.arrived += new.len();
        self.inbox.extend(new);
    }

    /// The next reply, bytes that cannot become a reply, or the end of the connection. `None` if
    /// the next reply is incomplete.
    pub(super) fn receive(&mut self) -> Option<Received> {
        let has_ended = self.named.connection.ended().is_some();
        self.fill_inbox();
        self.parse_next().or(has_ended.then_some(Received::Closed))
    }

    /// The next reply in the inbox. `None` if this reply is incomplete.
    pub(super) fn parse_next(&mut self) -> Option<Received> {
        match Reply::parse(&self.inbox) {
            Ok(Some((reply, length))) => {
                self.inbox.drain(..length);
                Some(Received::Reply(reply))
            }
            Ok(None) => None,
            Err(why) => Some(Received::Malformed(why)),
        }
    }

    /// Whether the connection has accepted all bytes.
    pub(super) fn has_sent_all(&self) -> bool {
        self.outbox.is_empty()
    }

    /// The number of bytes that the connection has accepted.
    pub(super) fn sent(&self) -> u64 {
        self.sent
    }

    /// The bytes that have arrived and are not parsed as a reply.
    pub(super) fn inbox(&self) -> &[u8] {
        &self.inbox
    }

    /// The inbox, as text for a sentence.
    pub(super) fn inbox_text(&self) -> String {
        if self.inbox.is_empty() { "an end of file".to_owned() } else { quoted(&self.inbox) }
    }

    /// Whether the inbox is empty and the connection is open.
    pub(super) fn has_received_nothing(&mut self) -> bool {
        self.fill_inbox();
        self.inbox.is_empty() && self.named.connection.ended().is_none()
    }
}
