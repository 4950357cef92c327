//! A test run of a key-value store. Sends commands, waits for the replies, and reports wrong
//! replies.

use super::diagnosis;
use super::resp::{Reply, command, command_text, quoted};
use super::resp_client::{Received, RespClient};
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::shared::fd_leaks::kept_socket;
use crate::shared::memory::memory;
use crate::test_run::TestRun;
use witness::{FaultInjector, Server, Socket, Unobservable, WaitError};

/// A test run of a store that listens.
pub(super) struct StoreRun {
    pub(super) run: TestRun,
    /// The index of the step that replaces commands with right replies, and the number of these
    /// commands.
    merged: Option<(usize, usize)>,
    /// The most memory that the server has used in a wait for a reply, in bytes; `None` if the
    /// check does not measure it.
    pub(super) peak_memory: Option<u64>,
}

impl StoreRun {
    /// Starts a server with the lesson's own settings.
    pub(super) fn start(context: &CheckContext<'_>) -> Result<Self, CheckError> {
        Self::start_with(context, None)
    }

    /// Starts a server. Sets REQUIREPASS if there is a `password`.
    pub(super) fn start_with(
        context: &CheckContext<'_>,
        password: Option<&str>,
    ) -> Result<Self, CheckError> {
        let mut run =
            context.launch_with(context.lesson.capacity, FaultInjector::default(), password)?;
        run.wait_listening()?;
        Ok(Self { run, merged: None, peak_memory: None })
    }

    /// Connects a new client.
    pub(super) fn connect(&mut self) -> Result<RespClient, CheckError> {
        Ok(RespClient::new(self.run.connect()?))
    }

    /// A client leaves. The server must close the client's descriptor, so that the next client can get
    /// the same place in the server's table.
    pub(super) fn leave(&mut self, client: &RespClient) -> Result<(), CheckError> {
        self.run.step(format!("{} closed", client.name()));
        client.named.connection.close();
        let Err(wait_error) = self.run.wait_released(&client.named) else { return Ok(()) };
        let failure = kept_socket(&client.named, None, wait_error.to_string());
        Err(self.run.fail(wait_error, failure).depends_on("no-fd-leak"))
    }

    /// Sends commands one after the other. Each command is a line of words, separated by spaces,
    /// and must be answered with its reply.
    pub(super) fn expect_replies(
        &mut self,
        client: &mut RespClient,
        lines: impl IntoIterator<Item = (impl AsRef<str>, Reply)>,
    ) -> Result<(), CheckError> {
        for (line, wanted) in lines {
            self.expect_reply(client, &words(line.as_ref()), wanted)?;
        }
        Ok(())
    }

    /// Sends several commands in one write. Each command must be answered with its reply.
    pub(super) fn expect_pipeline(
        &mut self,
        client: &mut RespClient,
        lines: &[(String, Reply)],
    ) -> Result<(), CheckError> {
        self.send_pipeline(client, lines)?;
        self.expect_answers(client, lines)
    }

    /// Sends several commands in one write, and does not wait for their replies.
    pub(super) fn send_pipeline(
        &mut self,
        client: &mut RespClient,
        lines: &[(String, Reply)],
    ) -> Result<(), CheckError> {
        let bytes: Vec<u8> = lines.iter().flat_map(|(line, _)| command(&words(line))).collect();
        self.send(client, &bytes)?;
        let (name, first) = (client.name(), lines.first().map_or("", |(line, _)| line));
        let text = format!("{name} sent {} commands in one write, the first {first}", lines.len());
        self.run.rewrite_step(text);
        Ok(())
    }

    /// Waits for the replies to commands that were sent in one write.
    pub(super) fn expect_answers(
        &mut self,
        client: &mut RespClient,
        lines: &[(String, Reply)],
    ) -> Result<(), CheckError> {
        for (line, wanted) in lines {
            let got = self.wait_reply(client, line, &wanted.to_string())?;
            if !got.matches(wanted) {
                let mistake = diagnosis::of_reply(&words(line), wanted, &got);
                return Err(self.wrong_reply(line, &wanted.to_string(), &got, mistake));
            }
        }
        Ok(())
    }

