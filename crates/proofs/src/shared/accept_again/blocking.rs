//! A client that is let in after accept has failed must be in non-blocking mode, as every client.

use crate::check_error::CheckError;
use crate::named_client::NamedClient;
use crate::shared::blocking_descriptor;
use crate::shared::service::{Clients, Service, after};
use crate::test_run::TestRun;

/// The client's descriptor must have O_NONBLOCK, if the server serves several clients in one process.
/// `what` has happened before. If the first client is in blocking mode, too, the criterion `nonblocking`
/// reports the server.
pub(super) fn expect_nonblocking(
    run: &mut TestRun,
    service: &Service,
    client: &NamedClient,
    what: &str,
) -> Result<(), CheckError> {
    if service.clients != Clients::Together || is_first_blocking(run)? {
        return Ok(());
    }
    let Some(fd) = run.server.descriptor_of(&client.connection)? else { return Ok(()) };
    // Wait for the flag, because the server may set the flag after accept has returned.
    let set = run.server.wait_for(|now| {
        let flags = now.process().flags(fd)?;
        Ok(flags.is_none_or(|flags| flags & libc::O_NONBLOCK != 0).then_some(()))
    });
    let Err(wait_error) = set else { return Ok(()) };
    let error = blocking_descriptor(run, client, fd, wait_error);
    Err(after(what, error).depends_on("nonblocking"))
}

/// Whether the client that was accepted first, before accept failed, is in blocking mode.
fn is_first_blocking(run: &TestRun) -> Result<bool, CheckError> {
    let Some(first) = run.clients.first() else { return Ok(false) };
    let Some(fd) = run.server.descriptor_of(&first.connection)? else { return Ok(false) };
    let flags = run.server.process().flags(fd)?;
    Ok(flags.is_some_and(|flags| flags & libc::O_NONBLOCK == 0))
}
