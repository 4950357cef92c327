//! The criterion `refused`: no attempt to connect succeeds.

use super::client_run::{ClientRun, LOCAL_V6, Setup, local_v4, start};
use super::connects::host_name;
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::log_event::ClientEvent;
use std::net::{IpAddr, Ipv4Addr};
use witness::{Exit, WaitError};

/// No server listens at any address of the host. The client logs each attempt, writes the reason to
/// standard error, and ends with a status other than 0. To the last addresses of the last host, there
/// is no route: the client goes on after such a failure, too, and the reason is that of its last
/// attempt.
pub(super) fn refused(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut random = context.random("refused");
    let address = [local_v4(random.u8(2..=254))];
    let text = address[0].to_string();
    let setup = Setup { host: &text, listens_at: &[], ..Setup::default() };
    start(context, &setup)?.expect_refused_at(&address)?;

    let name = host_name(&mut random);
    let addresses = [LOCAL_V6, local_v4(2), local_v4(3)];
    let setup = Setup { host: &name, addresses: &addresses, ..setup };
    start(context, &setup)?.expect_refused_at(&addresses)?;

    // getaddrinfo(3) returns these last, because no route leads to them (RFC 6724, section 6, rule 1).
    let addresses = [local_v4(2), without_route(1), without_route(2)];
    let setup = Setup { addresses: &addresses, ..setup };
    start(context, &setup)?.expect_refused_at(&addresses)
}

/// An address to which a network that has a loopback interface alone has no route. It is an address
/// for documentation (RFC 5737).
fn without_route(last: u8) -> IpAddr {
    Ipv4Addr::new(198, 51, 100, last).into()
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
        // The addresses to which there is no route do not refuse.
        let all = match addresses.iter().all(IpAddr::is_loopback) {
            true => "Every address refuses",
            false => "No attempt succeeds",
        };
        let last = tried.last().filter(|it| !it.is_loopback());
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
                format!("{all}, and the client logs that it is connected."),
            ),
            (Err(_), _) => ("runs-on", None, format!("{all}, and the client does not end.")),
            (Ok(_), _) if !missing.is_empty() => (
                "attempt-missing",
                (tried.len() == 1 && addresses.len() > 1).then_some("first-only"),
                format!("The client has logged no attempt to connect to {}.", missing[0]),
            ),
            (Ok(Exit::Status(0)), _) => (
                "status-zero",
                Some("status-zero"),
                format!("{all}, and the client ends with status 0."),
            ),
            (Ok(Exit::Status(_)), _) if names_reason(&stderr, last) => return Ok(()),
            (Ok(Exit::Status(_)), _) => match last {
                Some(address) if names_reason(&stderr, None) => (
                    "other-reason",
                    None,
                    format!(
                        "The last attempt was to {address}, to which there is no route, and standard \
                         error has the reason of another attempt."
                    ),
                ),
                _ => (
                    "no-reason",
                    Some("reason-lost"),
                    format!("{all}, and standard error does not say why."),
                ),
            },
            (Ok(_), _) => ("killed", None, format!("{all}.")),
        };
        let failure = Failure {
            id,
            mistake,
            summary,
            expected: format!(
                "a line for each attempt, \"{}\" on standard error, and a status other than 0",
                if last.is_some() { "Network is unreachable" } else { "Connection refused" }
            ),
            observed: self.run.logged_text(),
        };
        let wait_error = ended.map(WaitError::Ended).unwrap_or_else(|wait_error| wait_error);
        let error = self.fail(wait_error, failure);
        Err(if tried.is_empty() { error.depends_on("connects") } else { error })
    }
}

/// Whether a text in lower-case letters has the reason of the last attempt, as strerror(3) or
/// errno(3) names it, or by its number, as Python's asyncio. `without_route` is the address of this attempt if there is no route to it.
fn names_reason(stderr: &str, without_route: Option<&IpAddr>) -> bool {
    let reasons: &[&str] = match without_route {
        None => &["connection refused", "econnrefused", "errno 111"],
        Some(_) => &["unreachable", "enetunreach", "errno 101", "no route to host", "ehostunreach"],
    };
    reasons.iter().any(|reason| stderr.contains(reason))
}
