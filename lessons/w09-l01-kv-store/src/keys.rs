//! Commands on keys, whatever they hold.
#![allow(unused, reason = "tasks are still to do")]

use crate::args::Args;
use crate::command::Context;
use crate::error::Error;
use crate::expiry::Millis;
use crate::store::Value;
use crate::{glob, number};

/// `DEL key…`: how many there were.
pub fn del(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    todo!("Task 2: remove the keys, and count those that were there")
}

/// `EXISTS key…`: how many there are; one that is named twice counts twice.
pub fn exists(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    let found = args.rest(1).filter(|key| context.store.contains(key)).count();
    context.reply.integer(found as i64);
    Ok(())
}

/// `TYPE key`
pub fn kind(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    context.reply.simple(match context.store.get(&args[1]) {
        None => "none",
        Some(Value::Text(_)) => "string",
        Some(Value::List(_)) => "list",
    });
    Ok(())
}

/// `KEYS pattern`: in no order.
pub fn keys(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    let fits = |key: &&[u8]| glob::matches(&args[1], key);
    let keys: Vec<_> = context.store.keys().filter(fits).collect();
    context.reply.array(keys.len());
    keys.into_iter().for_each(|key| context.reply.bulk(key));
    Ok(())
}

/// `DBSIZE`: how many keys there are.
pub fn dbsize(context: &mut Context<'_>, _args: Args<'_>) -> Result<(), Error> {
    context.reply.integer(context.store.count() as i64);
    Ok(())
}

/// `FLUSHDB [ASYNC | SYNC]`, and FLUSHALL, which is the same where there is one database.
pub fn flush(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    let known = args.len() == 1 || args.is(1, "ASYNC") || args.is(1, "SYNC");
    if !known || args.len() > 2 {
        return Err(Error::Syntax);
    }
    context.store.clear();
    context.reply.ok();
    Ok(())
}

/// `EXPIRE key seconds [NX | XX | GT | LT]`: 1 where the key now expires then.
pub fn expire(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    expire_in(context, args, 1000, "expire")
}

/// `PEXPIRE key milliseconds [NX | XX | GT | LT]`
pub fn pexpire(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    expire_in(context, args, 1, "pexpire")
}

fn expire_in(
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
    todo!("Task 4: let the key expire then, or remove it where that is now or past")
}

/// When EXPIRE applies: NX where the key does not expire, XX where it does, GT and LT where the new
/// time is later or earlier. Never is later than any time.
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
                () => return Err(Error::said("ERR Unsupported option ", &args[index], "")),
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

/// `TTL key`: the seconds that it has left, rounded; -1 if it never expires, -2 if it is not there.
pub fn ttl(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    let left = time_left(context, &args[1]);
    context.reply.integer(if left < 0 { left } else { (left + 500) / 1000 });
    Ok(())
}

/// `PTTL key`: as TTL, in milliseconds.
pub fn pttl(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    let left = time_left(context, &args[1]);
    context.reply.integer(left);
    Ok(())
}

fn time_left(context: &mut Context<'_>, key: &[u8]) -> i64 {
    todo!("Task 4: tell a key that is not there from one that never expires and one that will")
}

/// `PERSIST key`: 1 where the key expired and now never does.
pub fn persist(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    let key = &args[1];
    let expires = context.store.contains(key) && context.store.expiry(key).is_some();
    if expires {
        context.store.set_expiry(key, None);
    }
    context.reply.integer(expires.into());
    Ok(())
}
