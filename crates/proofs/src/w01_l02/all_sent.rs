//! The criterion `all-sent`: a line of 1 MiB.

use super::client_run::{ClientRun, Setup, start};
use super::interruption::{Interrupted, has_failed};
use super::part_sent::fills_buffer;
use super::sent_line::sent_again;
use super::words::random_text;
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::log_event::ClientEvent;
use witness::{Buffers, Client, Server, ServerClose, Unobservable, WaitError};

/// The length of the line, in bytes.
const LENGTH: usize = 1 << 20;
/// The number of bytes that the slow server reads before it looks at the client again.
const READ_SIZE: usize = 64 << 10;

/// The number of bytes that the server reads before it answers them, and the number of bytes of its
/// answer that the client need not have taken when the server reads on.
const READ_AT_ONCE: usize = 16 << 10;
const MAX_UNTAKEN: usize = 64 << 10;

/// The maximum number of bytes that the library of a client may keep when it says that they are
/// sent.
pub(super) const MAX_LIBRARY_BUFFER: usize = 128 << 10;

/// What the server does with the client's bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Service {
    /// It reads nothing until the client cannot send on. The client is interrupted meanwhile. Then it
    /// reads everything, and answers.
    AnswersAtTheEnd,
    /// It answers while it reads, and does not read on while it cannot answer.
    AnswersWhileItReads,
}

/// A line of 1 MiB reaches the server whole, and its answer reaches the client whole.
pub(super) fn all_sent(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut random = context.random("all-sent");
    let text = random_text(&mut random, LENGTH);
    for service in [Service::AnswersAtTheEnd, Service::AnswersWhileItReads] {
        let setup = Setup { buffers: Buffers::Small, ..Setup::default() };
        let mut client = start(context, &setup)?;
        client.give_line(&text);
        client.run.server.end_input();
        let connection = client.wait_connected()?;
        match service {
            Service::AnswersAtTheEnd => client.read_slowly(&connection, &text)?,
            Service::AnswersWhileItReads => {
                client.run.step("the server answers each piece before it reads the next one")
            }
        }
        client.echo(&connection, &text, service)?;
    }
    Ok(())
}

impl ClientRun {
    /// Waits until the client cannot send on, interrupts it, and then reads everything.
    fn read_slowly(&mut self, connection: &Client, text: &str) -> Result<(), CheckError> {
        self.run.step("the server does not read, until the client cannot send on");
        let blocked = self.run.server.wait_idle();
        if let Err(wait_error @ WaitError::Spinning(_)) = blocked {
            return Err(self.fail(wait_error, busy_while_blocked()));
        }
        let mut unsent_when_logged = 0;
        if blocked.is_ok() {
            if self.has_logged_sent(text) {
                unsent_when_logged = self.unsent(connection, text)?;
            }
            self.interrupt(Interrupted::WhileSending)?;
        }
        self.run.step("the server reads everything");
        let mut read = 0;
        let arrived = loop {
            let before = read;
            let arrived = self.run.server.wait_for(|_| {
                read += connection.read_some(READ_SIZE);
                let is_done = read >= text.len() || connection.ended().is_some();
                Ok(is_done.then_some(()))
            });
            match arrived {
                Err(WaitError::Idle { .. }) if read > before => {}
                other => break other,
            }
        };
        if let Err(WaitError::Ended(_)) = &arrived {
            connection.wait_ended(super::client_run::END_TIME);
        }
        self.expect_whole(connection, text, arrived.err())?;
        self.expect_not_early(unsent_when_logged)
    }

    /// Checks that the client has not logged its line as sent while this many bytes were unsent.
    fn expect_not_early(&mut self, unsent: usize) -> Result<(), CheckError> {
        if unsent <= MAX_LIBRARY_BUFFER {
            return Ok(());
        }
        let failure = Failure {
            id: "sent-early",
            mistake: Some("sent-too-early"),
            summary: format!(
                "The client has logged that it has sent its line when {unsent} bytes of it were not \
                 sent."
            ),
            expected: "the line [client] sent when the last byte was sent".to_owned(),
            observed: "the line [client] sent before the server read".to_owned(),
        };
        Err(self.run.fail_now(failure))
    }

