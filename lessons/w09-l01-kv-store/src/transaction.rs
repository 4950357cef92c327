//! MULTI, EXEC, DISCARD and WATCH. The commands of a transaction are queued, and then run without
//! commands of other clients in between.
#![allow(unused, reason = "tasks are still to do")]

use crate::args::Args;
use crate::command::{Command, Context, NEVER_QUEUED};
use crate::error::{Error, ProtocolError};
use crate::parse::MAX_COMMAND;
use crate::reply::Reply;
use crate::session::{Session, Transaction};
use crate::store::Store;
use std::mem;

/// Whether a command has to wait for EXEC.
pub fn must_queue(session: &Session, command: &Command) -> bool {
    session.transaction.is_open && !command.has(NEVER_QUEUED)
}

/// Queues a command. EXEC runs the command. If the queue exceeds its limit, the connection is closed
/// after an error.
pub fn enqueue(session: &mut Session, args: Args<'_>, reply: &mut Reply) {
    session.transaction.queued_bytes += args.size();
    if session.transaction.queued_bytes > MAX_COMMAND {
        session.close_after_reply = true;
        return reply.error(&ProtocolError::CommandTooLong.into());
    }
    todo!("Task 8: copy the command and its arguments into the queue, and reply QUEUED")
}

/// Records that a command could not be run or queued. If a transaction is open, its EXEC must run
/// no command.
pub fn mark_failed(session: &mut Session) {
    if session.transaction.is_open {
        todo!("Task 8: record that EXEC must run no command")
    }
}

/// Replies with the error of a command that could not be run or queued. If the command is EXEC, its
/// transaction ends without running its commands.
pub fn refuse(
    store: &mut Store,
    session: &mut Session,
    (name, error): (&[u8], Error),
    reply: &mut Reply,
) {
    mark_failed(session);
    if !name.eq_ignore_ascii_case(b"EXEC") {
        return reply.error(&error);
    }
    discard_transaction(store, session);
    // As in Redis, the reason has no ERR.
    let (start, text) = (&b"EXECABORT Transaction discarded because of: "[..], error.text());
    let reason = text.strip_prefix(b"ERR ").unwrap_or(&text);
    reply.error(&Error::OtherBytes([start, reason].concat()));
}

/// `MULTI`: begins a transaction. The commands after it are queued.
pub fn multi(context: &mut Context<'_>, _args: Args<'_>) -> Result<(), Error> {
    todo!("Task 8: begin a transaction, unless one is open")
}

/// `EXEC`: runs the queued commands, all of them or none.
pub fn exec(context: &mut Context<'_>, _args: Args<'_>) -> Result<(), Error> {
    todo!("Task 8: run the queued commands, unless one was bad or a watched key changed")
}

/// `DISCARD`: ends a transaction without running its commands.
pub fn discard(context: &mut Context<'_>, _args: Args<'_>) -> Result<(), Error> {
    todo!("Task 8: end the transaction, and remove its queue, its error and the watches")
}

/// `WATCH key…`: the next EXEC runs its commands only if none of these keys has changed since
/// WATCH.
pub fn watch(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    context.session.transaction.watched_bytes += args.size();
    if context.session.transaction.watched_bytes > MAX_COMMAND {
        context.session.close_after_reply = true;
        return Err(ProtocolError::CommandTooLong.into());
    }
    todo!("Task 8: store the last change of each key, unless a transaction is open")
}

/// `UNWATCH`: ends the client's watches on all keys.
pub fn unwatch(context: &mut Context<'_>, _args: Args<'_>) -> Result<(), Error> {
    unwatch_all_keys(context.store, context.session);
    context.reply.ok();
    Ok(())
}

/// Ends the client's watches on all keys.
pub fn unwatch_all_keys(store: &mut Store, session: &mut Session) {
    session.transaction.watched_bytes = 0;
    for (key, _) in mem::take(&mut session.transaction.watched) {
        store.unwatch(&key);
    }
}

/// Ends the client's open transaction, if there is one, without running its commands. Ends the
/// client's watches on all keys.
pub fn discard_transaction(store: &mut Store, session: &mut Session) {
    unwatch_all_keys(store, session);
    session.transaction = Transaction::default();
}

fn has_watched_change(context: &mut Context<'_>) -> bool {
    let Context { store, session, .. } = context;
    session.transaction.watched.iter().any(|(key, seen)| store.has_changed(key, *seen))
}
