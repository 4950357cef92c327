//! Commands about the connection and the server. Client libraries send some of them right after
//! they connect.

use crate::args::Args;
use crate::command::Context;
use crate::error::Error;
use crate::reply::Version;
use crate::{glob, number, transaction};

/// The Redis version that this server reports. Client libraries choose their commands by this
/// version.
const VERSION: &str = "7.0.0";

/// `PING [message]`: replies with PONG, or with the message if there is a message.
pub fn ping(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    match (args.len(), args.get(1)) {
        (1, _) => context.reply.simple("PONG"),
        (2, Some(message)) => context.reply.bulk(message),
        _ => return Err(Error::Arity("ping")),
    }
    Ok(())
}

/// `ECHO message`: replies with the message.
pub fn echo(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    context.reply.bulk(&args[1]);
    Ok(())
}

/// `QUIT`: replies with OK. The connection is closed when the reply is sent.
pub fn quit(context: &mut Context<'_>, _args: Args<'_>) -> Result<(), Error> {
    context.session.close_after_reply = true;
    context.reply.ok();
    Ok(())
}

/// `RESET`: puts the session into the state of a new connection.
pub fn reset(context: &mut Context<'_>, _args: Args<'_>) -> Result<(), Error> {
    transaction::discard_transaction(context.store, context.session);
    context.session.authenticated = context.password.is_none();
    context.session.name = Box::default();
    set_version(context, Version::Resp2);
    context.reply.simple("RESET");
    Ok(())
}

/// `SELECT index`: only database 0 exists.
pub fn select(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    match number::parse(&args[1]) {
        Some(0) => context.reply.ok(),
        Some(_) => return Err(Error::Other("ERR DB index is out of range")),
        None => return Err(Error::NotAnInteger),
    }
    Ok(())
}

const CLIENT_HELP: [&str; 8] = [
    "GETNAME",
    "    Return the name of the current connection.",
    "ID",
    "    Return the ID of the current connection.",
    "SETINFO <option> <value>",
    "    Accept the name or the version of a client library.",
    "SETNAME <name>",
    "    Assign the name <name> to the current connection.",
];

/// `CLIENT SETNAME | GETNAME | ID | SETINFO | HELP`
pub fn client(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    match () {
        () if args.is(1, "SETNAME") => {
            let name = args.get(2).filter(|_| args.len() == 3);
            set_name(context, name.ok_or(Error::Arity("client|setname"))?)?;
            context.reply.ok();
        }
        () if args.is(1, "GETNAME") => {
            let name = Some(&*context.session.name).filter(|name| !name.is_empty());
            context.reply.bulk_or_nil(name);
        }
        () if args.is(1, "ID") => context.reply.integer(context.session.id as i64),
        () if args.is(1, "SETINFO") => context.reply.ok(),
        () if args.is(1, "HELP") => help(context, "CLIENT", &CLIENT_HELP),
        () => return Err(Error::unknown_subcommand("CLIENT", &args[1])),
    }
    Ok(())
}

/// Sets the version of RESP for all later replies to the client.
pub fn set_version(context: &mut Context<'_>, version: Version) {
    context.session.version = version;
    context.reply.set_version(version);
}

/// Sets the client's name.
///
/// # Errors
/// An error if the name has blanks, control characters or bytes that are not ASCII.
pub fn set_name(context: &mut Context<'_>, name: &[u8]) -> Result<(), Error> {
    if !name.iter().all(u8::is_ascii_graphic) {
        let text = "ERR Client names cannot contain spaces, newlines or special characters.";
        return Err(Error::Other(text));
    }
    context.session.name = name.into();
    Ok(())
}

/// Replies with the subcommands of `command`. Each of them is followed by a line that describes it.
fn help(context: &mut Context<'_>, command: &str, lines: &[&str]) {
    context.reply.array(lines.len() + 3);
    let first = "<subcommand> [<arg> [value] [opt] ...]. Subcommands are:";
    context.reply.simple(&format!("{command} {first}"));
    for line in lines.iter().chain(&["HELP", "    Print this help."]) {
        context.reply.simple(line);
    }
}

const COMMAND_HELP: [&str; 6] = [
    "(no subcommand)",
    "    Return details about all commands: none.",
    "COUNT",
    "    Return the total number of commands.",
    "DOCS [<command-name> ...]",
    "    Return documentation details about commands: none.",
];

/// `COMMAND`, `COMMAND COUNT | DOCS | HELP`: the replied list of commands is empty. Client
/// libraries accept an empty list.
pub fn command(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    match () {
        () if args.len() == 1 || args.is(1, "DOCS") => context.reply.array(0),
        () if args.is(1, "COUNT") => context.reply.integer(context.commands.count() as i64),
        () if args.is(1, "HELP") => help(context, "COMMAND", &COMMAND_HELP),
        () => return Err(Error::unknown_subcommand("COMMAND", &args[1])),
    }
    Ok(())
}

const CONFIG_HELP: [&str; 2] =
    ["GET <pattern>", "    Return parameters matching the glob-like <pattern> and their values."];

/// `CONFIG GET pattern…`: replies with the few settings that client libraries ask for. `CONFIG
/// HELP`: replies with the subcommands.
pub fn config(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    if args.is(1, "HELP") && args.len() == 2 {
        help(context, "CONFIG", &CONFIG_HELP);
        return Ok(());
    }
    if !args.is(1, "GET") {
        return Err(Error::unknown_subcommand("CONFIG", &args[1]));
    }
    if args.len() < 3 {
        return Err(Error::Arity("config|get"));
    }
    let settings = [("appendonly", "no"), ("databases", "1"), ("save", "")];
    let is_asked = |name: &str| args.rest(2).any(|pattern| glob::matches(pattern, name.as_bytes()));
    let found: Vec<_> = settings.iter().filter(|(name, _)| is_asked(name)).collect();
    context.reply.map(found.len());
    for (name, value) in found {
        context.reply.bulk(name.as_bytes());
        context.reply.bulk(value.as_bytes());
    }
    Ok(())
}

/// `INFO [section…]`: replies with the same text for every section.
pub fn info(context: &mut Context<'_>, _args: Args<'_>) -> Result<(), Error> {
    let keys = context.store.count();
    let text = format!(
        "# Server\r\nredis_version:{VERSION}\r\nredis_mode:standalone\r\n\r\n\
         # Replication\r\nrole:master\r\n\r\n\
         # Keyspace\r\ndb0:keys={keys}\r\n"
    );
    context.reply.bulk(text.as_bytes());
    Ok(())
}

/// Writes the reply to HELLO: a map that describes the server and the connection.
pub fn write_hello_reply(context: &mut Context<'_>) {
    let (id, version) = (context.session.id as i64, context.session.version as i64);
    let reply = &mut *context.reply;
    reply.map(7);
    for (name, value) in [("server", "redis"), ("version", VERSION)] {
        reply.bulk(name.as_bytes());
        reply.bulk(value.as_bytes());
    }
    for (name, value) in [("proto", version), ("id", id)] {
        reply.bulk(name.as_bytes());
        reply.integer(value);
    }
    for (name, value) in [("mode", "standalone"), ("role", "master")] {
        reply.bulk(name.as_bytes());
        reply.bulk(value.as_bytes());
    }
    reply.bulk(b"modules");
    reply.array(0);
}
