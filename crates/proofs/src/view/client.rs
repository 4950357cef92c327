//! A client that a person controls.

use super::snapshot::ClientRow;
use crate::named_client::NamedClient;
use std::collections::VecDeque;
use witness::ServerClose;

/// The number of received lines that are kept.
const MAX_LINES: usize = 20;
/// The number of bytes of a received line that are kept.
const MAX_LINE: usize = 400;

/// A client, and what it has done and received.
pub(super) struct ViewClient {
    pub(super) named: NamedClient,
    pub(super) sent: u64,
    pub(super) has_half_closed: bool,
    pub(super) was_reset: bool,
    /// The number of received bytes that were sent back.
    pub(super) answered: usize,
    /// The number of received bytes that are in `lines`.
    heard: usize,
    lines: VecDeque<Vec<u8>>,
    /// Whether the last line has its newline.
    is_complete: bool,
}

impl ViewClient {
    pub(super) fn new(named: NamedClient) -> Self {
        Self {
            named,
            sent: 0,
            has_half_closed: false,
            was_reset: false,
            answered: 0,
            heard: 0,
            lines: VecDeque::new(),
            is_complete: true,
        }
    }

    /// Reads what has arrived.
    pub(super) fn receive(&mut self) {
        let bytes = self.named.connection.received_from(self.heard);
        self.heard += bytes.len();
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            if std::mem::take(&mut self.is_complete) {
                self.lines.push_back(Vec::new());
            }
            let (text, ends) = match piece.strip_suffix(b"\n") {
                Some(text) => (text, true),
                None => (piece, false),
            };
            self.is_complete = ends;
            if let Some(line) = self.lines.back_mut() {
                let room = MAX_LINE.saturating_sub(line.len()).min(text.len());
                line.extend_from_slice(&text[..room]);
            }
            while self.lines.len() > MAX_LINES {
                self.lines.pop_front();
            }
        }
    }

    pub(super) fn row(&self) -> ClientRow {
        let connection = &self.named.connection;
        let text = |line: &Vec<u8>| String::from_utf8_lossy(line).trim_end_matches('\r').to_owned();
        ClientRow {
            name: self.named.name.clone(),
            state: self.state(),
            is_open: !connection.has_left(),
            sent: self.sent,
            received: connection.bytes_received(),
            lines: self.lines.iter().map(text).collect(),
        }
    }

    fn state(&self) -> &'static str {
        let connection = &self.named.connection;
        match (connection.has_left(), connection.ended()) {
            (true, _) if self.was_reset => "reset",
            (true, _) => "closed",
            (false, Some(ServerClose::Closed)) if self.has_half_closed => {
                "half-closed, and end of file received"
            }
            (false, Some(ServerClose::Closed)) => "end of file received",
            (false, Some(ServerClose::Reset)) => "reset received",
            (false, None) if self.has_half_closed => "half-closed",
            (false, None) => "",
        }
    }
}