    /// Replaces step number `from` and all later steps by one step. These commands were answered
    /// correctly, and later steps do not depend on them.
    pub(super) fn merge_steps(&mut self, from: usize) {
        let count = self.run.step_count() - from;
        let (at, count) = match self.merged {
            Some((at, before)) if at + 1 == from => (at, before + count),
            _ => (from, count),
        };
        self.run.merge_steps(at, format!("{count} commands were answered as they should be"));
        self.merged = Some((at, count));
    }

    /// Sends one command. The server must answer with `wanted`.
    pub(super) fn expect_reply(
        &mut self,
        client: &mut RespClient,
        words: &[&[u8]],
        wanted: Reply,
    ) -> Result<(), CheckError> {
        let got = self.request(client, words, &wanted.to_string())?;
        if got.matches(&wanted) {
            self.rewrite_step(client, words, &got);
            return Ok(());
        }
        let mistake = diagnosis::of_reply(words, &wanted, &got);
        Err(self.wrong_reply(&command_text(words), &wanted.to_string(), &got, mistake))
    }

    /// Sends one command. `is_right` decides whether the reply is right, and `wanted` describes a
    /// right reply in words.
    pub(super) fn expect_reply_that(
        &mut self,
        client: &mut RespClient,
        words: &[&[u8]],
        wanted: &str,
        is_right: impl Fn(&Reply) -> bool,
    ) -> Result<(), CheckError> {
        let got = self.request(client, words, wanted)?;
        if is_right(&got) {
            self.rewrite_step(client, words, &got);
            return Ok(());
        }
        Err(self.wrong_reply(&command_text(words), wanted, &got, None))
    }

    /// Waits for the reply to `request`, which the client has already sent. The reply must be
    /// `wanted`.
    pub(super) fn expect_next_reply(
        &mut self,
        client: &mut RespClient,
        request: &str,
        wanted: &Reply,
    ) -> Result<(), CheckError> {
        let got = self.wait_reply(client, request, &wanted.to_string())?;
        match got.matches(wanted) {
            true => Ok(()),
            false => Err(self.wrong_reply(request, &wanted.to_string(), &got, None)),
        }
    }

    /// Sends one command and returns the reply.
    pub(super) fn request(
        &mut self,
        client: &mut RespClient,
        words: &[&[u8]],
        wanted: &str,
    ) -> Result<Reply, CheckError> {
        self.send(client, &command(words))?;
        self.wait_reply(client, &command_text(words), wanted)
    }

    /// Replaces the step of a command that was answered correctly. The exact bytes of the command
    /// do not matter any more.
    fn rewrite_step(&mut self, client: &RespClient, words: &[&[u8]], got: &Reply) {
        let (name, command) = (client.name(), command_text(words));
        self.run.rewrite_step(format!("{name} sent {command}, and was answered {got}"));
    }

    /// The failure of a server that answers `request` with a wrong reply.
    pub(super) fn wrong_reply(
        &mut self,
        request: &str,
        wanted: &str,
        got: &Reply,
        mistake: Option<&'static str>,
    ) -> CheckError {
        self.run.fail_now(Failure {
            id: diagnosis::WRONG_REPLY,
            mistake,
            summary: format!("{request} was answered {got}, where {wanted} belongs."),
            expected: wanted.to_owned(),
            observed: got.to_string(),
        })
    }

    /// The client sends `bytes`. This is recorded as a step.
    pub(super) fn send(&mut self, client: &mut RespClient, bytes: &[u8]) -> Result<(), CheckError> {
        client.fill_inbox();
        if !client.inbox().is_empty() {
            return Err(self.unexpected_reply(client));
        }
        self.run.step(format!("{} sent {}", client.name(), quoted(bytes)));
        client.send(bytes);
        Ok(())
    }

