//! The table of commands: what each is called, how many words it takes, and who runs it.

use crate::args::Args;
use crate::error::Error;
use crate::reply::Reply;
use crate::session::Session;
use crate::store::Store;
use crate::{admin, keys, lists, login, strings, transaction};
use foldhash::fast::RandomState;
use std::collections::HashMap;

/// What a command works on, and where its reply goes.
pub struct Context<'a> {
    /// All keys.
    pub store: &'a mut Store,
    /// The client that asks.
    pub session: &'a mut Session,
    /// Its replies.
    pub reply: &'a mut Reply,
    /// What a client has to say first, if anything.
    pub password: Option<&'a [u8]>,
}

/// A command writes one reply and succeeds, or has written none and answers the error.
pub type Run = fn(&mut Context<'_>, Args<'_>) -> Result<(), Error>;

/// One command.
#[derive(Debug)]
pub struct Command {
    /// In small letters; clients may write it in any.
    pub name: &'static str,
    /// How many words, the name included; below 0, so many at least.
    words: i32,
    flags: u8,
    run: Run,
}

/// A flag: it may be run before AUTH.
pub const FOR_GUESTS: u8 = 1;
/// A flag: it is run at once between MULTI and EXEC.
pub const NEVER_QUEUED: u8 = 2;

impl Command {
    const fn new(name: &'static str, words: i32, run: Run) -> Command {
        Command { name, words, flags: 0, run }
    }

    const fn with(self, flags: u8) -> Command {
        Command { flags, ..self }
    }

    /// Whether it has this flag.
    pub fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// Whether it can have so many words, its name included.
    pub fn takes(&self, words: usize) -> bool {
        let least = self.words.unsigned_abs() as usize;
        words == least || (self.words < 0 && words > least)
    }

    /// Runs it, and writes its reply.
    pub fn run(&self, context: &mut Context<'_>, args: Args<'_>) {
        if let Err(error) = (self.run)(context, args) {
            context.reply.error(&error);
        }
    }
}

/// Every command, in the order of the modules that run them.
pub const TABLE: &[Command] = &[
    Command::new("auth", -2, login::auth).with(FOR_GUESTS),
    Command::new("hello", -1, login::hello).with(FOR_GUESTS),
    Command::new("quit", -1, admin::quit).with(FOR_GUESTS | NEVER_QUEUED),
    Command::new("reset", 1, admin::reset).with(FOR_GUESTS | NEVER_QUEUED),
    Command::new("ping", -1, admin::ping),
    Command::new("echo", 2, admin::echo),
    Command::new("select", 2, admin::select),
    Command::new("client", -2, admin::client),
    Command::new("command", -1, admin::command),
    Command::new("config", -2, admin::config),
    Command::new("info", -1, admin::info),
    Command::new("multi", 1, transaction::multi).with(NEVER_QUEUED),
    Command::new("exec", 1, transaction::exec).with(NEVER_QUEUED),
    Command::new("discard", 1, transaction::discard).with(NEVER_QUEUED),
    Command::new("watch", -2, transaction::watch).with(NEVER_QUEUED),
    Command::new("unwatch", 1, transaction::unwatch_all),
    Command::new("get", 2, strings::get),
    Command::new("set", -3, strings::set),
    Command::new("setnx", 3, strings::setnx),
    Command::new("setex", 4, strings::setex),
    Command::new("psetex", 4, strings::psetex),
    Command::new("getset", 3, strings::getset),
    Command::new("mget", -2, strings::mget),
    Command::new("mset", -3, strings::mset),
    Command::new("append", 3, strings::append),
    Command::new("strlen", 2, strings::strlen),
    Command::new("incr", 2, strings::incr),
    Command::new("decr", 2, strings::decr),
    Command::new("incrby", 3, strings::incrby),
    Command::new("decrby", 3, strings::decrby),
    Command::new("del", -2, keys::del),
    Command::new("exists", -2, keys::exists),
    Command::new("type", 2, keys::kind),
    Command::new("keys", 2, keys::keys),
    Command::new("dbsize", 1, keys::dbsize),
    Command::new("flushdb", -1, keys::flush),
    Command::new("flushall", -1, keys::flush),
    Command::new("expire", -3, keys::expire),
    Command::new("pexpire", -3, keys::pexpire),
    Command::new("ttl", 2, keys::ttl),
    Command::new("pttl", 2, keys::pttl),
    Command::new("persist", 2, keys::persist),
    Command::new("lpush", -3, lists::lpush),
    Command::new("rpush", -3, lists::rpush),
    Command::new("lpop", -2, lists::lpop),
    Command::new("rpop", -2, lists::rpop),
    Command::new("llen", 2, lists::llen),
    Command::new("lrange", 4, lists::lrange),
];

/// Longer than any name, in bytes.
const NAME: usize = size_of::<u128>();

/// The table, to be looked up by name.
pub struct Commands {
    by_name: HashMap<u128, &'static Command, RandomState>,
}

impl Commands {
    /// All of [`TABLE`].
    pub fn new() -> Commands {
        let named = |command: &'static Command| Some((key(command.name.as_bytes())?, command));
        Commands { by_name: TABLE.iter().filter_map(named).collect() }
    }

    /// The command of this name, in capitals or not.
    pub fn find(&self, name: &[u8]) -> Option<&'static Command> {
        self.by_name.get(&key(name)?).copied()
    }
}

impl Default for Commands {
    fn default() -> Self {
        Commands::new()
    }
}

/// A name in small letters, as one number: it is looked up without being copied in memory.
fn key(name: &[u8]) -> Option<u128> {
    let append = |key, byte: &u8| key << 8 | u128::from(byte.to_ascii_lowercase());
    // After a 1, zeros in front are a part of the name.
    (name.len() < NAME).then(|| name.iter().fold(1, append))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_found() {
        let commands = Commands::new();
        for command in TABLE {
            let found = commands.find(command.name.to_ascii_uppercase().as_bytes()).unwrap();
            assert_eq!(found.name, command.name);
        }
    }

    #[test]
    fn nothing_else_is_found() {
        let commands = Commands::new();
        for name in
            [&b""[..], b"GE", b"GET\0", b"\0GET", b"GETTT", b"a name that is longer than any other"]
        {
            assert!(commands.find(name).is_none(), "{name:?}");
        }
    }

    #[test]
    fn words_are_exactly_or_at_least() {
        let exactly = Command::new("x", 2, admin::echo);
        assert!(!exactly.takes(1) && exactly.takes(2) && !exactly.takes(3));
        let at_least = Command::new("x", -2, admin::echo);
        assert!(!at_least.takes(1) && at_least.takes(2) && at_least.takes(3));
    }
}
