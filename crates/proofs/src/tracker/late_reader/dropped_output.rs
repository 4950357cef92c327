//! Output that a server has dropped, because the kernel had no room for it.

use super::PIECE;
use crate::check_error::{CheckError, Failure};
use crate::named_client::NamedClient;
use crate::test_run::TestRun;

/// A server that sends back this many bytes as they came is an echo server. The kernel has room for
/// so many bytes, also if the client does not read.
const ECHOED: usize = 2 * PIECE;

/// The client has read everything that the server will send, and the server has read `sent`, all
/// that the client has sent. If the server echoes, the client must have got as many bytes.
///
/// At no time did more than 64 KiB of output have to wait in the server.
pub(super) fn check(run: &mut TestRun, late: &NamedClient, sent: &[u8]) -> Result<(), CheckError> {
    let connection = late.connection.clone();
    if !echoes(sent, &connection.received()) {
        return Ok(());
    }
    let is_whole = || connection.received_count() >= sent.len() as u64;
    let Err(wait_error) = run.server.wait_for(|_| Ok(is_whole().then_some(()))) else {
        return Ok(());
    };
    let received = connection.received();
    let (name, missing) = (&late.name, sent.len() - received.len());
    let whole = sent.iter().zip(&received).take_while(|(sent, received)| sent == received).count();
    let failure = Failure {
        id: "output-dropped",
        mistake: Some("output-dropped"),
        summary: format!(
            "{name} read late, and {missing} of the bytes that the server had to write are lost."
        ),
        expected: format!("{} bytes, as many as {name} sent", sent.len()),
        observed: format!(
            "{} bytes came back; the first {whole} are right, and then bytes are missing",
            received.len()
        ),
    };
    Err(run.fail(wait_error, failure))
}

/// Whether the first bytes that have come back are the first bytes that the client has sent, or the
/// same letters in the other case.
fn echoes(sent: &[u8], received: &[u8]) -> bool {
    let first = |bytes: &[u8]| bytes.get(..ECHOED).map(<[u8]>::to_ascii_lowercase);
    first(received).is_some_and(|first_received| first(sent) == Some(first_received))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_server_that_sends_the_first_bytes_back_echoes() {
        let sent = b"ab\n".repeat(ECHOED);
        assert!(echoes(&sent, &sent[..ECHOED]));
        assert!(echoes(&sent, &sent[..ECHOED].to_ascii_uppercase()));
        assert!(!echoes(&sent, &sent[..ECHOED - 1]));
        assert!(!echoes(&sent, &b"ok\n".repeat(ECHOED)));
    }
}
