//! Whether there is a server at all.

use super::{Blame, Scene};
use crate::fall::Fall;
use witness::{Exit, Stuck, Unseen};

impl Scene {
    /// Waits until the server listens where it should.
    pub(crate) fn until_listening(&mut self) -> Result<(), Fall> {
        let Err(stuck) = self.server.until_listening(self.port) else { return Ok(()) };
        let port = self.port;
        if self.was_refused_the_port(&stuck) && self.server.is_in_time_wait(port)? {
            let text =
                "connections of an earlier run are in TIME_WAIT on the port; try again in a minute";
            return Err(Fall::Unseen(text.to_owned()));
        }
        let summary = self.why_not_listening(&stuck)?;
        let expected = format!("a LISTEN socket on port {port}");
        let observed = stuck.to_string();
        Err(self.fail(
            stuck,
            Blame { id: "not-listening", summary, expected, observed, ..Blame::default() },
        ))
    }

    /// Whether it ended because the port is not free, which on a shared network may not be its fault.
    fn was_refused_the_port(&self, stuck: &Stuck) -> bool {
        let shared = self.server.tier().shares_ports();
        shared
            && matches!(stuck, Stuck::Ended(_))
            && self.server.stderr().contains("already in use")
    }

    fn why_not_listening(&self, stuck: &Stuck) -> Result<String, Unseen> {
        let nothing = format!("Nothing listens on {}", self.port);
        if let Stuck::Ended(Exit::Status(0)) = stuck
            && let Some(left) = self.server.processes()?.first()
        {
            return Ok(format!(
                "The program ended at once and left {} running behind it: a server under proof \
                 stays in the foreground.",
                left.name()
            ));
        }
        let ports: Vec<_> =
            self.server.listeners()?.iter().map(|it| it.local.port().to_string()).collect();
        Ok(match (stuck, ports.join(", ")) {
            (Stuck::Ended(exit), _) => format!("{nothing}: the server {exit}."),
            (Stuck::Quiet { .. }, ports) if !ports.is_empty() => {
                format!("{nothing}: the server listens on {ports} instead.")
            }
            (Stuck::Quiet { calls }, _) => {
                let call = calls.first().map_or("no call", |call| call.name());
                format!("{nothing}: the server is asleep in {call}.")
            }
            (other, _) => format!("{nothing}: {other}."),
        })
    }
}
