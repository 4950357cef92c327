//! Runs the commands in a client's input.
#![allow(unused, reason = "tasks are still to do")]

use crate::args::Args;
use crate::command::{Command, Commands, Context, NO_AUTH};
use crate::command_table::TABLE;
use crate::error::Error;
use crate::expiry::Millis;
use crate::parse::{Limits, Parser};
use crate::reply::Reply;
use crate::session::{Buffer, Session};
use crate::store::Store;
use crate::transaction;
use std::mem;
use std::time::{Instant, SystemTime};

/// The most expired keys that are removed in one turn of the event loop, so that no client waits
/// long.
const MAX_REMOVED: usize = 1000;

/// The store, and all that its service needs, except sockets.
pub struct Service {
    store: Store,
    commands: Commands,
    /// Parses the input of clients that have no buffer.
    parser: Parser,
    password: Option<Vec<u8>>,
    clock: Clock,
    sessions: u64,
}

/// The outcome of [`Service::feed`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeedResult {
    /// Every command that has arrived was run.
    Done,
    /// More commands may have arrived. They wait until the replies are sent.
    Paused,
}

impl Service {
    /// A service with an empty store. With a `password`, clients must send AUTH first.
    pub fn new(password: Option<Vec<u8>>) -> Service {
        let mut service = Service {
            store: Store::default(),
            commands: Commands::new(TABLE),
            parser: Parser::default(),
            password,
            clock: Clock::new(),
            sessions: 0,
        };
        service.store.set_now(service.clock.now());
        service
    }

    /// A session for a client that has just connected.
    pub fn begin_session(&mut self) -> Session {
        self.sessions += 1;
        Session::new(self.sessions, self.password.is_none())
    }

    /// Ends the session of a client that has left: its transaction, and its watch on keys.
    pub fn end_session(&mut self, mut session: Session) {
        transaction::discard_transaction(&mut self.store, &mut session);
    }

    /// Reads the clock, and removes some of the expired keys.
    pub fn tick(&mut self) {
        self.store.set_now(self.clock.now());
        self.store.remove_expired(MAX_REMOVED);
    }

    /// The milliseconds until the next key expires, 0 where its time is past already; `None` where no
    /// key expires.
    pub fn millis_until_expiry(&self) -> Option<i64> {
        // The key is still there in the millisecond of its expiry, and gone in the next.
        self.store.next_expiry().map(|at| (at + 1 - self.store.now()).max(0))
    }

    /// Runs the whole commands in the session's buffer and `input`, until `reply` is full. Keeps the
    /// rest of the input in the session's buffer.
    pub fn feed(&mut self, session: &mut Session, input: &[u8], reply: &mut Reply) -> FeedResult {
        reply.set_version(session.version);
        if session.buffer.is_none() {
            self.run_input(session, input, reply);
        } else {
            self.run_buffer(session, input, reply);
        }
        // The buffer holds whole commands only where the replies were full.
        let more = session.buffer.is_some() && reply.is_full() && !session.close_after_reply;
        if more { FeedResult::Paused } else { FeedResult::Done }
    }

    /// The usual case: the session has no buffer, and the commands are run where they lie in `input`.
    fn run_input(&mut self, session: &mut Session, input: &[u8], reply: &mut Reply) {
        let mut parser = mem::take(&mut self.parser);
        let done = self.run_commands(session, &mut parser, input, reply);
        if done < input.len() {
            todo!("Task 5: keep the rest of the input, and how far it was parsed")
        }
        self.parser = parser;
    }

    /// Appends `input` to the session's buffer, and runs the commands there.
    fn run_buffer(&mut self, session: &mut Session, input: &[u8], reply: &mut Reply) {
        todo!("Task 5: append the input, run the commands that are complete now, and keep the rest")
    }

    /// Runs the whole commands at the start of `input`. Returns their length in bytes.
    fn run_commands(
        &mut self,
        session: &mut Session,
        parser: &mut Parser,
        input: &[u8],
        reply: &mut Reply,
    ) -> usize {
        let mut done = 0;
        while !session.close_after_reply && !reply.is_full() {
            let limits =
                if session.authenticated { Limits::AUTHENTICATED } else { Limits::UNAUTHENTICATED };
            match parser.next(&input[done..], limits) {
                Ok(Some(args)) => self.execute(session, args, reply),
                Ok(None) => return done,
                Err(problem) => {
                    // The next command cannot be found: reply with the error, and close.
                    reply.error(&problem.into());
                    session.close_after_reply = true;
                }
            }
            done += parser.finish();
        }
        // Input after the last command of a connection is thrown away.
        if session.close_after_reply { input.len() } else { done }
    }

    /// Runs one command, queues it, or replies with an error.
    fn execute(&mut self, session: &mut Session, args: Args<'_>, reply: &mut Reply) {
        // An empty line and an empty array get no reply.
        let Some(name) = args.get(0) else {
            return;
        };
        // Find the command and check it. An error spoils an open transaction.
        let command = match self.find_command(session, name, args) {
            Ok(command) => command,
            Err(error) => {
                transaction::mark_failed(session);
                return reply.error(&error);
            }
        };
        // Between MULTI and EXEC the command waits.
        if transaction::must_queue(session, command) {
            return transaction::enqueue(session, args, reply);
        }
        let password = self.password.as_deref();
        let (commands, store) = (&self.commands, &mut self.store);
        let mut context = Context { commands, store, session, reply, password };
        command.run(&mut context, args);
    }

    /// The command of this name.
    ///
    /// # Errors
    /// There is no such command, the number of arguments is wrong, or the client must send AUTH
    /// first.
    fn find_command(
        &self,
        session: &Session,
        name: &[u8],
        args: Args<'_>,
    ) -> Result<&'static Command, Error> {
        let command = self.commands.find(name);
        let command = command.ok_or_else(|| Error::unknown_command(name, args.rest(1)))?;
        if !command.accepts(args.len()) {
            return Err(Error::Arity(command.name));
        }
        if !session.authenticated {
            todo!("Task 7: refuse every command that a client may not run before AUTH")
        }
        Ok(command)
    }
}

/// A clock in milliseconds since 1970 that never jumps: it reads the system's clock once, and a
/// monotonic clock after that.
struct Clock {
    started: Instant,
    started_at: Millis,
}

impl Clock {
    fn new() -> Clock {
        let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let started_at = since_1970.map_or(0, |elapsed| elapsed.as_millis() as Millis);
        Clock { started: Instant::now(), started_at }
    }

    fn now(&self) -> Millis {
        self.started_at + self.started.elapsed().as_millis() as Millis
    }
}