    /// Waits for the reply to `request`.
    pub(super) fn wait_reply(
        &mut self,
        client: &mut RespClient,
        request: &str,
        wanted: &str,
    ) -> Result<Reply, CheckError> {
        let mut id = "no-reply";
        let (wait_error, observed, summary) = match self.wait_received(client) {
            Ok(Received::Reply(reply)) => return Ok(reply),
            Ok(Received::Malformed(why)) => {
                let text = format!("The answer to {request} is no RESP reply: it {why}.");
                id = diagnosis::MALFORMED;
                (None, quoted(client.inbox()), text)
            }
            Ok(Received::Closed) => {
                let text = format!("{request} was not answered: the server closed the connection.");
                id = diagnosis::CLOSED;
                (None, "an end of file".to_owned(), text)
            }
            Err(wait_error) => {
                let (observed, summary) = match client.inbox() {
                    [] => (wait_error.to_string(), format!("{request} was not answered.")),
                    part => (
                        format!("{} and nothing after it", quoted(part)),
                        format!("{request} was not answered in full."),
                    ),
                };
                (Some(wait_error), observed, summary)
            }
        };
        let failure = Failure {
            id,
            mistake: wait_error.as_ref().and_then(|error| diagnosis::of_wait(&self.run, error)),
            summary,
            expected: wanted.to_owned(),
            observed,
        };
        Err(self.run.fail_after(wait_error, failure))
    }

    /// Waits for the next reply, for bytes that are not a reply, or for the end of the connection.
    pub(super) fn wait_received(&mut self, client: &mut RespClient) -> Result<Received, WaitError> {
        // If several replies arrived together, the next reply may already be in the inbox.
        if let Some(received) = client.parse_next() {
            return Ok(received);
        }
        let peak_memory = &mut self.peak_memory;
        self.run.server.wait_for(|now| {
            if let Some(peak) = peak_memory {
                *peak = memory(now)?.max(*peak);
            }
            client.flush();
            Ok(client.receive())
        })
    }

    /// Waits until the server has read all bytes that the client sends, or can do nothing more.
    pub(super) fn wait_read(&mut self, client: &mut RespClient) -> Result<(), CheckError> {
        let read = self.run.server.wait_for(|now| {
            client.flush();
            Ok(has_read(now, client)?.then_some(()))
        });
        match read {
            Err(WaitError::Unobservable(unseen)) => Err(unseen.into()),
            _ => Ok(()),
        }
    }

    /// Checks that the server has not ended. `mistake` is the Common Mistakes row of a server that
    /// has ended.
    pub(super) fn expect_alive(&mut self, mistake: &'static str) -> Result<(), CheckError> {
        let Err(wait_error) = self.run.check_alive() else { return Ok(()) };
        let failure = Failure {
            id: "ended",
            mistake: Some(mistake),
            summary: "The server ended.".to_owned(),
            expected: "the server runs on".to_owned(),
            observed: wait_error.to_string(),
        };
        Err(self.run.fail(wait_error, failure))
    }

    fn unexpected_reply(&mut self, client: &RespClient) -> CheckError {
        let (name, got) = (client.name(), quoted(client.inbox()));
        self.run.fail_now(Failure {
            id: "unasked-reply",
            mistake: None,
            summary: format!("{name} has its answer, and the server sends more: {got}."),
            expected: "one reply to each command".to_owned(),
            observed: got,
        })
    }
}

/// The words of a command that is written as a line.
pub(super) fn words(line: &str) -> Vec<&[u8]> {
    line.split(' ').map(str::as_bytes).collect()
}

/// Whether the server has read all bytes that the client sends, or has closed the connection.
pub(super) fn has_read(server: &Server, client: &RespClient) -> Result<bool, Unobservable> {
    let socket = server.connection(&client.named.connection)?;
    let is_left = |it: Socket| it.unread > 0 || it.received < client.sent();
    Ok(!socket.is_some_and(is_left) && client.has_sent_all())
}
