//! Input that is long, but within the limits of the lesson, is no bad input.

use crate::check_error::CheckError;
use crate::w09_l01::draws::Draws;
use crate::w09_l01::resp::{Reply, bulk, command, ok, simple};
use crate::w09_l01::store_run::StoreRun;

/// The length of a typed word, in bytes. A line may have 64 KiB.
const WORD: usize = 60_000;
/// How often a key is named in one command. A command may have 1,048,576 words.
const NAMES: usize = 2_000;

/// A line of nearly 64 KiB and a command of many words are served.
pub(super) fn within_limits(store: &mut StoreRun, draws: &mut Draws) -> Result<(), CheckError> {
    let mut client = store.connect()?;
    let (word, key) = (draws.letters(WORD), draws.word());
    store.send(&mut client, format!("ECHO {word}\r\n").as_bytes())?;
    let line = format!("A typed line with a word of {WORD} bytes");
    store.expect_next_reply(&mut client, &line, &bulk(word))?;

    store.expect_replies(&mut client, [(format!("SET {key} 1"), ok())])?;
    let mut words = vec![key.as_bytes(); 1 + NAMES];
    words[0] = b"EXISTS";
    store.send(&mut client, &command(&words))?;
    let names = format!("EXISTS with {NAMES} names of one key");
    store.expect_next_reply(&mut client, &names, &Reply::Integer(NAMES as i64))?;
    store.expect_replies(&mut client, [("PING", simple("PONG"))])
}
