//! The criterion `connects`: by IPv4 and IPv6, by address and by name.

use super::client_run::{ClientRun, LOCAL_V6, Setup, local_v4, start};
use super::words::random_text;
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::log_event::ClientEvent;
use std::net::{IpAddr, SocketAddr};
use witness::WaitError;

/// A client connects to an IPv4 and to an IPv6 address, which are given as an address or by a name. It
/// logs the attempt and the connection, each with the address to which the kernel has connected it.
pub(super) fn connects(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut random = context.random("connects");
    let v4 = local_v4(random.u8(2..=254));
    let name = host_name(&mut random);
    let v4_text = v4.to_string();
    for (host, address) in
        [(v4_text.as_str(), v4), ("::1", LOCAL_V6), (name.as_str(), v4), (name.as_str(), LOCAL_V6)]
    {
        let addresses = if host == name { &[address][..] } else { &[] };
        let setup = Setup { host, addresses, listens_at: &[address], ..Setup::default() };
        let mut client = start(context, &setup)?;
        client.give_line(&random_text(&mut random, 10));
        client.run.server.end_input();
        let connected = client.expect_connected_to(address).map_err(CheckError::independent);
        connected.map_err(|error| match (&error, address) {
            // It has connected by IPv4 just before.
            (CheckError::Failed(cause), IpAddr::V6(_)) if cause.id == "not-connected" => {
                error.with_mistake("ipv4-only")
            }
            _ => error,
        })?;
    }
    Ok(())
}

/// A name of a host that no other run has.
pub(super) fn host_name(random: &mut fastrand::Rng) -> String {
    let letters: String = (0..8).map(|_| random.lowercase()).collect();
    format!("{letters}.example")
}

/// The address in a log line. What follows the address after a space is the author's own, e.g. `...`.
pub(super) fn logged_address(text: &str) -> Option<IpAddr> {
    let word = text.split_whitespace().next()?;
    word.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

impl ClientRun {
    /// Waits until the client has connected to `address` and has logged both lines.
    pub(super) fn expect_connected_to(&mut self, address: IpAddr) -> Result<(), CheckError> {
        let connection = self.wait_connected()?;
        let logged = self.run.server.wait_for(|now| {
            let mut events = now.log().iter().filter_map(ClientEvent::of);
            Ok(events.any(|it| matches!(it, ClientEvent::Connected(_))).then_some(()))
        });
        let kernels = connection.address().ip().to_canonical();
        debug_assert_eq!(kernels, address);
        let line_of = |is_connected: bool| {
            self.events().into_iter().find_map(|event| match event {
                ClientEvent::Connected(text) if is_connected => Some(text.to_owned()),
                // The last attempt before the connection.
                ClientEvent::Attempting(text)
                    if !is_connected && logged_address(text) == Some(kernels) =>
                {
                    Some(text.to_owned())
                }
                _ => None,
            })
        };
        let (attempt, connected) = (line_of(false), line_of(true));
        let fault = match (&attempt, &connected) {
            (_, None) => Some(("no-connected-line", None)),
            (_, Some(text)) if logged_address(text) != Some(kernels) => {
                Some(("other-address", self.mistake_of(text, kernels)))
            }
            (None, _) => Some(("no-attempt-line", self.mistake_of_attempt(kernels))),
            _ => None,
        };
        match fault {
            None => Ok(()),
            Some((id, mistake)) => {
                Err(self.wrong_line(id, mistake, kernels, connected, logged.err()))
            }
        }
    }

    fn mistake_of_attempt(&self, kernels: IpAddr) -> Option<&'static str> {
        self.events().into_iter().find_map(|event| match event {
            ClientEvent::Attempting(text) => self.mistake_of(text, kernels),
            _ => None,
        })
    }

    /// The row of a logged address that is not the kernel's.
    fn mistake_of(&self, text: &str, kernels: IpAddr) -> Option<&'static str> {
        let word = text.split_whitespace().next().unwrap_or_default();
        let has_port =
            word.parse::<SocketAddr>().is_ok() || word.starts_with(&format!("{kernels}:"));
        match logged_address(word) {
            // In a `sockaddr_in6`, the bytes of `sin_addr` are `sin6_flowinfo`, which is 0, and
            // the first bytes of the address, which are 0 in ::1 (ipv6(7)).
            Some(logged) if kernels.is_ipv6() && logged.is_unspecified() => {
                Some("other-family-logged")
            }
            Some(logged) if self.attempts().contains(&logged) => Some("first-address-logged"),
            Some(_) => None,
            None if has_port => Some("port-in-address"),
            None => Some("name-logged"),
        }
    }

    fn wrong_line(
        &mut self,
        id: &'static str,
        mistake: Option<&'static str>,
        kernels: IpAddr,
        connected: Option<String>,
        wait_error: Option<WaitError>,
    ) -> CheckError {
        let line =
            if id == "no-attempt-line" { "attempting connection to" } else { "connected to" };
        let summary = match &connected {
            Some(text) if id == "other-address" => {
                format!(
                    "The kernel has connected the client to {kernels}, and the client logs {text:?}."
                )
            }
            _ => format!("The client is connected to {kernels}, and has no line for it: {line}."),
        };
        let failure = Failure {
            id,
            mistake,
            summary,
            expected: format!("[client] {line} {kernels}"),
            observed: self.run.logged_text(),
        };
        self.run.fail_after(wait_error, failure)
    }
}
