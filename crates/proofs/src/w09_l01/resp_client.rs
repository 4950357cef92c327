//! A client that speaks RESP2: what it has still to send, and what it has heard.

use super::quoted;
use super::resp::Reply;
use crate::named_client::NamedClient;

/// A client that speaks RESP2.
pub(super) struct RespClient {
    pub(super) named: NamedClient,
    /// What the connection has not taken yet.
    outbox: Vec<u8>,
    /// What has arrived and was not read as a reply yet.
    inbox: Vec<u8>,
    /// How many bytes have arrived.
    taken: usize,
    /// How many bytes the connection has taken.
    sent: u64,
}

/// What a client hears.
pub(super) enum Received {
    Reply(Reply),
    /// What is no reply, and why.
    Garbage(String),
    /// An end of file or a reset, and no reply before it.
    Closed,
}

impl RespClient {
    pub(super) fn new(named: NamedClient) -> Self {
        Self { named, outbox: Vec::new(), inbox: Vec::new(), taken: 0, sent: 0 }
    }

    /// Sends what the connection takes now; the rest goes while something is waited for.
    pub(super) fn send(&mut self, bytes: &[u8]) {
        self.outbox.extend_from_slice(bytes);
        self.push();
    }

    /// Sends what is left, as far as the connection takes it.
    pub(super) fn push(&mut self) {
        let mut sent = 0;
        while sent < self.outbox.len() {
            match self.named.connection.send(&self.outbox[sent..]) {
                Ok(0) => break,
                Ok(count) => {
                    sent += count;
                    self.sent += count as u64;
                }
                // The server has closed: nobody is left to send it to.
                Err(_) => sent = self.outbox.len(),
            }
        }
        self.outbox.drain(..sent);
    }

    /// Takes in what has arrived.
    pub(super) fn pull(&mut self) {
        let new = self.named.connection.received_from(self.taken);
        self.taken += new.len();
        self.inbox.extend(new);
    }

    /// What has been heard by now, if it is a whole reply or will never be one.
    pub(super) fn hear(&mut self) -> Option<Received> {
        let ended = self.named.connection.ended().is_some();
        self.pull();
        self.next().or(ended.then_some(Received::Closed))
    }

    /// The next reply of what has arrived, if it is whole or will never be one.
    pub(super) fn next(&mut self) -> Option<Received> {
        match Reply::read(&self.inbox) {
            Ok(Some((reply, length))) => {
                self.inbox.drain(..length);
                Some(Received::Reply(reply))
            }
            Ok(None) => None,
            Err(why) => Some(Received::Garbage(why)),
        }
    }

    /// Whether the connection has taken everything that was to be sent.
    pub(super) fn has_sent_all(&self) -> bool {
        self.outbox.is_empty()
    }

    /// How many bytes the connection has taken.
    pub(super) fn sent(&self) -> u64 {
        self.sent
    }

    /// What has arrived and was not read as a reply.
    pub(super) fn inbox(&self) -> &[u8] {
        &self.inbox
    }

    /// The same, for a sentence.
    pub(super) fn heard(&self) -> String {
        if self.inbox.is_empty() { "an end of file".to_owned() } else { quoted(&self.inbox) }
    }

    /// Whether nothing has arrived that was not read as a reply.
    pub(super) fn has_heard_nothing(&mut self) -> bool {
        self.pull();
        self.inbox.is_empty() && self.named.connection.ended().is_none()
    }
}
