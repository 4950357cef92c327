//! Commands on strings: any bytes, and integers where they are one.
#![allow(unused, reason = "tasks are still to do")]

use crate::args::Args;
use crate::command::Context;
use crate::error::Error;
use crate::expiry::Millis;
use crate::number;
use crate::store::{LONGEST, Store, Value};

/// `GET key`
pub fn get(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    todo!("Task 2: answer the string, or nil")
}

/// `SET key value [NX | XX] [GET] [EX seconds | PX milliseconds | KEEPTTL]`
pub fn set(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    let options = if args.len() == 3 { Options::default() } else { Options::read(args)? };
    let at = match options.expiry {
        Some((number, unit)) => Some(expires_at(context.store, number, unit, "set")?),
        None => None,
    };
    let (key, value) = (&args[1], &args[2]);
    todo!("Task 2: set the key, if NX and XX let it, and answer OK, nil or what was there before")
}

/// What stands behind `SET key value`.
#[derive(Default)]
struct Options<'a> {
    /// XX: only if there is such a key; NX: only if there is none.
    only_if: Option<bool>,
    get: bool,
    keep_expiry: bool,
    /// A number, and how many milliseconds one of it is.
    expiry: Option<(&'a [u8], i64)>,
}

impl<'a> Options<'a> {
    fn read(args: Args<'a>) -> Result<Options<'a>, Error> {
        let mut options = Options::default();
        let mut index = 3;
        while index < args.len() {
            let timed = options.expiry.is_some() || options.keep_expiry;
            if args.is(index, "NX") && options.only_if != Some(true) {
                options.only_if = Some(false);
            } else if args.is(index, "XX") && options.only_if != Some(false) {
                options.only_if = Some(true);
            } else if args.is(index, "GET") {
                options.get = true;
            } else if args.is(index, "KEEPTTL") && options.expiry.is_none() {
                options.keep_expiry = true;
            } else if let Some(unit) = unit(args, index).filter(|_| !timed) {
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

fn unit(args: Args<'_>, index: usize) -> Option<i64> {
    if args.is(index, "EX") { Some(1000) } else { args.is(index, "PX").then_some(1) }
}

/// The time that is `number` times `unit` milliseconds from now; it must be to come.
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

/// `SETNX key value`: only if there is no such key.
pub fn setnx(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    let is_new = !context.store.contains(&args[1]);
    if is_new {
        context.store.set(&args[1], &args[2]);
    }
    context.reply.integer(is_new.into());
    Ok(())
}

/// `SETEX key seconds value`
pub fn setex(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    set_for(context, args, 1000, "setex")
}

/// `PSETEX key milliseconds value`
pub fn psetex(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    set_for(context, args, 1, "psetex")
}

fn set_for(
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

/// `GETSET key value`: what was there before.
pub fn getset(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    get(context, args)?;
    context.store.set(&args[1], &args[2]);
    Ok(())
}

/// `MGET key…`: nil where there is no string.
pub fn mget(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    context.reply.array(args.len() - 1);
    for key in args.rest(1) {
        let text = context.store.text(key).unwrap_or(None);
        context.reply.bulk_or_nil(text);
    }
    Ok(())
}

/// `MSET key value [key value…]`
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

/// `APPEND key value`: how long it is then.
pub fn append(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    todo!("Task 2: append to the string, or make one")
}

/// `STRLEN key`: 0 where there is none.
pub fn strlen(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    let length = context.store.text(&args[1])?.map_or(0, <[u8]>::len);
    context.reply.integer(length as i64);
    Ok(())
}

/// `INCR key`
pub fn incr(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    add(context, &args[1], 1)
}

/// `DECR key`
pub fn decr(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    add(context, &args[1], -1)
}

/// `INCRBY key number`
pub fn incrby(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    add(context, &args[1], number::parse(&args[2]).ok_or(Error::NotAnInteger)?)
}

/// `DECRBY key number`
pub fn decrby(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    let number = number::parse(&args[2]).ok_or(Error::NotAnInteger)?;
    add(context, &args[1], number.checked_neg().ok_or(Error::DecrementOverflow)?)
}

/// A key that is not there counts as 0; one that expires still does.
fn add(context: &mut Context<'_>, key: &[u8], number: i64) -> Result<(), Error> {
    todo!("Task 2: add to the integer, unless it is none, or the sum would not fit")
}
