//! A store under proof: what it is asked, the replies that are due, and what is said of others.

use super::caller::{Caller, Heard};
use super::resp::{Reply, command};
use super::{quoted, rows};
use crate::fall::Fall;
use crate::scene::{Blame, Scene, Stage};
use witness::{Gate, Server, Socket, Stuck, Unseen};

/// A server that listens.
pub(super) struct Store {
    pub(super) scene: Scene,
    /// The step that tells of commands which were answered well, and how many.
    settled: Option<(usize, usize)>,
}

impl Store {
    /// A server with the lesson's own settings.
    pub(super) fn open(stage: &Stage<'_>) -> Result<Self, Fall> {
        Self::open_with(stage, None)
    }

    /// A server with REQUIREPASS set to `password`, if there is one.
    pub(super) fn open_with(stage: &Stage<'_>, password: Option<&str>) -> Result<Self, Fall> {
        let mut scene = stage.launch_with(stage.proof.capacity, Gate::default(), password)?;
        scene.until_listening().map_err(|fall| fall.blocks("starts"))?;
        Ok(Self { scene, settled: None })
    }

    /// A new client.
    pub(super) fn caller(&mut self) -> Result<Caller, Fall> {
        let guest = self.scene.connect()?;
        Ok(Caller::new(guest))
    }

