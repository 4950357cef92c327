//! MULTI, EXEC, DISCARD and WATCH. The commands of a transaction are queued, and then run without
//! commands of other clients in between.
#![allow(unused, reason = "tasks are still to do")]

use crate::args::Args;
use crate::command::{Command, Context, NEVER_QUEUED};
use crate::error::Error;
use crate::reply::Reply;
use crate::session::{Session, Transaction};
use crate::store::Store;
use std::mem;

/// Whether a command has to wait for EXEC.
pub fn must_queue(session: &Session, command: &Command) -> bool {
    session.transaction.is_open && !command.has(NEVER_QUEUED)
}

/// Queues a command. EXEC runs the command.
pub fn enqueue(session: &mut Session, args: Args<'_>, reply: &mut Reply) {
    todo!("Task 8: copy the command and its arguments into the queue, and reply QUEUED")
}

/// Records that a command could not be run or queued. If a transaction is open, its EXEC must run
/// no command.
pub fn mark_failed(session: &mut Session) {
    if session.transaction.is_open {
        todo!("Task 8: record that EXEC must run no command")
    }
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
