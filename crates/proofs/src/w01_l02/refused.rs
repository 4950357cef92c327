//! The criterion `refused`: every address refuses.

use super::client_run::{ClientRun, LOCAL_V6, Setup, local_v4, start};
use super::connects::host_name;
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::log_event::ClientEvent;
use std::net::IpAddr;
use witness::{Exit, WaitError};

/// No server listens at any address of the host. The client logs each attempt, writes the reason to
/// standard error, and ends with a status other than 0.
pub(super) fn refused(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut random = context.random("refused");
    let address = [local_v4(random.u8(2..=254))];
    let text = address[0].to_string();
    let setup = Setup { host: &text, listens_at: &[], ..Setup::default() };
    start(context, &setup)?.expect_refused_at(&address)?;

    let name = host_name(&mut random);
    let addresses = [LOCAL_V6, local_v4(2), local_v4(3)];
    let setup = Setup { host: &name, addresses: &addresses, ..setup };
    start(context, &setup)?.expect_refused_at(&addresses)
}

impl ClientRun {
    fn expect_refused_at(&mut self, addresses: &[IpAddr]) -> Result<(), CheckError> {
        self.run.server.write_input(b"nobody listens\n");
        self.run.server.end_input();
        let ended = self.wait_ended();
        let tried = self.attempts();
        let missing: Vec<_> = addresses.iter().filter(|it| !tried.contains(it)).collect();
        let stderr = self.run.server.stderr().to_lowercase();
        let is_connected = self.has_logged(|event| matches!(event, ClientEvent::Connected(_)));
        let twice = tried.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0]);
        let (id, mistake, summary) = match (&ended, twice) {
            // Two types of socket, for instance.
            (_, Some(address)) if is_connected => (
                "connected",
                None,
                format!(
                    "No server listens. The client has tried {address} twice, and logs that it is \
                     connected."
                ),
            ),
            _ if is_connected => (
                "connected",
                Some("connect-unchecked"),
                "Every address refuses, and the client logs that it is connected.".to_owned(),
            ),
            (Err(_), _) => {
                ("runs-on", None, "Every address refuses, and the client does not end.".to_owned())
            }
            (Ok(_), _) if !missing.is_empty() => (
                "attempt-missing",
                (tried.len() == 1 && addresses.len() > 1).then_some("first-only"),
                format!("The client has logged no attempt to connect to {}.", missing[0]),
            ),
            (Ok(Exit::Status(0)), _) => (
                "status-zero",
                Some("status-zero"),
                "Every address refuses, and the client ends with status 0.".to_owned(),
            ),
            (Ok(Exit::Status(_)), _) if names_reason(&stderr) => return Ok(()),
            (Ok(Exit::Status(_)), _) => (
                "no-reason",
                Some("reason-lost"),
                "Every address refuses, and standard error does not say why.".to_owned(),
            ),
            (Ok(_), _) => ("killed", None, "Every address refuses.".to_owned()),
        };
        let failure = Failure {
            id,
            mistake,
            summary,
            expected: "a line for each attempt, \"Connection refused\" on standard error, and a \
                       status other than 0"
                .to_owned(),
            observed: self.run.logged_text(),
        };
        let wait_error = ended.map(WaitError::Ended).unwrap_or_else(|wait_error| wait_error);
        let error = self.fail(wait_error, failure);
        Err(if tried.is_empty() { error.depends_on("connects") } else { error })
    }
}

/// Whether a text in lower-case letters has the reason, as strerror(3) or errno(3) names it.
fn names_reason(stderr: &str) -> bool {
    ["connection refused", "econnrefused"].iter().any(|reason| stderr.contains(reason))
}
