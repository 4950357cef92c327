//! The type of a command, the context that a command runs in, and the lookup of commands by name.

use crate::args::Args;
use crate::error::Error;
use crate::reply::Reply;
use crate::session::Session;
use crate::store::Store;
use foldhash::fast::RandomState;
use std::collections::HashMap;

/// The data that a command reads and changes, and the buffer for its reply.
pub struct Context<'a> {
    /// All commands of the server.
    pub commands: &'a Commands,
    /// All keys and their values.
    pub store: &'a mut Store,
    /// The session of the client that sent the command.
    pub session: &'a mut Session,
    /// The replies to the client that sent the command.
    pub reply: &'a mut Reply,
    /// The password that a client must send with AUTH; `None` if the server has no password.
    pub password: Option<&'a [u8]>,
}

/// A function that runs a command. It writes one reply and returns `Ok`, or it writes nothing and
/// returns an error.
pub type Handler = fn(&mut Context<'_>, Args<'_>) -> Result<(), Error>;

/// One command.
#[derive(Debug)]
pub struct Command {
    /// The name in lower case. A client may send the name in upper case or in lower case.
    pub name: &'static str,
    /// The number of arguments, including the name. A negative number is a minimum: -2 means two or
    /// more arguments.
    arity: i32,
    flags: u8,
    handler: Handler,
}

/// A flag: a client may send the command before AUTH.
pub const NO_AUTH: u8 = 1;
/// A flag: the command runs immediately, even between MULTI and EXEC.
pub const NEVER_QUEUED: u8 = 2;

impl Command {
    /// A command without flags. `arity` includes the name; a negative `arity` is a minimum.
    pub const fn new(name: &'static str, arity: i32, handler: Handler) -> Command {
        Command { name, arity, flags: 0, handler }
    }

    /// Returns the same command with these flags.
    pub const fn with(self, flags: u8) -> Command {
        Command { flags, ..self }
    }

    /// Whether the command has this flag.
    pub fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// Whether the command accepts this number of arguments, including the name.
    pub fn accepts(&self, count: usize) -> bool {
        let least = self.arity.unsigned_abs() as usize;
        count == least || (self.arity < 0 && count > least)
    }

    /// Runs the command, and writes its reply or its error.
    pub fn run(&self, context: &mut Context<'_>, args: Args<'_>) {
        if let Err(error) = (self.handler)(context, args) {
            context.reply.error(&error);
        }
    }
}

/// The name of a command must be shorter than this number of bytes.
const MAX_NAME: usize = size_of::<u128>();

/// A map from names to commands.
pub struct Commands {
    by_name: HashMap<u128, &'static Command, RandomState>,
}

impl Commands {
    /// Creates the map of all commands in `table`.
    pub fn new(table: &'static [Command]) -> Commands {
        let named = |command: &'static Command| Some((key(command.name.as_bytes())?, command));
        Commands { by_name: table.iter().filter_map(named).collect() }
    }

    /// The command with this name. The case of letters is ignored.
    pub fn find(&self, name: &[u8]) -> Option<&'static Command> {
        self.by_name.get(&key(name)?).copied()
    }

    /// The number of commands.
    pub fn count(&self) -> usize {
        self.by_name.len()
    }
}

/// Converts a name to lower case and to one number. With a number as the key, a lookup copies no
/// bytes.
fn key(name: &[u8]) -> Option<u128> {
    let append = |key, byte: &u8| key << 8 | u128::from(byte.to_ascii_lowercase());
    // The number begins with a 1. Therefore a name with leading NUL bytes differs from the name
    // without these bytes.
    (name.len() < MAX_NAME).then(|| name.iter().fold(1, append))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn do_nothing(_: &mut Context<'_>, _: Args<'_>) -> Result<(), Error> {
        Ok(())
    }

    #[test]
    fn an_arity_is_exact_or_a_minimum() {
        let exact = Command::new("x", 2, do_nothing);
        assert!(!exact.accepts(1) && exact.accepts(2) && !exact.accepts(3));
        let minimum = Command::new("x", -2, do_nothing);
        assert!(!minimum.accepts(1) && minimum.accepts(2) && minimum.accepts(3));
    }
}
