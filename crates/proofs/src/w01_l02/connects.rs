//! The criterion `connects`: by IPv4 and IPv6, by address and by name.

use super::client_run::{ClientRun, LOCAL_V6, Setup, local_v4, start};
use super::words::random_text;
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::log_event::ClientEvent;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use witness::WaitError;

/// A client connects to an IPv4 and to an IPv6 address, which are given as an address or by a name. It
/// logs the attempt and the connection, each with the address to which the kernel has connected it. This
/// is so for the highest port, and for an IPv6 address whose text has as many characters as possible, too.
/// At last, a server does not answer, and the line of the attempt is in the log nevertheless.
pub(super) fn connects(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut random = context.random("connects");
    let v4 = local_v4(random.u8(2..=254));
    let name = host_name(&mut random);
    let v4_text = v4.to_string();
    for (host, address) in
        [(v4_text.as_str(), v4), ("::1", LOCAL_V6), (name.as_str(), v4), (name.as_str(), LOCAL_V6)]
    {
        let addresses = if host == name { &[address][..] } else { &[] };
        let port = if host == v4_text { Some(u16::MAX) } else { None };
        let setup = Setup { host, addresses, listens_at: &[address], port, ..Setup::default() };
        let mut client = start_with_line(context, &setup, &mut random)?;
        let connected = client.expect_connected_to(address).map_err(CheckError::independent);
        connected.map_err(|error| match (&error, address) {
            // It has connected by IPv4 just before.
            (CheckError::Failed(cause), IpAddr::V6(_)) if cause.id == "not-connected" => {
                error.with_mistake("ipv4-only")
            }
            _ => error,
        })?;
    }
    connects_to_a_long_text(context, &mut random)?;
    logs_before_the_answer(context, v4, &mut random)
}

/// The server does not answer. The client logs the attempt before it calls connect(2), so that the
/// line is there while the call waits.
fn logs_before_the_answer(
    context: &CheckContext<'_>,
    address: IpAddr,
    random: &mut fastrand::Rng,
) -> Result<(), CheckError> {
    let host = address.to_string();
    let setup = Setup { host: &host, listens_at: &[address], is_silent: true, ..Setup::default() };
    let mut client = start_with_line(context, &setup, random)?;
    let logged = client.run.server.wait_for(|now| {
        let mut events = now.log().iter().filter_map(ClientEvent::of);
        Ok(events.any(|it| matches!(it, ClientEvent::Attempting(_))).then_some(()))
    });
    let Err(wait_error) = logged else { return Ok(()) };
    let server = SocketAddr::new(address, client.run.port);
    if !client.run.server.attempts()?.iter().any(|attempt| attempt.peer == server) {
        return Ok(());
    }
    let failure = Failure {
        id: "attempt-late",
        mistake: None,
        summary: format!(
            "The server at {address} does not answer. The client waits in its attempt to connect to \
             it, and has not logged the attempt."
        ),
        expected: format!("[client] attempting connection to {address} before the attempt"),
        observed: client.run.logged_text(),
    };
    Err(client.run.fail(wait_error, failure))
}

/// A client whose socket is for IPv6 alone (IPV6_V6ONLY, as Ruby sets it) cannot connect to this
/// address, and is asked for the attempt alone.
fn connects_to_a_long_text(
    context: &CheckContext<'_>,
    random: &mut fastrand::Rng,
) -> Result<(), CheckError> {
    let (address, text) = long_v6(random);
    let setup = Setup { host: &text, listens_at: &[address.to_canonical()], ..Setup::default() };
    let mut client = start_with_line(context, &setup, random)?;
    let accepted = client.run.server.wait_for(|now| Ok((!now.accepted().is_empty()).then_some(())));
    match accepted {
        Ok(()) => client.expect_connected_to(address),
        Err(WaitError::Unobservable(unseen)) => Err(unseen.into()),
        Err(_) if client.attempts().contains(&address.to_canonical()) => Ok(()),
        Err(wait_error) => Err(client.run.fail(wait_error, no_attempt(&text))),
    }
}

/// The failure of a client that does not try to connect to the address of this text.
fn no_attempt(text: &str) -> Failure {
    Failure {
        id: "no-attempt",
        mistake: None,
        summary: "HOST is an IPv6 address of 45 characters, and the client does not try to connect to it."
            .to_owned(),
        expected: format!("an attempt to connect to {text}"),
        observed: "no such attempt".to_owned(),
    }
}

