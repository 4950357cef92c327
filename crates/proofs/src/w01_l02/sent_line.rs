//! The line `[client] sent`, which the client logs once, with its whole line.

use super::client_run::ClientRun;
use crate::check_error::{CheckError, Failure};
use crate::log_event::ClientEvent;
use witness::{Client, ServerClose};

impl ClientRun {
    /// How often the client has logged that it has sent the whole line.
    pub(super) fn times_sent(&self, text: &str) -> usize {
        self.events().iter().filter(|event| **event == ClientEvent::Sent(text)).count()
    }

    /// Waits until the client has logged its whole line as sent, and checks that it has logged
    /// nothing else of the line. A client may log its line after the answer, as two threads do.
    pub(super) fn expect_sent_once(
        &mut self,
        connection: &Client,
        text: &str,
    ) -> Result<(), CheckError> {
        let logged = self.run.server.wait_for(|now| {
            if connection.ended() == Some(ServerClose::Closed) {
                connection.close();
            }
            let mut events = now.log().iter().filter_map(ClientEvent::of);
            Ok(events.any(|event| event == ClientEvent::Sent(text)).then_some(()))
        });
        let parts = self.parts_sent(text);
        let times = self.times_sent(text);
        let summary = match (&parts[..], times) {
            ([], 1) => return Ok(()),
            ([], 0) => "The client has sent the line, and does not log it whole.".to_owned(),
            ([], _) => return Err(self.run.fail_now(sent_again(times))),
            ([part], 0) => format!(
                "The client has sent the line, and the text of its line [client] sent has {part} of \
                 the {} bytes.",
                text.len()
            ),
            _ => {
                format!("The client logs {} lines [client] sent for one line.", parts.len() + times)
            }
        };
        let failure = Failure {
            id: "sent-in-part",
            summary,
            expected: format!("one line [client] sent, with {} bytes of text", text.len()),
            observed: observed_text(&parts, times),
            ..Failure::default()
        };
        let is_missing = parts.is_empty();
        let error = self.run.fail_after(logged.err(), failure);
        Err(if is_missing { error.depends_on("exchange") } else { error })
    }

    /// The lengths of the texts that the client has logged as sent and that are a part of `text`.
    /// Other texts are the author's own lines, for instance about the progress.
    fn parts_sent(&self, text: &str) -> Vec<usize> {
        let events = self.events().into_iter();
        let part = |event| match event {
            ClientEvent::Sent(part) if part != text => {
                let part = part.trim_start_matches('\'');
                (!part.is_empty() && text.contains(part)).then_some(part.len())
            }
            _ => None,
        };
        events.filter_map(part).collect()
    }
}

/// What the client has logged as sent, for a sentence.
fn observed_text(parts: &[usize], times: usize) -> String {
    /// The maximum number of lengths that are shown.
    const SHOWN: usize = 5;
    let lengths: Vec<_> = parts.iter().take(SHOWN).map(usize::to_string).collect();
    let more = if parts.len() > SHOWN { " …" } else { "" };
    match parts {
        [] => format!("{times} lines [client] sent with the whole text"),
        _ => format!(
            "{times} lines [client] sent with the whole text, and {} with {}{more} bytes of it",
            parts.len(),
            lengths.join(", ")
        ),
    }
}

/// The failure of a client that has logged more than once that it has sent its line. Not all that it
/// has logged is kept.
pub(super) fn sent_again(times: usize) -> Failure {
    Failure {
        id: "sent-again",
        summary: format!("The client logs {times} times or more that it has sent its line."),
        expected: "one line [client] sent, and one line [client] received".to_owned(),
        observed: format!("the part of the log that is kept has {times} lines [client] sent"),
        ..Failure::default()
    }
}
