//! The table of commands: the name, the arity, the flags and the handler of each command.

use crate::command::{Command, NEVER_QUEUED, NO_AUTH};
use crate::{admin, keys, lists, login, strings, transaction};

/// All commands, in the order of the modules of their handlers.
pub const TABLE: &[Command] = &[
    Command::new("auth", -2, login::auth).with(NO_AUTH),
    Command::new("hello", -1, login::hello).with(NO_AUTH),
    Command::new("quit", -1, admin::quit).with(NO_AUTH | NEVER_QUEUED),
    Command::new("reset", 1, admin::reset).with(NO_AUTH | NEVER_QUEUED),
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
    Command::new("unwatch", 1, transaction::unwatch),
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
    Command::new("type", 2, keys::type_of),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::Commands;

    #[test]
    fn every_command_is_found() {
        let commands = Commands::new(TABLE);
        assert_eq!(commands.count(), TABLE.len());
        for command in TABLE {
            let found = commands.find(command.name.to_ascii_uppercase().as_bytes()).unwrap();
            assert_eq!(found.name, command.name);
        }
    }

    #[test]
    fn nothing_else_is_found() {
        let commands = Commands::new(TABLE);
        for name in
            [&b""[..], b"GE", b"GET\0", b"\0GET", b"GETTT", b"a name that is longer than any other"]
        {
            assert!(commands.find(name).is_none(), "{name:?}");
        }
    }
}
