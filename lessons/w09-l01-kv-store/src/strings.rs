//! Commands on strings. A string may contain any bytes. Some commands accept only a string that is
//! an integer.
#![allow(unused, reason = "tasks are still to do")]

use crate::args::Args;
use crate::command::Context;
use crate::error::Error;
use crate::expiry::Millis;
use crate::number;
use crate::store::{MAX_STRING, Store, Value};

/// `GET key`: replies with the string, or with nil for a missing key.
pub fn get(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    todo!("Task 5: reply with the string, or with nil")
}

/// `SET key value [NX | XX] [GET] [EX seconds | PX milliseconds | KEEPTTL]`: replies with OK, or
/// with nil if NX or XX prevents the change. With GET, replies with the old string instead.
pub fn set(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    let options = if args.len() == 3 { Options::default() } else { Options::read(args)? };
    let at = match options.expiry {
        Some((number, unit)) => Some(expires_at(context.store, number, unit, "set")?),
        None => None,
    };
    let (key, value) = (&args[1], &args[2]);
    todo!("Task 5: set the key, unless NX or XX prevents it, and reply")
}

/// The options after `SET key value`.
#[derive(Default)]
struct Options<'a> {
    /// `Some(true)` for XX, which needs that the key exists. `Some(false)` for NX, which needs that
    /// the key is missing.
    only_if: Option<bool>,
    get: bool,
    keep_expiry: bool,
    /// The number after EX or PX, and the unit of this number in milliseconds.
    expiry: Option<(&'a [u8], i64)>,
}

impl<'a> Options<'a> {
    fn read(args: Args<'a>) -> Result<Options<'a>, Error> {
        let mut options = Options::default();
        let mut index = 3;
        while index < args.len() {
            // EX may follow EX, as in Redis: then the last time counts. It may not follow PX.
            let excludes = |unit: &i64| {
                options.keep_expiry || options.expiry.is_some_and(|(_, other)| other != *unit)
            };
            if args.is(index, "NX") && options.only_if != Some(true) {
                options.only_if = Some(false);
            } else if args.is(index, "XX") && options.only_if != Some(false) {
                options.only_if = Some(true);
            } else if args.is(index, "GET") {
                options.get = true;
            } else if args.is(index, "KEEPTTL") && options.expiry.is_none() {
                options.keep_expiry = true;
            } else if let Some(unit) = time_unit(args, index).filter(|unit| !excludes(unit)) {
                index += 1;
                options.expiry = Some((args.get(index).ok_or(Error::Syntax)?, unit));
            } else {
                return Err(Error::Syntax);
            }
            index += 1;
        }
        Ok(options)
    }
}

/// The unit of EX or PX in milliseconds.
fn time_unit(args: Args<'_>, index: usize) -> Option<i64> {
    if args.is(index, "EX") { Some(1000) } else { args.is(index, "PX").then_some(1) }
}

/// Returns the time that is `number` times `unit` milliseconds after the current time. Returns an
/// error if this time is not in the future.
fn expires_at(
    store: &Store,
    number: &[u8],
    unit: i64,
    name: &'static str,
) -> Result<Millis, Error> {
    let number = number::parse(number).ok_or(Error::NotAnInteger)?;
    let span = number.checked_mul(unit).filter(|span| *span > 0);
    let at = span.and_then(|span| span.checked_add(store.now()));
    at.ok_or(Error::ExpireTime(name))
}

/// `SETNX key value`: sets the key only if the key is missing. Replies with 1 if the key was set,
/// otherwise with 0.
pub fn setnx(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    let is_new = !context.store.contains(&args[1]);
    if is_new {
        context.store.set(&args[1], &args[2]);
    }
    context.reply.integer(is_new.into());
    Ok(())
}

/// `SETEX key seconds value`: sets the value and the expiry of the key.
pub fn setex(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    set_with_expiry(context, args, 1000, "setex")
}

/// `PSETEX key milliseconds value`: like SETEX, but the time is in milliseconds.
pub fn psetex(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    set_with_expiry(context, args, 1, "psetex")
}

fn set_with_expiry(
    context: &mut Context<'_>,
    args: Args<'_>,
    unit: i64,
    name: &'static str,
) -> Result<(), Error> {
    let at = expires_at(context.store, &args[2], unit, name)?;
    context.store.set(&args[1], &args[3]);
    context.store.set_expiry(&args[1], Some(at));
    context.reply.ok();
    Ok(())
}

/// `GETSET key value`: sets the key, and replies with the old string.
pub fn getset(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    get(context, args)?;
    context.store.set(&args[1], &args[2]);
    Ok(())
}

/// `MGET key…`: replies with the string of each key. The reply for a missing key or for a list is
/// nil.
pub fn mget(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    context.reply.array(args.len() - 1);
    for key in args.rest(1) {
        let text = context.store.string(key).unwrap_or(None);
        context.reply.bulk_or_nil(text);
    }
    Ok(())
}

/// `MSET key value [key value…]`: sets each key to the value after it.
pub fn mset(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    if args.len().is_multiple_of(2) {
        return Err(Error::Arity("mset"));
    }
    for index in (1..args.len()).step_by(2) {
        context.store.set(&args[index], &args[index + 1]);
    }
    context.reply.ok();
    Ok(())
}

/// `APPEND key value`: appends the value to the string. Replies with the new length of the string.
pub fn append(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    todo!("Task 5: append to the string, or set it if the key is missing")
}

/// `STRLEN key`: replies with the length of the string, or with 0 for a missing key.
pub fn strlen(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    let length = context.store.string(&args[1])?.map_or(0, <[u8]>::len);
    context.reply.integer(length as i64);
    Ok(())
}

/// `INCR key`: adds 1. Replies with the new number.
pub fn incr(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    add(context, &args[1], 1)
}

/// `DECR key`: subtracts 1. Replies with the new number.
pub fn decr(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    add(context, &args[1], -1)
}

/// `INCRBY key number`: adds the number. Replies with the new number.
pub fn incrby(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    add(context, &args[1], number::parse(&args[2]).ok_or(Error::NotAnInteger)?)
}

/// `DECRBY key number`: subtracts the number. Replies with the new number.
pub fn decrby(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    let number = number::parse(&args[2]).ok_or(Error::NotAnInteger)?;
    add(context, &args[1], number.checked_neg().ok_or(Error::DecrementOverflow)?)
}

/// Adds `number` to the integer at `key`. A missing key counts as 0. The key keeps its expiry.
fn add(context: &mut Context<'_>, key: &[u8], number: i64) -> Result<(), Error> {
    todo!("Task 5: add to the integer, unless the string is not a number or the sum does not fit")
}