    /// Asks commands, words apart by spaces, one after the other; each has to be answered as told.
    pub(super) fn dialogue(
        &mut self,
        caller: &mut Caller,
        lines: impl IntoIterator<Item = (&'static str, Reply)>,
    ) -> Result<(), Fall> {
        for (line, wanted) in lines {
            let words: Vec<_> = line.split(' ').map(str::as_bytes).collect();
            self.expect(caller, &words, wanted)?;
        }
        Ok(())
    }

    /// Tells the steps from number `from` on as one: what comes next does not stand on them.
    pub(super) fn settle(&mut self, from: usize) {
        let count = self.scene.steps() - from;
        let (at, count) = match self.settled {
            Some((at, before)) if at + 1 == from => (at, before + count),
            _ => (from, count),
        };
        self.scene.sum_up(at, format!("{count} commands were answered as they should be"));
        self.settled = Some((at, count));
    }

    /// Asks one command, which has to be answered with `wanted`.
    pub(super) fn expect(
        &mut self,
        caller: &mut Caller,
        words: &[&[u8]],
        wanted: Reply,
    ) -> Result<(), Fall> {
        let got = self.ask(caller, words, &wanted.to_string())?;
        if got.is(&wanted) {
            self.right(caller, words, &got);
            return Ok(());
        }
        let row = rows::of_reply(words, &wanted, &got);
        Err(self.wrong(&shown(words), &wanted.to_string(), &got, row))
    }

    /// Asks one command, whose answer has to be what `wanted` says in words.
    pub(super) fn expect_that(
        &mut self,
        caller: &mut Caller,
        words: &[&[u8]],
        wanted: &str,
        is_right: impl Fn(&Reply) -> bool,
    ) -> Result<(), Fall> {
        let got = self.ask(caller, words, wanted)?;
        if is_right(&got) {
            self.right(caller, words, &got);
            return Ok(());
        }
        Err(self.wrong(&shown(words), wanted, &got, None))
    }

    /// Asks one command; its answer, whatever it is.
    pub(super) fn ask(
        &mut self,
        caller: &mut Caller,
        words: &[&[u8]],
        wanted: &str,
    ) -> Result<Reply, Fall> {
        self.say(caller, &command(words))?;
        self.reply(caller, &shown(words), wanted)
    }

    /// What was asked last has been answered well: its bytes are of no interest any more.
    fn right(&mut self, caller: &Caller, words: &[&[u8]], got: &Reply) {
        let name = &caller.guest.name;
        self.scene.retell(format!("{name} sent {}, and was answered {got}", shown(words)));
    }

    /// The failure of a server that answers what was `asked` with something else.
    pub(super) fn wrong(
        &mut self,
        asked: &str,
        wanted: &str,
        got: &Reply,
        mistake: Option<&'static str>,
    ) -> Fall {
        self.scene.refute(Blame {
            id: rows::WRONG_REPLY,
            mistake,
            summary: format!("{asked} was answered {got}, where {wanted} belongs."),
            expected: wanted.to_owned(),
            observed: got.to_string(),
        })
    }

    /// The client sends `bytes`, as a step of its own.
    pub(super) fn say(&mut self, caller: &mut Caller, bytes: &[u8]) -> Result<(), Fall> {
        caller.pull();
        if !caller.inbox().is_empty() {
            return Err(self.unasked(caller));
        }
        self.scene.step(format!("{} sent {}", caller.guest.name, quoted(bytes)));
        caller.send(bytes);
        Ok(())
    }

    /// The next reply, which is due to what `asked` names.
    pub(super) fn reply(
        &mut self,
        caller: &mut Caller,
        asked: &str,
        wanted: &str,
    ) -> Result<Reply, Fall> {
        let (stuck, observed, summary) = match self.hear(caller) {
            Ok(Heard::Reply(reply)) => return Ok(reply),
            Ok(Heard::Garbage(why)) => {
                let got = quoted(caller.inbox());
                (None, got, format!("What answers {asked} is no RESP reply: it {why}."))
            }
            Ok(Heard::Closed) => {
                let text = format!("{asked} was not answered: the server closed the connection.");
                (None, "an end of file".to_owned(), text)
            }
            Err(stuck) => {
                let observed = match caller.inbox() {
                    [] => stuck.to_string(),
                    part => format!("{} and nothing after it", quoted(part)),
                };
                (Some(stuck), observed, format!("{asked} was not answered in full."))
            }
        };
        let mistake = stuck.as_ref().and_then(|stuck| rows::of_rest(&self.scene, stuck));
        let expected = wanted.to_owned();
        let blame = Blame { id: "no-reply", mistake, summary, expected, observed };
        Err(match stuck {
            Some(stuck) => self.scene.fail(stuck, blame),
            None => self.scene.refute(blame),
        })
    }

    /// Waits for the next reply, or for what comes in its place.
    pub(super) fn hear(&mut self, caller: &mut Caller) -> Result<Heard, Stuck> {
        if let Some(heard) = caller.next() {
            return Ok(heard); // of many replies that came at once
        }
        self.scene.server.until(|_| {
            caller.push();
            Ok(caller.hear())
        })
    }

    /// Waits until the server has read all that `caller` sends, or rests without it.
    pub(super) fn until_read(&mut self, caller: &mut Caller) -> Result<(), Fall> {
        let read = self.scene.server.until(|now| {
            caller.push();
            Ok(has_read(now, caller)?.then_some(()))
        });
        match read {
            Err(Stuck::Unseen(unseen)) => Err(unseen.into()),
            _ => Ok(()),
        }
    }

    /// The server is still there after what was done to it last; `row` explains one that is not.
    pub(super) fn survives(&mut self, row: &'static str) -> Result<(), Fall> {
        let Err(stuck) = self.scene.still_runs() else { return Ok(()) };
        let blame = Blame {
            id: "ended",
            mistake: Some(row),
            summary: "The server ended.".to_owned(),
            expected: "the server goes on".to_owned(),
            observed: stuck.to_string(),
        };
        Err(self.scene.fail(stuck, blame))
    }

    fn unasked(&mut self, caller: &Caller) -> Fall {
        let (name, got) = (&caller.guest.name, quoted(caller.inbox()));
        self.scene.refute(Blame {
            id: "unasked-reply",
            mistake: None,
            summary: format!("{name} has its answer, and the server sends more: {got}."),
            expected: "one reply to each command".to_owned(),
            observed: got,
        })
    }
}

/// Whether the server has read all that `caller` sends, as far as it is still connected.
pub(super) fn has_read(server: &Server, caller: &Caller) -> Result<bool, Unseen> {
    let socket = server.connection(&caller.guest.client)?;
    let is_left = |it: Socket| it.unread > 0 || it.received < caller.sent();
    Ok(!socket.is_some_and(is_left) && caller.has_sent_all())
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
