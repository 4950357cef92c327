//! The criterion `exchange`: the line goes out, and comes back.

use super::client_run::{ClientRun, Setup, start};
use super::interruption::has_failed;
use super::words::{quoted, random_text, unusual_text};
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::log_event::ClientEvent;
use std::time::Duration;
use witness::{Client, Input, WaitError};

/// A line that has only blanks and a tab.
const BLANKS: &str = " \t  ";
/// The longest time-out of a sleeping client that the check waits for: half of the time of a
/// criterion.
const MAX_TIMEOUT: Duration = Duration::from_secs(5);

/// What a client finds on its standard input.
struct Given<'a> {
    input: Input,
    text: &'a str,
    /// A line after the client's line.
    next: Option<&'a str>,
    /// Whether the line comes in two pieces.
    in_pieces: bool,
}

/// The client sends its line without the newline, and logs what it has sent and what comes back. Its
/// standard input is a pipe, and then a terminal, in which the client must not wait for Ctrl-D. Then
/// its line has characters that a client could interpret or leave out. At last, its line comes in two
/// pieces, as from a program that writes a line with two calls.
pub(super) fn exchange(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut random = context.random("exchange");
    for input in [Input::Pipe, Input::Terminal] {
        let length = random.usize(12..30);
        let text = random_text(&mut random, length);
        exchange_line(context, &Given { input, text: &text, next: None, in_pieces: false })?;
    }
    let (unusual, next) = (unusual_text(&mut random), random_text(&mut random, 12));
    for (text, next) in [(&unusual[..], Some(&next[..])), ("0", None), ("-n", None), (BLANKS, None)]
    {
        exchange_line(context, &Given { input: Input::Pipe, text, next, in_pieces: false })?;
    }
    let text = random_text(&mut random, 20);
    exchange_line(context, &Given { input: Input::Pipe, text: &text, next: None, in_pieces: true })
}

fn exchange_line(context: &CheckContext<'_>, given: &Given<'_>) -> Result<(), CheckError> {
    let &Given { input, text, next, in_pieces } = given;
    let mut client = start(context, &Setup { input, ..Setup::default() })?;
    match next {
        Some(next) => client.give_two_lines(text, next),
        None if in_pieces => client.give_line_in_pieces(text),
        None => client.give_line(text),
    }
    if input == Input::Pipe {
        client.run.server.end_input();
    } else {
        client.run.rewrite_step(format!("the line {} was typed in a terminal", quoted(text)));
    }
    let row = row_of_unsent(given);
    let connection = match (client.wait_connected(), row) {
        (Err(CheckError::Blocked { cause, .. }), Some(row)) => {
            return Err(CheckError::Failed(cause).with_mistake(row));
        }
        (other, _) => other?,
    };
    client.expect_text(&connection, text).map_err(|error| match row {
        Some(row) if connection.received().is_empty() => error.with_mistake(row),
        _ => error,
    })?;
    // Once: a client may wait again and again, each time with a time-out.
    if input == Input::Terminal {
        client.wait_for_timeout(text)?;
    }
    client.expect_no_error_yet(text)?;
    client.answer(&connection, text.as_bytes());
    client.expect_answer_logged(&connection, text)?;
    // The client may send a byte too many after its text.
    let ended = client.wait_ended();
    connection.wait_ended(Duration::ZERO);
    if connection.received() != text.as_bytes() {
        return Err(client.other_text(&connection, text, ended.err()));
    }
    client.expect_sent_logged(text, ended.err())
}

/// The row of a client that sends nothing of this line, and has sent the lines before.
fn row_of_unsent(given: &Given<'_>) -> Option<&'static str> {
    match given.text {
        _ if given.input == Input::Terminal => Some("waits-for-ctrl-d"),
        "0" => Some("zero-is-nothing"),
        BLANKS => Some("blanks-cut"),
        _ => None,
    }
}

impl ClientRun {
    /// If the client sleeps in a call with a time-out, waits until this time is over: a server may
    /// answer later. Other clients cost no time.
    fn wait_for_timeout(&mut self, text: &str) -> Result<(), CheckError> {
        if self.run.server.wait_idle().is_err() {
            return Ok(());
        }
        let Some(timeout) = self.run.server.timeout_of_sleep()?.filter(|it| *it <= MAX_TIMEOUT)
        else {
            return Ok(());
        };
        let seconds = timeout.as_secs_f64();
        self.run.step(format!(
            "the server does not answer for {seconds:.1} s, the time-out of the call in which the \
             client sleeps"
        ));
        let Ok(exit) = self.run.server.wait_ended(timeout + Duration::from_secs(1)) else {
            return Ok(());
        };
        let failure = Failure {
            id: "gave-up",
            mistake: Some("gives-up"),
            summary: format!(
                "The server has not answered for {seconds:.1} s, and the client ends."
            ),
            expected: format!("the client waits for the answer {}", quoted(text)),
            ..Failure::default()
        };
        Err(self.fail(WaitError::Ended(exit), failure))
    }

    /// Checks that the client has not ended with an error after it has sent its line: what the server
    /// answers is not the reason then.
    fn expect_no_error_yet(&mut self, text: &str) -> Result<(), CheckError> {
        let Some(wait_error) = self.ended_now().filter(|it| has_failed(Some(it))) else {
            return Ok(());
        };
        let failure = Failure {
            id: "ended-early",
            summary: "The client ended before the server answered.".to_owned(),
            expected: format!("[client] received '{text}'"),
            observed: self.logged_answer_text(),
            ..Failure::default()
        };
        Err(self.fail(wait_error, failure))
    }

    fn expect_answer_logged(&mut self, connection: &Client, text: &str) -> Result<(), CheckError> {
        let Err(wait_error) = self.wait_logged_answer(connection, text) else { return Ok(()) };
        let is_idle = matches!(wait_error, WaitError::Idle { .. });
        let (mistake, summary) = match self.logged_answer() {
            None if is_idle => {
                (Some("waits-for-eof"), "The whole answer has come, and the client waits for more.")
            }
            None => (None, "The client does not log the answer."),
            Some(_) => (None, "The client logs another text than the answer that has come."),
        };
        let failure = Failure {
            id: "not-received",
            mistake,
            summary: summary.to_owned(),
            expected: format!("[client] received '{text}'"),
            observed: self.logged_answer_text(),
        };
        Err(self.fail(wait_error, failure))
    }

    fn expect_sent_logged(
        &mut self,
        text: &str,
        wait_error: Option<WaitError>,
    ) -> Result<(), CheckError> {
        if self.has_logged_sent(text) {
            return Ok(());
        }
        let has_other = self.has_logged(|event| matches!(event, ClientEvent::Sent(_)));
        let failure = Failure {
            id: "no-sent-line",
            mistake: (!has_other).then_some("lines-of-text"),
            summary: match has_other {
                true => "The client has sent the line, and logs another text as sent.",
                false => "The client has sent the line, and does not log it.",
            }
            .to_owned(),
            expected: format!("[client] sent '{text}'"),
            observed: self.run.logged_text(),
        };
        Err(self.run.fail_after(wait_error, failure))
    }
}
