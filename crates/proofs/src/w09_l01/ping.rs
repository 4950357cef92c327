//! The criterion of the first commands: `ping`.

use super::diagnosis;
use super::draws::Draws;
use super::resp::{Reply, bulk, quoted, simple};
use super::resp_client::RespClient;
use super::store_run::StoreRun;
use crate::check_context::CheckContext;
use crate::check_error::CheckError;

/// PING and ECHO are answered, both as inline commands and as arrays.
pub(super) fn ping(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let (mut store, mut draws) = (StoreRun::start(context)?, Draws::new(context, "ping"));
    let mut client = store.connect()?;
    let word = draws.word();
    store.expect_replies(
        &mut client,
        [
            ("PING".to_owned(), simple("PONG")),
            (format!("PING {word}"), bulk(&word)),
            (format!("ECHO {word}"), bulk(&word)),
        ],
    )?;
    let cased = [("ping".to_owned(), simple("PONG")), (format!("Echo {word}"), bulk(&word))];
    store.expect_replies(&mut client, cased).map_err(diagnosis::if_answered("upper-case-only"))?;

    // An argument may be empty, and may have any bytes.
    let bytes = [&b"\r\n\0\xff"[..], &draws.bytes(20)].concat();
    store.expect_reply(&mut client, &[b"ECHO", b""], bulk(""))?;
    store.expect_reply(&mut client, &[b"ECHO", &bytes], bulk(&bytes))?;

    let inline = [
        ("PING\r\n".to_owned(), simple("PONG")),
        (format!("  ECHO   {word} \r\n"), bulk(&word)),
        ("PING\n".to_owned(), simple("PONG")),
    ];
    for (line, wanted) in inline {
        expect_inline(&mut store, &mut client, &line, &wanted)
            .map_err(|error| error.with_mistake("arrays-only"))?;
    }
    store.expect_replies(&mut client, [("PING", simple("PONG"))])
}

/// Sends an inline command, as a person types it into nc(1).
fn expect_inline(
    store: &mut StoreRun,
    client: &mut RespClient,
    line: &str,
    wanted: &Reply,
) -> Result<(), CheckError> {
    store.send(client, line.as_bytes())?;
    store.expect_next_reply(client, &quoted(line.as_bytes()), wanted)
}
