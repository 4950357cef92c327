//! The criterion of a store with a password.

use super::diagnosis;
use super::resp::{Reply, bulk, error, ok, simple};
use super::store_run::StoreRun;
use crate::check_context::CheckContext;
use crate::check_error::CheckError;

const PASSWORD: &str = "open-sesame";

/// With REQUIREPASS: before AUTH, commands are answered with NOAUTH. A bad password is answered
/// with WRONGPASS. After the right password, commands are served. Another connection stays locked.
pub(super) fn auth(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut store = StoreRun::start_with(context, Some(PASSWORD))?;
    let (mut client, mut other) = (store.connect()?, store.connect()?);
    let locked = || {
        [
            ("PING", error("NOAUTH")),
            ("SET color red", error("NOAUTH")),
            ("GET color", error("NOAUTH")),
        ]
    };

    // Check before AUTH, and after a wrong password. The wrong passwords are a prefix of the
    // password, and a longer word.
    store.expect_replies(&mut client, locked()).map_err(diagnosis::if_answered("noauth"))?;
    store.expect_replies(&mut client, [("AUTH open-sesam", error("WRONGPASS"))])?;
    store.expect_replies(&mut client, [("AUTH open-sesame!", error("WRONGPASS"))])?;
    store
        .expect_replies(&mut client, locked())
        .map_err(diagnosis::if_answered("wrongpass-unlocks"))?;

    // Check after the right password.
    store.expect_replies(
        &mut client,
        [
            ("AUTH open-sesame", ok()),
            ("GET color", Reply::Nil),
            ("SET color red", ok()),
            ("GET color", bulk("red")),
            ("PING", simple("PONG")),
        ],
    )?;

    // Another connection needs its own AUTH.
    store.expect_replies(&mut other, locked()).map_err(diagnosis::if_answered("auth-for-all"))?;
    store.expect_replies(&mut other, [("AUTH open-sesame", ok()), ("GET color", bulk("red"))])?;

    // A wrong password does not lock a connection again.
    store.expect_replies(
        &mut other,
        [("AUTH guess", error("WRONGPASS")), ("GET color", bulk("red"))],
    )
}
