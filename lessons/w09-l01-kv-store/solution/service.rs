//! Runs the commands in a client's input.

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

/// The maximum number of expired keys that are removed in one iteration of the event loop. With
/// this limit, no client waits long.
const MAX_REMOVED: usize = 1000;

/// The store, the commands, and the other data that all clients share.
pub struct Service {
    store: Store,
    commands: Commands,
    /// The parser for the input of clients that have no buffer.
    parser: Parser,
    password: Option<Vec<u8>>,
    clock: Clock,
    sessions: u64,
}

/// The outcome of [`Service::feed`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeedResult {
    /// Every complete command in the input was run.
    Done,
    /// The input may have more complete commands. These commands wait until the replies are sent.
    Paused,
}

impl Service {
    /// Creates a service with an empty store. If there is a `password`, clients must send AUTH
    /// first.
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

    /// Creates a session for a client that has just connected.
    pub fn begin_session(&mut self) -> Session {
        self.sessions += 1;
        Session::new(self.sessions, self.password.is_none())
    }

    /// Ends the session of a client that has left: discards the client's transaction and the
    /// client's watches on keys.
    pub fn end_session(&mut self, mut session: Session) {
        transaction::discard_transaction(&mut self.store, &mut session);
    }

    /// Reads the clock, and removes some of the expired keys.
    pub fn tick(&mut self) {
        self.store.set_now(self.clock.now());
        self.store.remove_expired(MAX_REMOVED);
    }

    /// The number of milliseconds until the next key has expired; 0 if a key has already expired;
    /// `None` if no key expires.
    pub fn millis_until_expiry(&self) -> Option<i64> {
        // In the millisecond of its expiry time, the key still exists. In the next millisecond, it
        // has expired.
        self.store.next_expiry().map(|at| (at + 1 - self.store.now()).max(0))
    }

    /// Runs the complete commands in the session's buffer and in `input`, until `reply` is full.
    /// Stores the rest of the input in the session's buffer.
    pub fn feed(&mut self, session: &mut Session, input: &[u8], reply: &mut Reply) -> FeedResult {
        reply.set_version(session.version);
        if session.buffer.is_none() {
            self.run_input(session, input, reply);
        } else {
            self.run_buffer(session, input, reply);
        }
        // The buffer can have complete commands only if `reply` is full.
        let more = session.buffer.is_some() && reply.is_full() && !session.close_after_reply;
        if more { FeedResult::Paused } else { FeedResult::Done }
    }

    /// Runs the commands in `input` without copying them. This is the usual case: the session has
    /// no buffer.
    fn run_input(&mut self, session: &mut Session, input: &[u8], reply: &mut Reply) {
        let mut parser = mem::take(&mut self.parser);
        let done = self.run_commands(session, &mut parser, input, reply);
        if done < input.len() {
            // <task 4: store the rest of the input, and the state of the parser>
            let bytes = input[done..].to_vec();
            session.buffer = Some(Box::new(Buffer { bytes, parser: mem::take(&mut parser) }));
            // </task>
        }
        self.parser = parser;
    }

    /// Appends `input` to the session's buffer, and runs the commands in the buffer.
    fn run_buffer(&mut self, session: &mut Session, input: &[u8], reply: &mut Reply) {
        // <task 4: append the input, run the commands that are complete now, and keep the rest>
        let Some(mut buffer) = session.buffer.take() else {
            return;
        };
        buffer.bytes.extend_from_slice(input);
        let done = self.run_commands(session, &mut buffer.parser, &buffer.bytes, reply);
        if done == buffer.bytes.len() {
            return;
        }
        if done > 0 {
            // The copy frees the memory of the commands that were run.
            buffer.bytes = buffer.bytes[done..].to_vec();
        }
        session.buffer = Some(buffer);
        // </task>
    }

    /// Runs the complete commands at the start of `input`. Returns the length of these commands in
    /// bytes.
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
                    // The start of the next command cannot be found: reply with the error, and
                    // close the connection.
                    reply.error(&problem.into());
                    session.close_after_reply = true;
                }
            }
            done += parser.finish();
        }
        // After the last command of a connection, the rest of the input is discarded.
        if session.close_after_reply { input.len() } else { done }
    }

    /// Runs one command, queues it, or replies with an error.
    fn execute(&mut self, session: &mut Session, args: Args<'_>, reply: &mut Reply) {
        // An empty line and an empty array get no reply.
        let Some(name) = args.get(0) else {
            return;
        };
        // Find the command and check the arguments. If there is an error, an open transaction fails
        // at EXEC.
        let command = match self.find_command(session, name, args) {
            Ok(command) => command,
            Err(error) => {
                let refused = (name, error);
                return transaction::refuse(&mut self.store, session, refused, reply);
            }
        };
        // Between MULTI and EXEC, the command is queued.
        if transaction::must_queue(session, command) {
            return transaction::enqueue(session, args, reply);
        }
        let password = self.password.as_deref();
        let (commands, store) = (&self.commands, &mut self.store);
        let mut context = Context { commands, store, session, reply, password };
        command.run(&mut context, args);
    }

    /// Finds the command with this name.
    ///
    /// # Errors
    /// An error if there is no such command, if the number of arguments is wrong, or if the client
    /// must send AUTH first.
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
            // <task 7: refuse every command that a client may not run before AUTH>
            if !command.has(NO_AUTH) {
                return Err(Error::NoAuth);
            }
            // </task>
        }
        Ok(command)
    }
}

/// A clock that returns milliseconds since 1970 and never jumps. It reads the system clock once,
/// and after that only a monotonic clock.
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