/// Starts a client, and gives it a line and the end of its input.
fn start_with_line(
    context: &CheckContext<'_>,
    setup: &Setup<'_>,
    random: &mut fastrand::Rng,
) -> Result<ClientRun, CheckError> {
    let mut client = start(context, setup)?;
    client.give_line(&random_text(random, 10));
    client.run.server.end_input();
    Ok(client)
}

/// A name of a host that no other run has.
pub(super) fn host_name(random: &mut fastrand::Rng) -> String {
    let letters: String = (0..8).map(|_| random.lowercase()).collect();
    format!("{letters}.example")
}

/// An IPv6 address of this machine, and its longest text, which has 45 characters (INET6_ADDRSTRLEN
/// without the NUL). It is a mapped address, by which a socket of IPv6 connects to an IPv4 address
/// (ipv6(7)). Each machine has it, and can use it without a privilege. Its usual text has 22 characters,
/// more than that of any IPv4 address.
fn long_v6(random: &mut fastrand::Rng) -> (IpAddr, String) {
    let mut byte = || random.u8(100..=254);
    let v4 = Ipv4Addr::new(127, byte(), byte(), byte());
    (IpAddr::V6(v4.to_ipv6_mapped()), format!("0000:0000:0000:0000:0000:ffff:{v4}"))
}

/// The address in a log line. What follows the address after a space is the author's own, e.g. `...`.
pub(super) fn logged_address(text: &str) -> Option<IpAddr> {
    let word = text.split_whitespace().next()?;
    word.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

impl ClientRun {
    /// Waits until the client has connected to `address` and has logged both lines. An IPv4 address
    /// may stand for its mapped address in the log, as in Java and Go.
    pub(super) fn expect_connected_to(&mut self, address: IpAddr) -> Result<(), CheckError> {
        let connection = self.wait_connected()?;
        let logged = self.run.server.wait_for(|now| {
            let mut events = now.log().iter().filter_map(ClientEvent::of);
            Ok(events.any(|it| matches!(it, ClientEvent::Connected(_))).then_some(()))
        });
        let kernels = connection.address().ip().to_canonical();
        debug_assert_eq!(kernels, address.to_canonical());
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
                Err(self.wrong_line(id, mistake, address, connected, logged.err()))
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
            Some(logged) if self.has_tried_before(logged, kernels) => Some("first-address-logged"),
            Some(_) => None,
            None if has_port => Some("port-in-address"),
            None => is_name(word).then_some("name-logged"),
        }
    }

    /// Whether the client has logged attempts to both addresses.
    fn has_tried_before(&self, logged: IpAddr, kernels: IpAddr) -> bool {
        let tried = self.attempts();
        tried.contains(&logged) && (tried.contains(&kernels) || tried.len() > 1)
    }

    fn wrong_line(
        &mut self,
        id: &'static str,
        mistake: Option<&'static str>,
        address: IpAddr,
        connected: Option<String>,
        wait_error: Option<WaitError>,
    ) -> CheckError {
        let line =
            if id == "no-attempt-line" { "attempting connection to" } else { "connected to" };
        let summary = match &connected {
            Some(text) if id == "other-address" => {
                format!(
                    "The kernel has connected the client to {address}, and the client logs {text:?}."
                )
            }
            _ => format!("The client is connected to {address}, and has no line for it: {line}."),
        };
        let failure = Failure {
            id,
            mistake,
            summary,
            expected: format!("[client] {line} {address}"),
            observed: self.run.logged_text(),
        };
        self.run.fail_after(wait_error, failure)
    }
}

/// Whether a word of the log is the name of a host, and not a part of an address.
fn is_name(word: &str) -> bool {
    let is_in_name = |it: char| it.is_ascii_alphanumeric() || "-._".contains(it);
    word.chars().all(is_in_name) && word.contains(|it: char| it.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_no_part_of_an_address() {
        assert!(is_name("abcdefgh.example") && is_name("localhost"));
        for word in ["", "(null)", "::ffff:127.101.1", "127.0.0", "fd00:1111"] {
            assert!(!is_name(word), "{word}");
        }
    }

    #[test]
    fn the_long_address_does_not_fit_into_the_room_of_ipv4() {
        let (address, text) = long_v6(&mut fastrand::Rng::with_seed(1));
        assert_eq!(address.to_string().len(), 22);
        assert_eq!((text.len(), text.parse()), (45, Ok(address)));
        assert!(address.to_canonical().is_loopback());
    }
}
