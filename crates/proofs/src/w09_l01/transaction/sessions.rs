//! A new client gets no transaction and no watch of a client that has left.

use super::{Pair, queued};
use crate::check_error::CheckError;
use crate::w09_l01::diagnosis::if_answered;
use crate::w09_l01::resp::{Reply, array, ok, simple};

/// A client leaves with an open transaction, and a client whose watched key was touched leaves. The
/// next client may get the same descriptor and the same slot, and must begin with a new session.
pub(super) fn not_inherited(pair: &mut Pair) -> Result<(), CheckError> {
    let [a, b] = pair.draws.words();
    let mut leaving = pair.store.connect()?;
    let open = [("MULTI".to_owned(), ok()), (format!("SET {a} 1"), queued())];
    pair.store.expect_replies(&mut leaving, open)?;
    pair.store.leave(&leaving)?;
    let mut next = pair.store.connect()?;
    pair.store
        .expect_replies(&mut next, [("PING", simple("PONG"))])
        .map_err(if_answered("session-reused"))?;
    pair.expect_from_other([(format!("GET {a}"), Reply::Nil)])?;

    let watch = [(format!("WATCH {b}"), ok())];
    pair.store.expect_replies(&mut next, watch)?;
    pair.expect_from_other([(format!("SET {b} 1"), ok())])?;
    pair.store.leave(&next)?;
    let mut last = pair.store.connect()?;
    pair.store.expect_replies(&mut last, [("MULTI", ok()), ("PING", queued())])?;
    pair.store
        .expect_replies(&mut last, [("EXEC", array([simple("PONG")]))])
        .map_err(if_answered("session-reused"))
}
