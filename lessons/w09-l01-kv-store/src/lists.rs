//! Commands on lists. Elements are added and removed at both ends of a list.

use crate::args::Args;
use crate::command::Context;
use crate::error::Error;
use crate::number;
use crate::store::{Store, Value};
use std::collections::VecDeque;

type List = VecDeque<Box<[u8]>>;

/// One end of a list.
#[derive(Clone, Copy)]
enum End {
    Left,
    Right,
}

/// `LPUSH key element…`: adds the elements at the left end. Replies with the new length of the
/// list.
pub fn lpush(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    push(context, args, End::Left)
}

/// `RPUSH key element…`: like LPUSH, but at the right end.
pub fn rpush(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    push(context, args, End::Right)
}

fn push(context: &mut Context<'_>, args: Args<'_>, end: End) -> Result<(), Error> {
    if list(context.store, &args[1])?.is_none() {
        context.store.insert(&args[1], Value::List(Box::default()));
    }
    let Some(Value::List(list)) = context.store.get_mut(&args[1]) else {
        return Err(Error::WrongType);
    };
    for element in args.rest(2) {
        match end {
            End::Left => list.push_front(element.into()),
            End::Right => list.push_back(element.into()),
        }
    }
    context.reply.integer(list.len() as i64);
    Ok(())
}

/// `LPOP key [count]`: removes elements at the left end. Without a count, replies with the removed
/// element. With a count, replies with an array of the removed elements.
pub fn lpop(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    pop(context, args, End::Left, "lpop")
}

/// `RPOP key [count]`: like LPOP, but at the right end.
pub fn rpop(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    pop(context, args, End::Right, "rpop")
}

fn pop(
    context: &mut Context<'_>,
    args: Args<'_>,
    end: End,
    name: &'static str,
) -> Result<(), Error> {
    let count = match args.len() {
        2 => None,
        3 => Some(count(&args[2])?),
        _ => return Err(Error::Arity(name)),
    };
    let key = &args[1];
    // If the key is missing, the reply is nil. If the client gave a count, the reply is the nil
    // that stands for an array.
    let Some(length) = list(context.store, key)?.map(VecDeque::len) else {
        match count {
            Some(_) => context.reply.nil_array(),
            None => context.reply.nil(),
        }
        return Ok(());
    };
    if let Some(count) = count {
        context.reply.array(count.min(length));
    }
    pop_elements(context, key, end, count.unwrap_or(1));
    Ok(())
}

/// Removes up to `count` elements, and replies with each removed element. If the list is empty
/// afterwards, its key is removed.
fn pop_elements(context: &mut Context<'_>, key: &[u8], end: End, count: usize) {
    if count == 0 {
        return;
    }
    let Some(Value::List(list)) = context.store.get_mut(key) else {
        return;
    };
    for _ in 0..count.min(list.len()) {
        let element = match end {
            End::Left => list.pop_front(),
            End::Right => list.pop_back(),
        };
        context.reply.bulk_or_nil(element.as_deref());
    }
    if list.is_empty() {
        context.store.remove(key);
    }
}

fn count(text: &[u8]) -> Result<usize, Error> {
    let count = number::parse(text).ok_or(Error::NotPositive)?;
    usize::try_from(count).map_err(|_| Error::NotPositive)
}

/// `LLEN key`: replies with the length of the list, or with 0 for a missing key.
pub fn llen(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    let length = list(context.store, &args[1])?.map_or(0, VecDeque::len);
    context.reply.integer(length as i64);
    Ok(())
}

/// `LRANGE key first last`: replies with the elements from index `first` to index `last`. Index 0
/// is the first element of the list, and index -1 is the last element.
pub fn lrange(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    let first = number::parse(&args[2]).ok_or(Error::NotAnInteger)?;
    let last = number::parse(&args[3]).ok_or(Error::NotAnInteger)?;
    let Some(list) = list(context.store, &args[1])? else {
        context.reply.array(0);
        return Ok(());
    };
    let length = list.len() as i64;
    let from_start = |index: i64| if index < 0 { index.saturating_add(length) } else { index };
    let first = from_start(first).clamp(0, length);
    let end = (from_start(last).min(length - 1) + 1).max(first);
    context.reply.array((end - first) as usize);
    for element in list.range(first as usize..end as usize) {
        context.reply.bulk(element);
    }
    Ok(())
}

fn list<'a>(store: &'a mut Store, key: &[u8]) -> Result<Option<&'a List>, Error> {
    match store.get(key) {
        None => Ok(None),
        Some(Value::List(list)) => Ok(Some(list)),
        Some(Value::String(_)) => Err(Error::WrongType),
    }
}
