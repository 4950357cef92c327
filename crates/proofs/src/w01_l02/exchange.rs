//! The criterion `exchange`: the line goes out, and comes back.

use super::client_run::{Setup, start};
use super::words::{quoted, random_text};
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::log_event::ClientEvent;
use witness::{Input, WaitError};

/// The client sends its line without the newline, and logs what it has sent and what comes back. Its
/// standard input is a pipe, and then a terminal, in which the client must not wait for Ctrl-D.
pub(super) fn exchange(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut random = context.random("exchange");
    for input in [Input::Pipe, Input::Terminal] {
        let length = random.usize(12..30);
        exchange_line(context, input, &random_text(&mut random, length))?;
    }
    Ok(())
}

fn exchange_line(context: &CheckContext<'_>, input: Input, text: &str) -> Result<(), CheckError> {
    let mut client = start(context, &Setup { input, ..Setup::default() })?;
    client.give_line(text);
    if input == Input::Pipe {
        client.run.server.end_input();
    } else {
        client.run.rewrite_step(format!("the line {} was typed in a terminal", quoted(text)));
    }
    let connection = match client.wait_connected() {
        Err(CheckError::Blocked { cause, .. }) if input == Input::Terminal => {
            return Err(CheckError::Failed(cause).with_mistake("waits-for-ctrl-d"));
        }
        other => other?,
    };
    client.expect_text(&connection, text).map_err(|error| match input {
        Input::Terminal if connection.received().is_empty() => {
            error.with_mistake("waits-for-ctrl-d")
        }
        _ => error,
    })?;
    client.answer(&connection, text.as_bytes());
    let logged = client.wait_logged_answer(&connection, text);
    let wait_error = logged.as_ref().err().filter(|error| matches!(error, WaitError::Idle { .. }));
    if logged.is_err() {
        let waits_for_eof = wait_error.is_some() && client.logged_answer().is_none();
        let failure = Failure {
            id: "not-received",
            mistake: waits_for_eof.then_some("waits-for-eof"),
            summary: match waits_for_eof {
                true => "The whole answer has come, and the client waits for more.",
                false => "The client does not log the answer.",
            }
            .to_owned(),
            expected: format!("[client] received '{text}'"),
            observed: client.logged_answer_text(),
        };
        return Err(client.run.fail_after(logged.err(), failure));
    }
    // The client may send a byte too many after its text.
    let ended = client.wait_ended();
    connection.wait_ended(std::time::Duration::ZERO);
    if connection.received() != text.as_bytes() {
        return Err(client.other_text(&connection, text, ended.err()));
    }
    if client.has_logged(|event| event == ClientEvent::Sent(text)) {
        return Ok(());
    }
    let failure = Failure {
        id: "no-sent-line",
        mistake: Some("lines-of-text"),
        summary: "The client has sent the line, and does not log it.".to_owned(),
        expected: format!("[client] sent '{text}'"),
        observed: client.run.logged_text(),
    };
    Err(client.run.fail_after(ended.err(), failure))
}
