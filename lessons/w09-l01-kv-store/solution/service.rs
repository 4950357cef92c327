//! Takes what a client has sent, and runs the commands in it.

use crate::args::Args;
use crate::command::{Command, Commands, Context, FOR_GUESTS};
use crate::error::Error;
use crate::expiry::Millis;
use crate::parse::{Limits, Parser};
use crate::reply::Reply;
use crate::session::{Buffer, Session};
use crate::store::Store;
use crate::transaction;
use std::mem;
use std::time::{Instant, SystemTime};

/// Keys that are removed at a time once they have expired, so that no client waits long for it.
const SWEEP: usize = 1000;

/// The store, and all that serving it takes but for sockets.
pub struct Service {
    store: Store,
    commands: Commands,
    /// For input that no session has a part of yet.
    parser: Parser,
    password: Option<Vec<u8>>,
    clock: Clock,
    sessions: u64,
}

/// What became of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fed {
    /// Every command that has arrived was run.
    All,
    /// There may be more to run, once the replies are sent.
    Paused,
}

impl Service {
    /// An empty store; with a `password`, clients have to say it first.
    pub fn new(password: Option<Vec<u8>>) -> Service {
        let mut service = Service {
            store: Store::default(),
            commands: Commands::new(),
            parser: Parser::default(),
            password,
            clock: Clock::new(),
            sessions: 0,
        };
        service.store.set_now(service.clock.now());
        service
    }

    /// A session for a client that has just come.
    pub fn greet(&mut self) -> Session {
        self.sessions += 1;
        Session::new(self.sessions, self.password.is_none())
    }

    /// Forgets what a client that has left had under way.
    pub fn dismiss(&mut self, mut session: Session) {
        transaction::abandon(&mut self.store, &mut session);
    }

    /// Looks at the clock, and removes some of the keys that have expired.
    pub fn tick(&mut self) {
        self.store.set_now(self.clock.now());
        self.store.sweep(SWEEP);
    }

    /// The milliseconds until the next key expires, if one does: 0 where that is past.
    pub fn until_expiry(&self) -> Option<i64> {
        // A key lives until its time is past, hence one more.
        self.store.next_expiry().map(|at| (at + 1 - self.store.now()).max(0))
    }

    /// Runs every whole command in what was left over and `input`, as long as there is room for
    /// replies, and keeps the rest.
    pub fn feed(&mut self, session: &mut Session, input: &[u8], reply: &mut Reply) -> Fed {
        reply.speak(session.version);
        if session.buffer.is_none() {
            self.run_input(session, input, reply);
        } else {
            self.run_buffer(session, input, reply);
        }
        let more = session.buffer.is_some() && reply.is_full() && !session.closing;
        if more { Fed::Paused } else { Fed::All }
    }

    /// The usual case: nothing was left over, and the commands are run where they lie.
    fn run_input(&mut self, session: &mut Session, input: &[u8], reply: &mut Reply) {
        let mut parser = mem::take(&mut self.parser);
        let done = self.run(session, &mut parser, input, reply);
        if done < input.len() {
            // <task 3: keep what is left of the input, and how far it was parsed>
            let bytes = input[done..].to_vec();
            session.buffer = Some(Box::new(Buffer { bytes, parser: mem::take(&mut parser) }));
            // </task>
        }
        self.parser = parser;
    }

    /// What was left over comes first, and `input` is its continuation.
    fn run_buffer(&mut self, session: &mut Session, input: &[u8], reply: &mut Reply) {
        // <task 3: run what has become whole, and keep what is left of it>
        let Some(mut buffer) = session.buffer.take() else {
            return;
        };
        buffer.bytes.extend_from_slice(input);
        let done = self.run(session, &mut buffer.parser, &buffer.bytes, reply);
        if done == buffer.bytes.len() {
            return;
        }
        if done > 0 {
            // A copy takes no more memory than what is left.
            buffer.bytes = buffer.bytes[done..].to_vec();
        }
        session.buffer = Some(buffer);
        // </task>
    }

    /// Runs the whole commands at the start of `input`. Answers how many bytes they were.
    fn run(
        &mut self,
        session: &mut Session,
        parser: &mut Parser,
        input: &[u8],
        reply: &mut Reply,
    ) -> usize {
        let mut done = 0;
        while !session.closing && !reply.is_full() {
            let limits = if session.authenticated { Limits::MEMBER } else { Limits::GUEST };
            match parser.next(&input[done..], limits) {
                Ok(Some(args)) => self.execute(session, args, reply),
                Ok(None) => return done,
                Err(problem) => {
                    reply.error(&problem.into());
                    session.closing = true;
                }
            }
            done += parser.finish();
        }
        if session.closing { input.len() } else { done }
    }

    /// Runs one command, or queues it.
    fn execute(&mut self, session: &mut Session, args: Args<'_>, reply: &mut Reply) {
        let Some(name) = args.get(0) else {
            return;
        };
        let command = match self.admit(session, name, args) {
            Ok(command) => command,
            Err(error) => {
                transaction::refuse(session);
                return reply.error(&error);
            }
        };
        if transaction::queues(session, command) {
            return transaction::queue(session, command, args, reply);
        }
        let password = self.password.as_deref();
        let mut context = Context { store: &mut self.store, session, reply, password };
        command.run(&mut context, args);
    }

    /// The command of this name, if the client may run it with so many arguments.
    fn admit(
        &self,
        session: &Session,
        name: &[u8],
        args: Args<'_>,
    ) -> Result<&'static Command, Error> {
        let command = self.commands.find(name);
        let command = command.ok_or_else(|| Error::unknown_command(name, args.rest(1)))?;
        if !command.takes(args.len()) {
            return Err(Error::Arity(command.name));
        }
        if !session.authenticated {
            // <task 5: refuse what a client may not do before AUTH>
            if !command.has(FOR_GUESTS) {
                return Err(Error::NoAuth);
            }
            // </task>
        }
        Ok(command)
    }
}

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
