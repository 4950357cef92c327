//! The server that the check plays: it receives the client's bytes, and answers when and as the check
//! wants.

use super::client_run::{ClientRun, END_TIME};
use super::interruption::has_failed;
use super::words;
use crate::check_error::{CheckError, Failure};
use crate::log_event::ClientEvent;
use witness::{Client, ServerClose, WaitError};

/// A client whose buffer has this size at most takes a longer line for no line, or for a part of one.
const LONGEST_OF_BUFFERS: usize = 32 << 10;

impl ClientRun {
    /// Waits until `total` bytes of the client have arrived at the server, or the client has ended
    /// the connection.
    pub(super) fn wait_arrived(
        &mut self,
        connection: &Client,
        total: usize,
    ) -> Result<(), WaitError> {
        let arrived = self.run.server.wait_for(|_| {
            let is_done = connection.received().len() >= total || connection.ended().is_some();
            Ok(is_done.then_some(()))
        });
        match arrived {
            // The last bytes of a client that has ended may still be on their way.
            Err(WaitError::Ended(exit)) => {
                connection.wait_ended(END_TIME);
                let has_come = connection.received().len() >= total;
                if has_come { Ok(()) } else { Err(WaitError::Ended(exit)) }
            }
            other => other,
        }
    }

    /// Waits until the server has received exactly the text of the client's line.
    pub(super) fn expect_text(
        &mut self,
        connection: &Client,
        text: &str,
    ) -> Result<(), CheckError> {
        let arrived = self.wait_arrived(connection, text.len());
        let received = connection.received();
        if arrived.is_ok() && received == text.as_bytes() {
            return Ok(());
        }
        Err(self.other_text(connection, text, arrived.err()))
    }

    /// The failure of a client that has sent other bytes than the text of its line.
    pub(super) fn other_text(
        &mut self,
        connection: &Client,
        text: &str,
        wait_error: Option<WaitError>,
    ) -> CheckError {
        let received = connection.received();
        let is_blank_cut = is_without_end_blanks(text, &received);
        if !received.is_empty()
            && !is_blank_cut
            && received.len() < text.len()
            && text.as_bytes().starts_with(&received)
        {
            return self.part_sent(connection, (text, &received), wait_error);
        }
        let with = |end: &str| received == [text.as_bytes(), end.as_bytes()].concat();
        let (id, mistake, summary) = if with("\n") || with("\r\n") {
            ("newline-sent", Some("newline-sent"), "The client sends the newline along.")
        } else if with("\0") {
            ("nul-sent", Some("nul-sent"), "The client sends the NUL after its text along.")
        } else if self.has_sent_next_line(text, &received) {
            let summary = "The client sends the second line of standard input as well.";
            ("second-line", Some("second-line-sent"), summary)
        } else if is_blank_cut {
            let summary =
                "The client leaves out blanks and tabs at the beginning or the end of its line.";
            ("blanks-cut", Some("blanks-cut"), summary)
        } else if received.is_empty() && has_failed(wait_error.as_ref()) {
            ("not-sent", None, "The client ended before it had sent a byte of its line.")
        } else if received.is_empty() && text == "0" {
            let summary = "The client does not send the line \"0\".";
            ("not-sent", Some("zero-is-nothing"), summary)
        } else if received.is_empty() && text.len() > LONGEST_OF_BUFFERS {
            ("not-sent", Some("line-cut"), "The client does not send its line, which is long.")
        } else if received.is_empty() {
            ("not-sent", None, "The client does not send its line.")
        } else {
            ("other-text", None, "The client sends other bytes than those of its line.")
        };
        let failure = Failure {
            id,
            mistake,
            summary: summary.to_owned(),
            expected: format!("the server receives {}", words::quoted(text)),
            observed: format!("the server received {}", words::bytes(&received)),
        };
        self.run.fail_after(wait_error, failure)
    }

    /// Whether the server has received the client's text and then the next line of standard input.
    fn has_sent_next_line(&self, text: &str, received: &[u8]) -> bool {
        let rest = received.strip_prefix(text.as_bytes()).unwrap_or_default();
        self.next_line.as_ref().is_some_and(|next| rest.trim_ascii() == next.as_bytes())
    }

    /// The number of bytes of `text` that are neither at the server nor in a buffer of the kernel:
    /// the client has not sent them yet. 0 if the client has no connection any more.
    pub(super) fn unsent(&self, connection: &Client, text: &str) -> Result<usize, CheckError> {
        let Some(socket) = self.run.server.connection(connection)? else { return Ok(0) };
        let at_server = connection.bytes_received() + connection.unread();
        let taken = at_server as usize + socket.unacknowledged as usize;
        Ok(text.len().saturating_sub(taken))
    }

    /// Whether the client has logged that it has sent its line.
    pub(super) fn has_logged_sent(&self, text: &str) -> bool {
        self.has_logged(|event| event == ClientEvent::Sent(text))
    }

    /// Sends bytes to the client, all at once, and records this as a step.
    pub(super) fn answer(&mut self, connection: &Client, bytes: &[u8]) {
        self.run.step(format!("the server answered {}", words::bytes(bytes)));
        // A client that has ended receives nothing.
        let _ = connection.send(bytes);
    }

    /// Waits until the client has logged that it has received `text`. The server closes the
    /// connection when the client has shut down its side: such a client waits for the end of file.
    pub(super) fn wait_logged_answer(
        &mut self,
        connection: &Client,
        text: &str,
    ) -> Result<(), WaitError> {
        self.wait_answer_line(connection, |logged| logged == text)
    }

    /// Like [`wait_logged_answer`](Self::wait_logged_answer), for a text for which `is_right` holds.
    pub(super) fn wait_answer_line(
        &mut self,
        connection: &Client,
        is_right: impl Fn(&str) -> bool,
    ) -> Result<(), WaitError> {
        self.run.server.wait_for(|now| {
            if connection.ended() == Some(ServerClose::Closed) {
                connection.close();
            }
            let mut events = now.log().iter().filter_map(ClientEvent::of);
            let is_logged =
                events.any(|event| matches!(event, ClientEvent::Received(it) if is_right(it)));
            Ok(is_logged.then_some(()))
        })
    }

    /// The last text that the client has logged as received.
    pub(super) fn logged_answer(&self) -> Option<String> {
        self.events().into_iter().rev().find_map(|event| match event {
            ClientEvent::Received(text) => Some(text.to_owned()),
            _ => None,
        })
    }

    /// What the client has logged of the answer, for a sentence.
    pub(super) fn logged_answer_text(&self) -> String {
        match self.logged_answer() {
            Some(text) => format!("[client] received {}", words::quoted(&text)),
            None => "no line [client] received".to_owned(),
        }
    }
}

/// Whether `received` is `text` without the blanks and tabs at its beginning, at its end, or at both.
fn is_without_end_blanks(text: &str, received: &[u8]) -> bool {
    let cut = [text.trim(), text.trim_start(), text.trim_end()];
    received != text.as_bytes() && cut.iter().any(|it| it.as_bytes() == received)
}
