//! MULTI, EXEC, DISCARD and WATCH. The commands of a transaction are queued, and then run without
//! commands of other clients in between.

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
    // <task 8: copy the command and its arguments into the queue, and reply QUEUED>
    session.transaction.queue.push(args.into());
    reply.simple("QUEUED");
    // </task>
}

/// Records that a command could not be run or queued. If a transaction is open, its EXEC must run
/// no command.
pub fn mark_failed(session: &mut Session) {
    if session.transaction.is_open {
        // <task 8: record that EXEC must run no command>
        session.transaction.has_error = true;
        // </task>
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
    // <task 8: begin a transaction, unless one is open>
    let transaction = &mut context.session.transaction;
    if transaction.is_open {
        return Err(Error::Other("ERR MULTI calls can not be nested"));
    }
    transaction.is_open = true;
    context.reply.ok();
    Ok(())
    // </task>
}

/// `EXEC`: runs the queued commands, all of them or none.
pub fn exec(context: &mut Context<'_>, _args: Args<'_>) -> Result<(), Error> {
    // <task 8: run the queued commands, unless one was bad or a watched key changed>
    if !context.session.transaction.is_open {
        return Err(Error::Other("ERR EXEC without MULTI"));
    }
    // The transaction ends here in every case.
    let changed = has_watched_change(context);
    unwatch_all_keys(context.store, context.session);
    let Transaction { queue, has_error, .. } = mem::take(&mut context.session.transaction);
    // If a command could not be queued and also a key has changed, the error is reported.
    if has_error {
        return Err(Error::ExecAbort);
    }
    if changed {
        context.reply.nil_array();
        return Ok(());
    }
    // The reply to EXEC is an array of the replies to the commands.
    context.reply.array(queue.len());
    for queued in &queue {
        let args = queued.args();
        // Every name is in the table, because the command was found before it was queued.
        if let Some(command) = context.commands.find(&args[0]) {
            command.run(context, args);
        }
    }
    Ok(())
    // </task>
}

/// `DISCARD`: ends a transaction without running its commands.
pub fn discard(context: &mut Context<'_>, _args: Args<'_>) -> Result<(), Error> {
    // <task 8: end the transaction, and remove its queue, its error and the watches>
    if !context.session.transaction.is_open {
        return Err(Error::Other("ERR DISCARD without MULTI"));
    }
    discard_transaction(context.store, context.session);
    context.reply.ok();
    Ok(())
    // </task>
}

/// `WATCH key…`: the next EXEC runs its commands only if none of these keys has changed since
/// WATCH.
pub fn watch(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    context.session.transaction.watched_bytes += args.size();
    if context.session.transaction.watched_bytes > MAX_COMMAND {
        context.session.close_after_reply = true;
        return Err(ProtocolError::CommandTooLong.into());
    }
    // <task 8: store the last change of each key, unless a transaction is open>
    let transaction = &mut context.session.transaction;
    if transaction.is_open {
        return Err(Error::Other("ERR WATCH inside MULTI is not allowed"));
    }
    for key in args.rest(1) {
        transaction.watched.push((key.into(), context.store.watch(key)));
    }
    context.reply.ok();
    Ok(())
    // </task>
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
