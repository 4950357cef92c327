//! SET's options EX, PX, NX, XX and KEEPTTL.

use super::time_left::{Timed, expect_left};
use crate::check_error::CheckError;
use crate::w09_l01::diagnosis::if_answered;
use crate::w09_l01::draws::Draws;
use crate::w09_l01::resp::{Reply, bulk, error, number, ok};
use crate::w09_l01::resp_client::RespClient;
use crate::w09_l01::store_run::StoreRun;

/// Options that SET accepts, in upper case or in lower case, and in any order.
pub(super) fn accepted(
    store: &mut StoreRun,
    client: &mut RespClient,
    draws: &mut Draws,
) -> Result<(), CheckError> {
    let [key, missing, one, two] = draws.words();
    let [ex, px, nx, xx, keep] = ["EX", "PX", "NX", "XX", "KEEPTTL"].map(|word| draws.case(word));
    let wrong_options = || if_answered("set-options");

    // NX sets only a missing key, and XX sets only a key that exists.
    store
        .expect_replies(
            client,
            [
                (format!("SET {missing} {one} {xx}"), Reply::Nil),
                (format!("EXISTS {missing}"), number(0)),
                (format!("SET {key} {one} {nx}"), ok()),
                (format!("SET {key} {two} {nx}"), Reply::Nil),
                (format!("GET {key}"), bulk(&one)),
                (format!("SET {key} {two} {xx}"), ok()),
                (format!("GET {key}"), bulk(&two)),
            ],
        )
        .map_err(wrong_options())?;

    // KEEPTTL also sets a missing key, which then has no expiry to keep. No row names this fault.
    store.expect_replies(
        client,
        [
            (format!("SET {missing} {one} {keep}"), ok()),
            (format!("TTL {missing}"), number(-1)),
            (format!("DEL {missing}"), number(1)),
        ],
    )?;

    // EX and PX set an expiry, also together with NX or XX. If NX prevents the change, the old
    // expiry stays. KEEPTTL keeps the old expiry.
    let (seconds, millis) = (draws.number(100..=900), draws.number(100_000..=900_000));
    let timed = Timed::new(&key, seconds * 1000);
    let set_ex = format!("SET {key} {one} {xx} {ex} {seconds}");
    store.expect_replies(client, [(set_ex, ok())]).map_err(wrong_options())?;
    expect_left(store, client, &timed).map_err(wrong_options())?;
    let prevented = format!("SET {key} {two} {ex} {} {nx}", seconds + 1000);
    store.expect_replies(client, [(prevented, Reply::Nil)]).map_err(wrong_options())?;
    // A server that has read all options may still change the expiry. No row names this fault.
    expect_left(store, client, &timed)?;
    let kept = [(format!("SET {key} {two} {keep}"), ok()), (format!("GET {key}"), bulk(&two))];
    store.expect_replies(client, kept).map_err(wrong_options())?;
    expect_left(store, client, &timed).map_err(wrong_options())?;

    let timed = Timed::new(&missing, millis);
    let set_px = format!("SET {missing} {one} {px} {millis} {nx}");
    store.expect_replies(client, [(set_px, ok())]).map_err(wrong_options())?;
    expect_left(store, client, &timed).map_err(wrong_options())?;

    // SET without these options removes the old expiry.
    store.expect_replies(client, [(format!("SET {key} {one}"), ok())])?;
    store
        .expect_replies(client, [(format!("TTL {key}"), number(-1))])
        .map_err(if_answered("set-keeps-ttl"))?;
    store.expect_replies(client, [(format!("DEL {key} {missing}"), number(2))])
}

/// Options that SET refuses with an error. The key stays as it was.
pub(super) fn refused(
    store: &mut StoreRun,
    client: &mut RespClient,
    draws: &mut Draws,
) -> Result<(), CheckError> {
    let ([key, old, new, word], time) = (draws.words(), draws.number(10..=99));
    let mut options = vec![
        "EX".to_owned(),
        "EX 0".to_owned(),
        format!("EX -{time}"),
        "PX 0".to_owned(),
        format!("EX {word}"),
        format!("PX {time}.5"),
        format!("EX +{time}"),
        "EX 9223372036854775807".to_owned(),
        "NX XX".to_owned(),
        "XX NX".to_owned(),
        format!("EX {time} PX {time}"),
        format!("EX {time} KEEPTTL"),
        format!("KEEPTTL PX {time}"),
        format!("NX {word}"),
        word,
    ];
    draws.shuffle(&mut options);
    store.expect_replies(client, [(format!("SET {key} {old}"), ok())])?;
    for option in options {
        store.expect_replies(client, [(format!("SET {key} {new} {option}"), error("ERR"))])?;
        store.expect_replies(client, [(format!("GET {key}"), bulk(&old))])?;
    }
    let unchanged = [(format!("TTL {key}"), number(-1)), (format!("DEL {key}"), number(1))];
    store.expect_replies(client, unchanged)
}
