//! The bytes that a client of an echo server has received.

use crate::named_client::NamedClient;
use crate::test_run::TestRun;
use witness::WaitError;

/// The maximum number of bytes that are shown in full in a sentence.
const SHOWN: usize = 32;

/// Waits until a client has received `total` bytes, or its connection has ended.
pub(super) fn wait_received(
    run: &mut TestRun,
    client: &NamedClient,
    total: usize,
) -> Result<(), WaitError> {
    let connection = &client.connection;
    run.server.wait_for(|_| {
        let is_done = connection.received().len() >= total || connection.ended().is_some();
        Ok(is_done.then_some(()))
    })
}

/// What a client has received, as text for a failure.
pub(super) fn received_text(client: &NamedClient, received: &[u8]) -> String {
    format!("{} received {}", client.name, bytes_text(received))
}

/// Formats bytes for a sentence. Few bytes are shown in full. Of many bytes, the number and the
/// first bytes are shown.
pub(super) fn bytes_text(bytes: &[u8]) -> String {
    match bytes {
        [] => "nothing".to_owned(),
        [_, ..] if bytes.len() <= SHOWN => format!("\"{}\"", bytes.escape_ascii()),
        _ => format!("{} bytes, \"{}…\"", bytes.len(), bytes[..SHOWN / 2].escape_ascii()),
    }
}
