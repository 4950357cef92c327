//! A store under proof: what it is asked, the replies that are due, and what is said of others.

use super::resp::{Reply, command};
use super::resp_client::{Received, RespClient};
use super::{diagnosis, quoted};
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::test_run::TestRun;
use witness::{Gate, Server, Socket, Stuck, Unseen};

/// A server that listens.
pub(super) struct StoreRun {
    pub(super) run: TestRun,
    /// The step that tells of commands which were answered well, and how many.
    settled: Option<(usize, usize)>,
}

impl StoreRun {
    /// A server with the lesson's own settings.
    pub(super) fn open(context: &CheckContext<'_>) -> Result<Self, CheckError> {
        Self::open_with(context, None)
    }

    /// A server with REQUIREPASS set to `password`, if there is one.
    pub(super) fn open_with(
        context: &CheckContext<'_>,
        password: Option<&str>,
    ) -> Result<Self, CheckError> {
        let mut run = context.launch_with(context.lesson.capacity, Gate::default(), password)?;
        run.wait_listening()?;
        Ok(Self { run, settled: None })
    }

    /// A new client.
    pub(super) fn client(&mut self) -> Result<RespClient, CheckError> {
        let named = self.run.connect()?;
        Ok(RespClient::new(named))
    }

    /// Asks commands, words apart by spaces, one after the other; each has to be answered as told.
    pub(super) fn dialogue(
        &mut self,
        client: &mut RespClient,
        lines: impl IntoIterator<Item = (&'static str, Reply)>,
    ) -> Result<(), CheckError> {
        for (line, wanted) in lines {
            let words: Vec<_> = line.split(' ').map(str::as_bytes).collect();
            self.expect(client, &words, wanted)?;
        }
        Ok(())
    }

    /// Tells the steps from number `from` on as one: what comes next does not stand on them.
    pub(super) fn settle(&mut self, from: usize) {
        let count = self.run.step_count() - from;
        let (at, count) = match self.settled {
            Some((at, before)) if at + 1 == from => (at, before + count),
            _ => (from, count),
        };
        self.run.merge_steps(at, format!("{count} commands were answered as they should be"));
        self.settled = Some((at, count));
    }

    /// Asks one command, which has to be answered with `wanted`.
    pub(super) fn expect(
        &mut self,
        client: &mut RespClient,
        words: &[&[u8]],
        wanted: Reply,
    ) -> Result<(), CheckError> {
        let got = self.ask(client, words, &wanted.to_string())?;
        if got.is(&wanted) {
            self.right(client, words, &got);
            return Ok(());
        }
        let mistake = diagnosis::of_reply(words, &wanted, &got);
        Err(self.wrong(&shown(words), &wanted.to_string(), &got, mistake))
    }

    /// Asks one command, whose answer has to be what `wanted` says in words.
    pub(super) fn expect_that(
        &mut self,
        client: &mut RespClient,
        words: &[&[u8]],
        wanted: &str,
        is_right: impl Fn(&Reply) -> bool,
    ) -> Result<(), CheckError> {
        let got = self.ask(client, words, wanted)?;
        if is_right(&got) {
            self.right(client, words, &got);
            return Ok(());
        }
        Err(self.wrong(&shown(words), wanted, &got, None))
    }

    /// Asks one command; its answer, whatever it is.
    pub(super) fn ask(
        &mut self,
        client: &mut RespClient,
        words: &[&[u8]],
        wanted: &str,
    ) -> Result<Reply, CheckError> {
        self.say(client, &command(words))?;
        self.reply(client, &shown(words), wanted)
    }

    /// What was asked last has been answered well: its bytes are of no interest any more.
    fn right(&mut self, client: &RespClient, words: &[&[u8]], got: &Reply) {
        let name = &client.named.name;
        self.run.rewrite_step(format!("{name} sent {}, and was answered {got}", shown(words)));
    }

    /// The failure of a server that answers what was `asked` with something else.
    pub(super) fn wrong(
        &mut self,
        asked: &str,
        wanted: &str,
        got: &Reply,
        mistake: Option<&'static str>,
    ) -> CheckError {
        self.run.fail_now(Failure {
            id: diagnosis::WRONG_REPLY,
            mistake,
            summary: format!("{asked} was answered {got}, where {wanted} belongs."),
            expected: wanted.to_owned(),
            observed: got.to_string(),
        })
    }

    /// The client sends `bytes`, as a step of its own.
    pub(super) fn say(&mut self, client: &mut RespClient, bytes: &[u8]) -> Result<(), CheckError> {
        client.pull();
        if !client.inbox().is_empty() {
            return Err(self.unasked(client));
        }
        self.run.step(format!("{} sent {}", client.named.name, quoted(bytes)));
        client.send(bytes);
        Ok(())
    }

    /// The next reply, which is due to what `asked` names.
    pub(super) fn reply(
        &mut self,
        client: &mut RespClient,
        asked: &str,
        wanted: &str,
    ) -> Result<Reply, CheckError> {
        let (wait_error, observed, summary) = match self.hear(client) {
            Ok(Received::Reply(reply)) => return Ok(reply),
            Ok(Received::Garbage(why)) => {
                let got = quoted(client.inbox());
                (None, got, format!("What answers {asked} is no RESP reply: it {why}."))
            }
            Ok(Received::Closed) => {
                let text = format!("{asked} was not answered: the server closed the connection.");
                (None, "an end of file".to_owned(), text)
            }
            Err(wait_error) => {
                let observed = match client.inbox() {
                    [] => wait_error.to_string(),
                    part => format!("{} and nothing after it", quoted(part)),
                };
                (Some(wait_error), observed, format!("{asked} was not answered in full."))
            }
        };
        let mistake =
            wait_error.as_ref().and_then(|wait_error| diagnosis::of_rest(&self.run, wait_error));
        let expected = wanted.to_owned();
        let failure = Failure { id: "no-reply", mistake, summary, expected, observed };
        Err(match wait_error {
            Some(wait_error) => self.run.fail(wait_error, failure),
            None => self.run.fail_now(failure),
        })
    }

    /// Waits for the next reply, or for what comes in its place.
    pub(super) fn hear(&mut self, client: &mut RespClient) -> Result<Received, Stuck> {
        if let Some(heard) = client.next() {
            return Ok(heard); // of many replies that came at once
        }
        self.run.server.until(|_| {
            client.push();
            Ok(client.hear())
        })
    }

    /// Waits until the server has read all that `caller` sends, or rests without it.
    pub(super) fn until_read(&mut self, client: &mut RespClient) -> Result<(), CheckError> {
        let read = self.run.server.until(|now| {
            client.push();
            Ok(has_read(now, client)?.then_some(()))
        });
        match read {
            Err(Stuck::Unseen(unseen)) => Err(unseen.into()),
            _ => Ok(()),
        }
    }

    /// The server is still there after what was done to it last; `row` explains one that is not.
    pub(super) fn survives(&mut self, mistake: &'static str) -> Result<(), CheckError> {
        let Err(wait_error) = self.run.check_alive() else { return Ok(()) };
        let failure = Failure {
            id: "ended",
            mistake: Some(mistake),
            summary: "The server ended.".to_owned(),
            expected: "the server goes on".to_owned(),
            observed: wait_error.to_string(),
        };
        Err(self.run.fail(wait_error, failure))
    }

    fn unasked(&mut self, client: &RespClient) -> CheckError {
        let (name, got) = (&client.named.name, quoted(client.inbox()));
        self.run.fail_now(Failure {
            id: "unasked-reply",
            mistake: None,
            summary: format!("{name} has its answer, and the server sends more: {got}."),
            expected: "one reply to each command".to_owned(),
            observed: got,
        })
    }
}

/// Whether the server has read all that `caller` sends, as far as it is still connected.
pub(super) fn has_read(server: &Server, client: &RespClient) -> Result<bool, Unseen> {
    let socket = server.connection(&client.named.connection)?;
    let is_left = |it: Socket| it.unread > 0 || it.received < client.sent();
    Ok(!socket.is_some_and(is_left) && client.has_sent_all())
}

/// A command as a person types it.
pub(super) fn shown(words: &[&[u8]]) -> String {
    let plain = |word: &[u8]| !word.is_empty() && word.iter().all(u8::is_ascii_graphic);
    let shown = words.iter().map(|word| match word {
        word if plain(word) && word.len() <= 40 => word.escape_ascii().to_string(),
        word => quoted(word),
    });
    shown.collect::<Vec<_>>().join(" ")
}
