//! How the servers of a lesson serve their clients, for the criteria that all lessons share.

use crate::check_error::CheckError;
use crate::named_client::NamedClient;
use crate::test_run::TestRun;

/// How the servers of a lesson serve their clients.
pub(crate) struct Service {
    /// Connects a client, and checks that the server serves the client: that it accepts the client
    /// and, if the lesson asks for answers, answers it. The client stays connected, unless the lesson's
    /// servers close each connection after the answer.
    ///
    /// The error depends on the criterion that checks this alone (`depends_on`).
    pub(crate) serve: fn(&mut TestRun) -> Result<NamedClient, CheckError>,
    /// Checks that a client, which is connected, is served. A client that waited in the backlog is
    /// accepted first.
    pub(crate) expect_served: fn(&mut TestRun, &NamedClient) -> Result<(), CheckError>,
    /// The beginning of a message. The server cannot answer the message before it is complete, or
    /// answers what has come.
    pub(crate) half_message: &'static [u8],
    /// Bytes that a client can send again and again. If the lesson's servers answer, the answers
    /// are about as long as these bytes, or longer.
    pub(crate) message: &'static [u8],
    pub(crate) clients: Clients,
}

/// How many clients a server serves at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Clients {
    /// One. The next client is served when the client before has left.
    OneAtATime,
    /// Several, in one process.
    Together,
    /// Several, each in a child process of its own.
    InChildren,
}

impl Service {
    /// Connects a client that is served, before the check begins. If the server serves one client at
    /// a time, another client was served before it and has left. The error is the fault of another
    /// criterion.
    pub(crate) fn serve_first(&self, run: &mut TestRun) -> Result<NamedClient, CheckError> {
        let first = (self.serve)(run)?;
        match self.clients {
            Clients::OneAtATime => self.serve_next(run, &first),
            Clients::Together | Clients::InChildren => Ok(first),
        }
    }

    /// Connects the next client, which must be served. If the server has no room for it, the client
    /// `before` leaves.
    pub(crate) fn serve_next(
        &self,
        run: &mut TestRun,
        before: &NamedClient,
    ) -> Result<NamedClient, CheckError> {
        let is_full = run.logs_clients() && run.clients.len() >= run.capacity;
        if self.clients == Clients::OneAtATime || is_full {
            leave(run, before);
            let _ = run.wait_released(before);
        }
        (self.serve)(run)
    }
}

/// The client closes its connection.
pub(crate) fn leave(run: &mut TestRun, client: &NamedClient) {
    run.step(format!("{} closed", client.name));
    client.connection.close();
}

/// Adds to a failure what has happened before. `what` is a sentence without its full stop.
pub(crate) fn after(what: &str, mut error: CheckError) -> CheckError {
    if let CheckError::Failed(cause) | CheckError::Blocked { cause, .. } = &mut error {
        cause.summary = format!("After {what}: {}", cause.summary);
    }
    error
}
