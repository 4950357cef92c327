//! What the criteria of a tracker ask of a client that the server serves.

use crate::check_error::{CheckError, Failure};
use crate::log_event::LogEvent;
use crate::named_client::NamedClient;
use crate::shared::watch_entries::{WatchedFile, current_entries};
use crate::shared::{Clients, Service, WaitCall, diagnosis};
use crate::test_run::TestRun;
use witness::{Server, Unobservable};

/// How a tracker serves its clients, for the criteria that all server lessons share.
pub(crate) const SERVICE: Service = Service {
    serve: connect_tracked,
    expect_served: expect_read,
    half_message: b"hel",
    message: b"hello\n",
    clients: Clients::Together,
};

/// Connects a client, and waits until the server has a descriptor for it and has logged it with a
/// slot.
fn connect_tracked(run: &mut TestRun) -> Result<NamedClient, CheckError> {
    let (client, _) = run.connect_accepted()?;
    let logged = run.wait_logged(|event| match event {
        LogEvent::Accept { slot, .. } => Some(*slot),
        _ => None,
    });
    match logged {
        Ok(_) => Ok(client),
        Err(wait_error) => Err(run.not_accepted(&client, wait_error)),
    }
}

/// The client sends bytes, and the server must accept the client, if it has not yet, and read them.
pub(super) fn expect_read(run: &mut TestRun, client: &NamedClient) -> Result<(), CheckError> {
    let (name, connection) = (&client.name, client.connection.clone());
    let accepted = run.server.wait_for(|now| now.descriptor_of(&connection));
    accepted.map_err(|wait_error| run.not_accepted(client, wait_error))?;
    run.step(format!("{name} sent \"hello\\n\""));
    let _ = connection.send(b"hello\n");
    let read = run.server.wait_for(|now| {
        let socket = now.connection(&connection)?;
        Ok(socket.filter(|it| it.unread == 0 && it.received > 0).map(drop))
    });
    let wait_error = match read {
        Ok(()) if connection.ended().is_none() => return Ok(()),
        Ok(()) => run.at_rest(),
        Err(wait_error) => wait_error,
    };
    let is_closed = connection.ended().is_some();
    let failure = Failure {
        id: "not-read",
        mistake: diagnosis::of(run, &wait_error),
        summary: if is_closed {
            format!("The server closed the connection of {name}, which had not left.")
        } else {
            format!("{name} sent bytes, and the server does not read them.")
        },
        expected: format!("{name} stays connected, and its bytes are read"),
        observed: if is_closed { run.logged_text() } else { wait_error.to_string() },
    };
    Err(run.fail(wait_error, failure))
}

/// If the lesson's servers wait in poll, the `pollfd` array must have an entry for a client that is
/// accepted. A server that waits in another call fails in the criterion `idle`.
pub(super) fn expect_in_array(
    run: &mut TestRun,
    client: &NamedClient,
    fd: i32,
) -> Result<(), CheckError> {
    let (clients, connection) = (run.clients.clone(), client.connection.clone());
    let is_listed = |now: &Server| -> Result<Option<bool>, Unobservable> {
        let Some(entries) = current_entries(now, &clients, WaitCall::Poll)? else {
            return Ok(None);
        };
        let file = connection.inode().map(WatchedFile::Socket);
        Ok(Some(entries.iter().any(|entry| Some(entry.file) == file)))
    };
    let listed = run.server.wait_for(|now| Ok(is_listed(now)?.filter(|is_listed| *is_listed)));
    let Err(wait_error) = listed else { return Ok(()) };
    if is_listed(&run.server)? != Some(false) {
        return Ok(());
    }
    let failure = Failure {
        id: "not-in-array",
        mistake: Some("not-added"),
        summary: format!(
            "{} is connected to descriptor {fd}, which is not in the array of poll.",
            client.name
        ),
        expected: format!("an entry for descriptor {fd}"),
        observed: "the server is asleep in poll without such an entry".to_owned(),
    };
    Err(run.fail(wait_error, failure))
}
