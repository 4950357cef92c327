//! Finds the Common Mistakes row that explains a reply or the state of a store.

use super::resp::Reply;
use crate::check_error::CheckError;
use crate::shared;
use crate::test_run::TestRun;
use witness::{Call, WaitError};

/// The id of the failure of a server that answers with a wrong reply.
pub(super) const WRONG_REPLY: &str = "wrong-reply";

/// The id of the failure of a server that sends bytes which are no reply.
pub(super) const MALFORMED: &str = "malformed-reply";

/// The id of the failure of a server that closes the connection where a reply is due.
pub(super) const CLOSED: &str = "closed";

/// The row that explains a wrong reply. The row does not depend on the check that has failed.
pub(super) fn of_reply(words: &[&[u8]], wanted: &Reply, got: &Reply) -> Option<&'static str> {
    let name = words.first()?.to_ascii_uppercase();
    match (name.as_slice(), wanted, got) {
        (_, Reply::Nil, Reply::Bulk(bytes)) if bytes.is_empty() => Some("nil-is-empty"),
        (b"GET", Reply::Bulk(whole), Reply::Bulk(part)) if is_cut_at_nul(whole, part) => {
            Some("cut-at-nul")
        }
        (b"INCR", Reply::Error(_), Reply::Integer(..0)) => Some("incr-wraps"),
        (b"TTL", Reply::Integer(-2), Reply::Integer(-1)) => Some("ttl-missing"),
        _ => None,
    }
}

fn is_cut_at_nul(whole: &[u8], part: &[u8]) -> bool {
    whole.len() > part.len() && whole.starts_with(part) && whole[part.len()] == 0
}

/// Adds the row that explains a wrong reply, if there is one. If no reply came, the failure is not
/// changed, because it may have another reason.
pub(super) fn if_answered(
    row: impl Into<Option<&'static str>>,
) -> impl Fn(CheckError) -> CheckError {
    if_failed_by(&[WRONG_REPLY], row.into())
}

/// Adds the row that explains bytes which a client has received in the place of its reply.
pub(super) fn if_received(row: &'static str) -> impl Fn(CheckError) -> CheckError {
    if_failed_by(&[WRONG_REPLY, MALFORMED], Some(row))
}

/// Adds the row that explains why the server has closed the connection where a reply was due.
pub(super) fn if_closed(row: &'static str) -> impl Fn(CheckError) -> CheckError {
    if_failed_by(&[CLOSED], Some(row))
}

/// Adds the row to a failure that has one of these ids.
fn if_failed_by(
    ids: &'static [&'static str],
    row: Option<&'static str>,
) -> impl Fn(CheckError) -> CheckError {
    move |error| match (&error, row) {
        (CheckError::Failed(cause), Some(row)) if ids.contains(&cause.id.as_str()) => {
            error.with_mistake(row)
        }
        _ => error,
    }
}

/// The failure of a server that does not answer many commands in one write. If it answers them
/// wrongly, it may have read a part of a command as a whole one, as `split` checks.
pub(super) fn of_pipeline(error: CheckError) -> CheckError {
    match &error {
        CheckError::Failed(cause) if cause.id == WRONG_REPLY => error.depends_on("split"),
        _ => error.depends_on("pipeline"),
    }
}

/// The row that explains why a wait has failed.
pub(super) fn of_wait(run: &TestRun, wait_error: &WaitError) -> Option<&'static str> {
    let sends = |call: &Call| matches!(call.name(), "write" | "writev" | "sendto" | "sendmsg");
    match wait_error {
        WaitError::Idle { calls } if calls.iter().any(sends) => Some("blocking-send"),
        _ => shared::diagnosis::of(run, wait_error),
    }
}
