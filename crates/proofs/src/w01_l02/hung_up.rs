//! The criterion `hung-up`: the server ends the connection too early.

use super::all_sent::MAX_LIBRARY_BUFFER;
use super::client_run::{ClientRun, Setup, start};
use super::words::random_text;
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::test_run::diagnosis;
use witness::{Buffers, Client, Exit, WaitError};

/// When, and how, the server ends the connection.
#[derive(Clone, Copy, PartialEq, Eq)]
enum HangUp {
    /// With a FIN and then a RST, before the client has its line.
    BeforeTheLine,
    /// With a FIN, when it has received the line.
    WithoutAnswer,
    /// With a FIN, in the middle of the answer.
    CloseInTheMiddle,
    /// With a RST, in the middle of the answer.
    ResetInTheMiddle,
    /// With a RST, when the client has sent a part of a long line and cannot send on.
    ResetWhileSending,
}

/// The length of the line of [`HangUp::ResetWhileSending`], in bytes. It is more than the kernel and a
/// library keep.
const LONG_LINE: usize = 768 << 10;

/// When the server ends the connection before the whole answer has come, the client says so on
/// standard error, and ends with a status other than 0. SIGPIPE does not end it.
pub(super) fn hung_up(context: &CheckContext<'_>) -> Result<(), CheckError> {
    use HangUp::*;
    let mut random = context.random("hung-up");
    for hang_up in [WithoutAnswer, CloseInTheMiddle, ResetInTheMiddle, BeforeTheLine] {
        let mut client = start(context, &Setup::default())?;
        client.hang_up(hang_up, &random_text(&mut random, 20))?;
    }
    let text = random_text(&mut random, 64).repeat(LONG_LINE / 64);
    let setup = Setup { buffers: Buffers::Small, ..Setup::default() };
    start(context, &setup)?.reset_while_sending(&text)
}

impl ClientRun {
    fn hang_up(&mut self, hang_up: HangUp, text: &str) -> Result<(), CheckError> {
        let half = text.len() / 2;
        let connection = match hang_up {
            HangUp::BeforeTheLine => self.connect_before_line(text)?,
            _ => {
                self.give_line(text);
                self.run.server.end_input();
                let connection = self.wait_connected()?;
                self.expect_text(&connection, text).map_err(|it| it.depends_on("exchange"))?;
                connection
            }
        };
        match hang_up {
            HangUp::BeforeTheLine | HangUp::ResetWhileSending => {}
            HangUp::WithoutAnswer => {
                self.run.step("the server closed the connection");
                connection.close();
            }
            HangUp::CloseInTheMiddle | HangUp::ResetInTheMiddle => {
                self.answer(&connection, &text.as_bytes()[..half]);
                // The client takes this part first: a reset discards what was not read.
                let _ = self.run.server.wait_idle();
                if hang_up == HangUp::CloseInTheMiddle {
                    self.run.step("the server closed the connection");
                    connection.close();
                } else {
                    self.run.step("the server reset the connection");
                    connection.reset();
                }
            }
        }
        self.expect_said_so(hang_up)
    }

    /// Ends the connection as soon as there is one. The client gets its line afterwards, unless it
    /// reads the line before it connects.
    fn connect_before_line(&mut self, text: &str) -> Result<Client, CheckError> {
        let waits = self.run.server.wait_for(|now| Ok((!now.accepted().is_empty()).then_some(())));
        let is_idle = matches!(waits, Err(WaitError::Idle { .. }));
        if is_idle {
            self.give_line(text);
        }
        let connection = self.wait_connected()?;
        self.run.step("the server closed and reset the connection");
        // The kernel answers EPIPE after both, and only ECONNRESET after a RST alone (tcp_reset() in
        // net/ipv4/tcp_input.c).
        connection.half_close();
        connection.reset();
        if !is_idle {
            // The reset arrives before the client can send.
            let _ = self.run.server.wait_idle();
            self.give_line(text);
        }
        self.run.server.end_input();
        Ok(connection)
    }

    /// Resets the connection when the client cannot send on. The line was not sent then, and the client
    /// must not have logged that it was. What the client logs after the reset is not checked: Node.js
    /// reports a write as successful if the connection was lost meanwhile.
    fn reset_while_sending(&mut self, text: &str) -> Result<(), CheckError> {
        self.give_line(text);
        self.run.server.end_input();
        let connection = self.wait_connected()?;
        self.run.step("the server does not read, until the client cannot send on");
        let is_blocked = self.run.server.wait_idle().is_ok();
        let unsent = if is_blocked { self.unsent(&connection, text)? } else { 0 };
        let is_early = unsent > MAX_LIBRARY_BUFFER && self.has_logged_sent(text);
        self.run.step("the server reset the connection");
        connection.reset();
        self.expect_said_so(HangUp::ResetWhileSending)?;
        if !is_early {
            return Ok(());
        }
        let failure = Failure {
            id: "sent-early",
            mistake: Some("sent-too-early"),
            summary: format!(
                "The server does not read, and {unsent} bytes of the line are not sent. The client has \
                 logged that it has sent the line."
            ),
            expected: "no line [client] sent".to_owned(),
            observed: self.run.logged_text(),
        };
        // A client that does not send its whole line fails all-sent.
        Err(self.run.fail_now(failure).depends_on("all-sent"))
    }

    fn expect_said_so(&mut self, hang_up: HangUp) -> Result<(), CheckError> {
        let ended = self.wait_ended();
        let when = match hang_up {
            HangUp::BeforeTheLine => "The server has ended the connection before the line was sent",
            HangUp::WithoutAnswer => "The server has closed the connection without an answer",
            HangUp::CloseInTheMiddle => {
                "The server has closed the connection in the middle of its answer"
            }
            HangUp::ResetInTheMiddle => {
                "The server has reset the connection in the middle of its answer"
            }
            HangUp::ResetWhileSending => {
                "The server has reset the connection while the client was sending"
            }
        };
        let is_silent = self.run.server.stderr().trim().is_empty();
        let (id, mistake, what) = match &ended {
            Ok(Exit::Status(0)) => {
                ("status-zero", Some("eof-is-success"), "the client ends with status 0")
            }
            Ok(Exit::Status(_)) if !is_silent => return Ok(()),
            Ok(Exit::Status(_)) => {
                ("silent", Some("silent-hang-up"), "the client says nothing on standard error")
            }
            Ok(Exit::Signal(signal)) if signal.0 == libc::SIGPIPE => {
                ("sigpipe", Some("sigpipe"), "SIGPIPE ends the client")
            }
            Ok(_) => ("killed", None, "the client does not end by itself"),
            Err(WaitError::Spinning(sample)) => {
                let row = diagnosis::of_busy_client(sample).filter(|row| *row == "spins-on-eof");
                ("spins", row, "the client reads again and again")
            }
            Err(_) => ("runs-on", None, "the client does not end"),
        };
        let failure = Failure {
            id,
            mistake,
            summary: format!("{when}, and {what}."),
            expected: "a line on standard error, and a status other than 0".to_owned(),
            observed: String::new(),
        };
        let wait_error = ended.map(WaitError::Ended).unwrap_or_else(|wait_error| wait_error);
        Err(self.fail(wait_error, failure))
    }
}
