//! Who may ask.

use super::diagnosis;
use super::resp::{Reply, bulk, error, ok, simple};
use super::store_run::StoreRun;
use crate::check_context::CheckContext;
use crate::check_error::CheckError;

const PASSWORD: &str = "open-sesame";

/// With REQUIREPASS: NOAUTH before, WRONGPASS on a bad password, served after; another connection
/// stays locked.
pub(super) fn auth(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut store = StoreRun::open_with(context, Some(PASSWORD))?;
    let (mut client, mut other) = (store.client()?, store.client()?);
    let locked = || {
        [
            ("PING", error("NOAUTH")),
            ("SET color red", error("NOAUTH")),
            ("GET color", error("NOAUTH")),
        ]
    };
    store.dialogue(&mut client, locked()).map_err(diagnosis::if_answered("noauth"))?;
    store.dialogue(&mut client, [("AUTH open-sesam", error("WRONGPASS"))])?;
    store.dialogue(&mut client, [("AUTH open-sesame!", error("WRONGPASS"))])?;
    store.dialogue(&mut client, locked()).map_err(diagnosis::if_answered("wrongpass-unlocks"))?;
    store.dialogue(
        &mut client,
        [
            ("AUTH open-sesame", ok()),
            ("GET color", Reply::Nil),
            ("SET color red", ok()),
            ("GET color", bulk("red")),
            ("PING", simple("PONG")),
        ],
    )?;
    store.dialogue(&mut other, locked()).map_err(diagnosis::if_answered("auth-for-all"))?;
    store.dialogue(&mut other, [("AUTH open-sesame", ok()), ("GET color", bulk("red"))])?;
    // A password that was wrong takes nothing away from who is in.
    store.dialogue(&mut other, [("AUTH guess", error("WRONGPASS")), ("GET color", bulk("red"))])
}
