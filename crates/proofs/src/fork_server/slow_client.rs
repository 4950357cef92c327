//! A client that sends many bytes, and reads its answer late and slowly.

use crate::named_client::NamedClient;
use crate::test_run::TestRun;
use witness::{Call, WaitError};

/// The number of bytes that the client reads with one call.
const READ_SIZE: usize = 4000;
/// The number of bytes that the client reads before the check looks at the server again.
const READ_LIMIT: usize = 64 << 10;

/// A client, and the bytes that it still has to send.
pub(crate) struct SlowClient<'a> {
    client: &'a NamedClient,
    total: usize,
    rest: &'a [u8],
}

impl<'a> SlowClient<'a> {
    pub(crate) fn new(client: &'a NamedClient, bytes: &'a [u8]) -> Self {
        SlowClient { client, total: bytes.len(), rest: bytes }
    }

    /// The number of bytes that the connection has taken so far.
    pub(crate) fn taken(&self) -> usize {
        self.total - self.rest.len()
    }

    /// Sends as many bytes as the connection takes, and reads none, until the server can do nothing
    /// more. Returns the calls in which the server then sleeps; no calls if it runs without a pause
    /// until the client reads.
    ///
    /// # Errors
    /// The server has ended, or does not become idle.
    pub(crate) fn send_until_idle(&mut self, run: &mut TestRun) -> Result<Vec<Call>, WaitError> {
        let never = run.server.wait_for(|_| {
            self.send_some();
            Ok(None::<Vec<Call>>)
        });
        match never {
            Err(WaitError::Idle { calls }) => Ok(calls),
            Err(WaitError::Spinning(_)) => Ok(Vec::new()),
            other => other,
        }
    }

    /// Sends the rest, and reads slowly, until `total` bytes have been received, or until the
    /// connection has ended. Bytes that the child has sent may arrive while the server is idle.
    ///
    /// # Errors
    /// No more bytes will come.
    pub(crate) fn read_to_the_end(
        &mut self,
        run: &mut TestRun,
        total: usize,
    ) -> Result<(), WaitError> {
        let mut received = self.client.connection.received().len();
        loop {
            let before = received;
            let done = run.server.wait_for(|_| {
                self.send_some();
                let more = self.read_some(READ_LIMIT);
                received += more;
                let has_ended = more == 0 && self.client.connection.ended().is_some();
                Ok((received >= total || has_ended).then_some(()))
            });
            match done {
                Err(WaitError::Idle { .. }) if received > before || self.is_sending(run)? => {}
                other => return other,
            }
        }
    }

    /// Whether the kernel has bytes of the server's that have not arrived at the client yet.
    fn is_sending(&self, run: &TestRun) -> Result<bool, WaitError> {
        let socket = run.server.connection(&self.client.connection)?;
        Ok(socket.is_some_and(|socket| socket.unacknowledged > 0))
    }

    /// Reads until no more bytes have arrived, or until `limit` bytes are read. Returns the number
    /// of bytes.
    pub(crate) fn read_some(&self, limit: usize) -> usize {
        let connection = &self.client.connection;
        let reads = (0..limit.div_ceil(READ_SIZE)).map(|_| connection.read_some(READ_SIZE));
        reads.take_while(|length| *length > 0).sum()
    }

    fn send_some(&mut self) {
        let taken = self.client.connection.send(self.rest).unwrap_or(0);
        self.rest = &self.rest[taken..];
    }
}
