//! Commands on keys with values of any type.
#![allow(unused, reason = "tasks are still to do")]

use crate::args::Args;
use crate::command::Context;
use crate::error::Error;
use crate::expiry::Millis;
use crate::store::Value;
use crate::{glob, number};

/// `DEL key…`: removes the keys. Replies with the number of removed keys.
pub fn del(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    todo!("Task 5: remove the keys, and count those that were there")
}

/// `EXISTS key…`: replies with the number of keys that exist. If the command names a key twice, the
/// key is counted twice.
pub fn exists(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    let found = args.rest(1).filter(|key| context.store.contains(key)).count();
    context.reply.integer(found as i64);
    Ok(())
}

/// `TYPE key`: replies with `string`, `list`, or `none` for a missing key.
pub fn type_of(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    context.reply.simple(match context.store.get(&args[1]) {
        None => "none",
        Some(Value::String(_)) => "string",
        Some(Value::List(_)) => "list",
    });
    Ok(())
}

/// `KEYS pattern`: replies with all keys that match the pattern. The order of the keys is not
/// defined.
pub fn keys(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    let is_match = |key: &&[u8]| glob::matches(&args[1], key);
    let keys: Vec<_> = context.store.keys().filter(is_match).collect();
    context.reply.array(keys.len());
    keys.into_iter().for_each(|key| context.reply.bulk(key));
    Ok(())
}

/// `DBSIZE`: replies with the number of keys.
pub fn dbsize(context: &mut Context<'_>, _args: Args<'_>) -> Result<(), Error> {
    context.reply.integer(context.store.count() as i64);
    Ok(())
}

/// `FLUSHDB [ASYNC | SYNC]`: removes all keys. FLUSHALL does the same, because there is only one
/// database.
pub fn flush(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    let known = args.len() == 1 || args.is(1, "ASYNC") || args.is(1, "SYNC");
    if !known || args.len() > 2 {
        return Err(Error::Syntax);
    }
    context.store.clear();
    context.reply.ok();
    Ok(())
}

/// `EXPIRE key seconds [NX | XX | GT | LT]`: replies with 1 if the expiry was set, otherwise with
/// 0.
pub fn expire(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    set_time_to_live(context, args, 1000, "expire")
}

/// `PEXPIRE key milliseconds [NX | XX | GT | LT]`: like EXPIRE, but the time is in milliseconds.
pub fn pexpire(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    set_time_to_live(context, args, 1, "pexpire")
}

/// Sets the expiry of a key. `unit` is the unit of the command's time in milliseconds.
fn set_time_to_live(
    context: &mut Context<'_>,
    args: Args<'_>,
    unit: i64,
    name: &'static str,
) -> Result<(), Error> {
    let condition = Condition::read(args)?;
    let number = number::parse(&args[2]).ok_or(Error::NotAnInteger)?;
    let now = context.store.now();
    let at = number.checked_mul(unit).and_then(|span| span.checked_add(now));
    let at = at.ok_or(Error::ExpireTime(name))?;
    let key = &args[1];
    // If `at` is not in the future, the key is removed immediately.
    todo!("Task 6: set the expiry, or remove the key if the time is not in the future")
}

/// The condition under which EXPIRE sets the expiry. NX: the key has no expiry. XX: the key has an
/// expiry. GT: the new time is later than the old time. LT: the new time is earlier than the old
/// time. For GT and LT, a key without an expiry counts as a key that expires later than any time.
#[derive(Default)]
struct Condition {
    nx: bool,
    xx: bool,
    gt: bool,
    lt: bool,
}

impl Condition {
    fn read(args: Args<'_>) -> Result<Condition, Error> {
        let mut condition = Condition::default();
        for index in 3..args.len() {
            let flag = match () {
                () if args.is(index, "NX") => &mut condition.nx,
                () if args.is(index, "XX") => &mut condition.xx,
                () if args.is(index, "GT") => &mut condition.gt,
                () if args.is(index, "LT") => &mut condition.lt,
                () => return Err(Error::with_input("ERR Unsupported option ", &args[index], "")),
            };
            *flag = true;
        }
        if condition.nx && (condition.xx || condition.gt || condition.lt) {
            let text = "ERR NX and XX, GT or LT options at the same time are not compatible";
            return Err(Error::Other(text));
        }
        if condition.gt && condition.lt {
            let text = "ERR GT and LT options at the same time are not compatible";
            return Err(Error::Other(text));
        }
        Ok(condition)
    }

    fn allows(&self, old: Option<Millis>, new: Millis) -> bool {
        let later = old.is_some_and(|old| new > old);
        let earlier = old.is_none_or(|old| new < old);
        !(self.nx && old.is_some()
            || self.xx && old.is_none()
            || self.gt && !later
            || self.lt && !earlier)
    }
}

/// `TTL key`: replies with the rounded number of seconds until the key expires, with -1 for a key
/// that never expires, or with -2 for a missing key.
pub fn ttl(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    let left = time_to_live(context, &args[1]);
    context.reply.integer(if left < 0 { left } else { (left + 500) / 1000 });
    Ok(())
}

/// `PTTL key`: like TTL, but the reply is in milliseconds.
pub fn pttl(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    let left = time_to_live(context, &args[1]);
    context.reply.integer(left);
    Ok(())
}

/// The number of milliseconds until the key expires; -1 for a key that never expires; -2 for a
/// missing key.
fn time_to_live(context: &mut Context<'_>, key: &[u8]) -> i64 {
    todo!("Task 6: distinguish a missing key, a key that never expires and a key that expires")
}

/// `PERSIST key`: removes the expiry. Replies with 1 if the key had an expiry, otherwise with 0.
pub fn persist(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    let key = &args[1];
    let expires = context.store.contains(key) && context.store.expiry(key).is_some();
    if expires {
        context.store.set_expiry(key, None);
    }
    context.reply.integer(expires.into());
    Ok(())
}
