//! EXPIRE and PEXPIRE with their conditions NX, XX, GT and LT.

use super::time_left::{Timed, expect_left};
use crate::check_error::CheckError;
use crate::w09_l01::diagnosis::if_answered;
use crate::w09_l01::draws::Draws;
use crate::w09_l01::resp::{Reply, error, number, ok};
use crate::w09_l01::resp_client::RespClient;
use crate::w09_l01::store_run::StoreRun;

/// A condition, and whether EXPIRE sets the new time.
struct Case {
    condition: &'static str,
    /// The old time in seconds; `None` if the key never expires.
    old: Option<i64>,
    new: i64,
    is_set: bool,
}

/// NX: the key has no expiry. XX: the key has an expiry. GT: the new time is later. LT: the new
/// time is earlier. A key without an expiry counts as a key that expires later than any time.
pub(super) fn conditions(
    store: &mut StoreRun,
    client: &mut RespClient,
    draws: &mut Draws,
) -> Result<(), CheckError> {
    let (short, middle, long) =
        (draws.number(1000..=1999), draws.number(3000..=3999), draws.number(5000..=5999));
    let case = |condition, old, new, is_set| Case { condition, old, new, is_set };
    let mut cases = [
        case("NX", None, middle, true),
        case("NX", Some(middle), long, false),
        case("XX", None, middle, false),
        case("XX", Some(middle), short, true),
        case("GT", None, long, false),
        case("GT", Some(middle), long, true),
        case("GT", Some(middle), short, false),
        case("LT", None, short, true),
        case("LT", Some(middle), short, true),
        case("LT", Some(middle), long, false),
    ];
    // XX may stand beside GT or LT. These cases come last, because no row names their fault.
    let mut pairs = [
        case("XX GT", Some(middle), long, true),
        case("GT XX", Some(middle), short, false),
        case("XX LT", Some(middle), short, true),
        case("LT XX", None, short, false),
    ];
    draws.shuffle(&mut cases);
    draws.shuffle(&mut pairs);
    for case in cases.into_iter().chain(pairs) {
        for (name, unit) in [("EXPIRE", 1), ("PEXPIRE", 1000)] {
            try_case(store, client, draws, &case, (name, unit))?;
        }
    }
    Ok(())
}

/// Sends EXPIRE or PEXPIRE, which has this `name`, and checks the reply and the time that is left.
/// A second has `unit` of the command's units.
fn try_case(
    store: &mut StoreRun,
    client: &mut RespClient,
    draws: &mut Draws,
    case: &Case,
    (name, unit): (&str, i64),
) -> Result<(), CheckError> {
    let ([key, value], condition) = (draws.words(), draws.case(case.condition));
    let mut timed = Timed::new(&key, case.old.unwrap_or_default() * 1000);
    let set = match case.old {
        Some(old) => format!("SET {key} {value} EX {old}"),
        None => format!("SET {key} {value}"),
    };
    store.expect_replies(client, [(set, ok())])?;
    if case.is_set {
        timed = Timed::new(&key, case.new * 1000);
    }
    let expire = format!("{name} {key} {} {condition}", case.new * unit);
    let is_pair = case.condition.contains(' ');
    let row = (!is_pair).then_some("expire-conditions");
    let wrong_condition = || if_answered(row);
    store
        .expect_replies(client, [(expire, number(case.is_set.into()))])
        .map_err(wrong_condition())?;
    match case.old.is_some() || case.is_set {
        true => expect_left(store, client, &timed).map_err(wrong_condition()),
        false => store
            .expect_replies(client, [(format!("PTTL {key}"), number(-1))])
            .map_err(wrong_condition()),
    }
}

/// Arguments that EXPIRE and PEXPIRE refuse with an error. The expiry stays as it was.
pub(super) fn refused(
    store: &mut StoreRun,
    client: &mut RespClient,
    draws: &mut Draws,
) -> Result<(), CheckError> {
    let ([key, value, word], time) = (draws.words(), draws.number(10..=99));
    let mut arguments = vec![
        word.clone(),
        format!("{time}.5"),
        format!("+{time}"),
        format!("{time} {word}"),
        format!("{time} NX XX"),
        format!("{time} NX GT"),
        format!("{time} GT LT"),
        "9223372036854775807".to_owned(),
    ];
    draws.shuffle(&mut arguments);
    store.expect_replies(client, [(format!("SET {key} {value}"), ok())])?;
    for arguments in arguments {
        let name = if draws.number(0..=1) == 1 { "EXPIRE" } else { "PEXPIRE" };
        let line = format!("{name} {key} {arguments}");
        store.expect_replies(client, [(line, error("ERR"))])?;
    }
    // This number of seconds does not fit into 64 bits as milliseconds.
    let beyond = format!("EXPIRE {key} -9223372036854775808");
    store.expect_replies(client, [(beyond, error("ERR"))])?;
    let unchanged = [(format!("TTL {key}"), number(-1)), (format!("DEL {key}"), number(1))];
    store.expect_replies(client, unchanged)
}

/// A time that is not in the future removes the key.
pub(super) fn at_once(
    store: &mut StoreRun,
    client: &mut RespClient,
    draws: &mut Draws,
) -> Result<(), CheckError> {
    let ([key, value], past) = (draws.words(), draws.number(1..=999));
    for line in [
        format!("EXPIRE {key} 0"),
        format!("EXPIRE {key} -{past}"),
        format!("PEXPIRE {key} 0"),
        format!("PEXPIRE {key} -{past}"),
    ] {
        store.expect_replies(
            client,
            [
                (format!("SET {key} {value}"), ok()),
                (line, number(1)),
                (format!("GET {key}"), Reply::Nil),
                (format!("TTL {key}"), number(-2)),
            ],
        )?;
    }
    Ok(())
}
