//! Checks that the server listens on its port.

use super::TestRun;
use crate::check_error::{CheckError, Failure};
use crate::evidence;
use witness::{Exit, Unobservable, WaitError};

impl TestRun {
    /// Waits until the server listens on its port. Every check depends on this condition.
    pub(crate) fn wait_listening(&mut self) -> Result<(), CheckError> {
        let Err(wait_error) = self.server.wait_listening(self.port) else { return Ok(()) };
        let port = self.port;
        if self.was_refused_the_port(&wait_error) && self.server.is_in_time_wait(port)? {
            let text =
                "connections of an earlier run are in TIME_WAIT on the port; try again in a minute";
            return Err(CheckError::Inconclusive(text.to_owned()));
        }
        let failure = Failure {
            id: "not-listening",
            summary: self.why_not_listening(&wait_error)?,
            expected: format!("a LISTEN socket on port {port}"),
            observed: wait_error.to_string(),
            ..Failure::default()
        };
        Err(self.fail(wait_error, failure).depends_on("starts"))
    }

    /// Whether the server ended because the port is in use. If servers share this machine's
    /// network, this may not be the server's fault.
    fn was_refused_the_port(&self, wait_error: &WaitError) -> bool {
        self.server.isolation().shares_ports()
            && matches!(wait_error, WaitError::Ended(_))
            && self.server.stderr().contains("already in use")
    }

    fn why_not_listening(&self, wait_error: &WaitError) -> Result<String, Unobservable> {
        let nothing = format!("Nothing listens on {}", self.port);
        if let WaitError::Ended(Exit::Status(0)) = wait_error
            && let Some(left) = self.server.processes()?.first()
        {
            return Ok(format!(
                "The program ended at once and left {} running in the background: a server that \
                 is checked stays in the foreground.",
                left.name()
            ));
        }
        Ok(match wait_error {
            WaitError::Ended(exit) => format!("{nothing}: the server {exit}."),
            WaitError::Idle { calls } => {
                let calls = evidence::calls_text(&self.server, &self.clients, calls);
                // The text of accept names the port already.
                let elsewhere = match self.other_ports()? {
                    ports if ports.is_empty() || calls.contains("which listens on") => {
                        String::new()
                    }
                    ports => format!(" It listens on {ports} instead."),
                };
                let asleep = if calls.is_empty() {
                    "is idle".to_owned()
                } else {
                    format!("is asleep in {calls}")
                };
                format!("{nothing}. The server {asleep}.{elsewhere}")
            }
            WaitError::Spinning(sample) => {
                format!("{nothing}. The server keeps running: it {}.", sample.activity())
            }
            other => format!("{nothing}: {other}."),
        })
    }

    /// The ports that the server listens on, in place of its own.
    fn other_ports(&self) -> Result<String, Unobservable> {
        let listeners = self.server.listeners()?;
        let mut ports: Vec<_> = listeners.iter().map(|it| it.local.port().to_string()).collect();
        ports.dedup();
        Ok(ports.join(", "))
    }
}