    /// Checks that the server has received the whole text.
    fn expect_whole(
        &mut self,
        connection: &Client,
        text: &str,
        wait_error: Option<WaitError>,
    ) -> Result<(), CheckError> {
        let received = connection.received();
        if received == text.as_bytes() {
            return Ok(());
        }
        let is_part = !received.is_empty() && text.as_bytes().starts_with(&received);
        let is_busy = matches!(wait_error, Some(WaitError::Spinning(_)));
        let wait_error = wait_error.or_else(|| self.ended_now());
        // A client that has ended with an error may have noticed that bytes were unsent.
        let is_silent = is_part && !is_busy && !has_failed(wait_error.as_ref());
        // A client that cuts its line at a buffer takes the part for the whole line. Otherwise the
        // kernel has taken only a part of the line at once.
        let logs_part = |event: ClientEvent<'_>| match event {
            ClientEvent::Sent(sent) => sent.as_bytes() == received,
            _ => false,
        };
        let row = match self.has_logged(logs_part) {
            false => Some("send-once"),
            true => fills_buffer(received.len()).then_some("line-cut"),
        };
        let failed = self.other_text(connection, text, wait_error);
        Err(match row {
            Some(row) if is_silent => failed.with_mistake(row),
            _ => failed,
        })
    }

    /// Sends the text back, and waits until the client has logged it.
    fn echo(
        &mut self,
        connection: &Client,
        text: &str,
        service: Service,
    ) -> Result<(), CheckError> {
        if service == Service::AnswersAtTheEnd {
            self.run.step("the server answers all bytes");
        }
        let (mut read, mut answered) = (connection.bytes_received() as usize, 0);
        let done = self.run.server.wait_for(|now| {
            // Read on only if the client has taken the answer so far, except for a part.
            let limit = taken(now, connection, answered)? + MAX_UNTAKEN;
            while answered == read && read < limit.min(text.len()) {
                match connection.read_some(READ_AT_ONCE) {
                    0 => break,
                    count => {
                        read += count;
                        answered += answer_some(connection, text, answered..read);
                    }
                }
            }
            answered += answer_some(connection, text, answered..read);
            if answered == text.len() && connection.ended() == Some(ServerClose::Closed) {
                connection.close();
            }
            let is_logged = |line: &witness::Line| is_answer(line, text);
            Ok(now.log().iter().any(is_logged).then_some(()))
        });
        let Err(wait_error) = done else { return self.expect_sent_once(connection, text) };
        let times_sent = self.times_sent(text);
        if times_sent > 1 {
            return Err(self.run.fail_now(sent_again(times_sent)));
        }
        let is_deadlock = matches!(wait_error, WaitError::Idle { .. }) && answered < text.len();
        let failure = match is_deadlock {
            true => deadlock(text, read, answered, self.logged_answer_text()),
            false => Failure {
                id: "not-received",
                summary: match has_failed(Some(&wait_error)) {
                    true => "The client ended before it had logged the whole answer.".to_owned(),
                    false => "The client does not log the whole answer.".to_owned(),
                },
                expected: format!("the client receives {} bytes", text.len()),
                observed: self.logged_answer_text(),
                ..Failure::default()
            },
        };
        let is_cut = self.logged_answer().is_some_and(|it| text.starts_with(&it));
        let error = self.fail(wait_error, failure);
        Err(if is_cut { error.depends_on("whole-reply") } else { error })
    }
}

/// The failure of a client that does not receive while it sends. The server has read `read` bytes of
/// `text`, and `answered` of these bytes.
fn deadlock(text: &str, read: usize, answered: usize, observed: String) -> Failure {
    Failure {
        id: "deadlock",
        mistake: Some("sends-all-first"),
        summary: format!(
            "The client does not take the answer while it sends: the server has read {read} of the \
             line's {total} bytes and answered {answered} of these, and each of the two waits for \
             the other.",
            total = text.len()
        ),
        expected: format!("the client receives {} bytes", text.len()),
        observed,
    }
}

/// The failure of a client that does not sleep while it cannot send. What it does is added to it.
fn busy_while_blocked() -> Failure {
    Failure {
        id: "busy",
        expected: "the client sleeps until it can send or receive".to_owned(),
        observed: "the client runs".to_owned(),
        ..Failure::default()
    }
}

/// How many of the `answered` bytes the client has taken from its kernel.
fn taken(server: &Server, connection: &Client, answered: usize) -> Result<usize, Unobservable> {
    let socket = server.connection(connection)?;
    Ok(socket.map_or(answered, |it| (it.received as usize).saturating_sub(it.unread as usize)))
}

/// Sends as many bytes of this part of the text as the kernel takes. Returns their number.
fn answer_some(connection: &Client, text: &str, part: std::ops::Range<usize>) -> usize {
    if part.is_empty() { 0 } else { connection.send(&text.as_bytes()[part]).unwrap_or(0) }
}

fn is_answer(line: &witness::Line, text: &str) -> bool {
    // The length is compared first, because the text is long.
    line.text.len() > text.len() && ClientEvent::of(line) == Some(ClientEvent::Received(text))
}
