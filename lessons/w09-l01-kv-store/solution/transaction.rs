//! MULTI, EXEC, DISCARD, WATCH: commands that wait for each other, and run without interruption.

use crate::args::{Args, Kept};
use crate::command::{Command, Context, NEVER_QUEUED};
use crate::error::Error;
use crate::reply::Reply;
use crate::session::Session;
use crate::store::Store;
use crate::watched::Change;
use std::mem;

/// What a client has queued since MULTI, and the keys that it watches.
#[derive(Debug, Default)]
pub struct Transaction {
    /// `None` outside of a transaction.
    queue: Option<Vec<(&'static Command, Kept)>>,
    /// Whether a command could not be queued, so that EXEC must not run the others.
    broken: bool,
    /// Each with the last change of it that the client knows of.
    watched: Vec<(Box<[u8]>, Change)>,
}

/// Whether a command is to wait for EXEC.
pub fn queues(session: &Session, command: &Command) -> bool {
    session.transaction.queue.is_some() && !command.has(NEVER_QUEUED)
}

/// Has a command wait for EXEC.
pub fn queue(session: &mut Session, command: &'static Command, args: Args<'_>, reply: &mut Reply) {
    // <task 6: keep the command and its arguments, and say QUEUED>
    if let Some(queue) = &mut session.transaction.queue {
        queue.push((command, args.into()));
        reply.simple("QUEUED");
    }
    // </task>
}

/// A command could not be run or queued: in a transaction, that spoils all of it.
pub fn refuse(session: &mut Session) {
    if session.transaction.queue.is_some() {
        // <task 6: note that EXEC must refuse>
        session.transaction.broken = true;
        // </task>
    }
}

/// `MULTI`: from here on, commands wait.
pub fn multi(context: &mut Context<'_>, _args: Args<'_>) -> Result<(), Error> {
    // <task 6: begin a transaction, unless there is one>
    let transaction = &mut context.session.transaction;
    if transaction.queue.is_some() {
        return Err(Error::Other("ERR MULTI calls can not be nested"));
    }
    transaction.queue = Some(Vec::new());
    context.reply.ok();
    Ok(())
    // </task>
}

/// `EXEC`: runs what has waited, all of it or nothing.
pub fn exec(context: &mut Context<'_>, _args: Args<'_>) -> Result<(), Error> {
    // <task 6: run what is queued, unless it is spoilt or a watched key has changed>
    let Some(queue) = context.session.transaction.queue.take() else {
        return Err(Error::Other("ERR EXEC without MULTI"));
    };
    let broken = mem::take(&mut context.session.transaction.broken);
    let changed = has_watched_change(context);
    unwatch(context.store, context.session);
    if broken {
        return Err(Error::ExecAbort);
    }
    if changed {
        context.reply.nil_array();
        return Ok(());
    }
    context.reply.array(queue.len());
    for (command, kept) in &queue {
        command.run(context, kept.args());
    }
    Ok(())
    // </task>
}

/// `DISCARD`: forgets what has waited.
pub fn discard(context: &mut Context<'_>, _args: Args<'_>) -> Result<(), Error> {
    // <task 6: leave the transaction as if it had never begun>
    if context.session.transaction.queue.is_none() {
        return Err(Error::Other("ERR DISCARD without MULTI"));
    }
    abandon(context.store, context.session);
    context.reply.ok();
    Ok(())
    // </task>
}

/// `WATCH key…`: EXEC runs only if none of these has changed since.
pub fn watch(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    // <task 6: note the last change of each key, unless the transaction has begun>
    let transaction = &mut context.session.transaction;
    if transaction.queue.is_some() {
        return Err(Error::Other("ERR WATCH inside MULTI is not allowed"));
    }
    for key in args.rest(1) {
        transaction.watched.push((key.into(), context.store.watch(key)));
    }
    context.reply.ok();
    Ok(())
    // </task>
}

/// `UNWATCH`: watches no key any more.
pub fn unwatch_all(context: &mut Context<'_>, _args: Args<'_>) -> Result<(), Error> {
    unwatch(context.store, context.session);
    context.reply.ok();
    Ok(())
}

/// Watches no key any more.
pub fn unwatch(store: &mut Store, session: &mut Session) {
    for (key, _) in mem::take(&mut session.transaction.watched) {
        store.unwatch(&key);
    }
}

/// Ends a transaction, if there is one, with nothing done.
pub fn abandon(store: &mut Store, session: &mut Session) {
    unwatch(store, session);
    session.transaction = Transaction::default();
}

fn has_watched_change(context: &mut Context<'_>) -> bool {
    let Context { store, session, .. } = context;
    session.transaction.watched.iter().any(|(key, seen)| store.has_changed(key, *seen))
}
