//! The criterion `next-address`: when an address refuses, the client tries the next one.

use super::client_run::{ClientRun, LOCAL_V6, Setup, local_v4, start};
use super::connects::{host_name, logged_address};
use super::words::random_text;
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::log_event::ClientEvent;
use std::net::IpAddr;
use witness::WaitError;

/// The number of addresses of a name that has many of them.
const MANY: u8 = 18;

/// A name has three addresses, and a server listens at the last of them. The client connects to this
/// address, and has closed the sockets of the attempts that were refused. Then a server listens at
/// each address, and the client connects to the first one. At last, a name has many addresses, and a
/// server listens at the last of them.
pub(super) fn next_address(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut random = context.random("next-address");
    let name = host_name(&mut random);
    // getaddrinfo(3) returns the addresses of this machine in this order: IPv6 before IPv4 (RFC 6724,
    // section 2.1), and then 127.0.0.2, 127.0.0.3 and so on. Such an address is near if it begins with
    // the same bits as 127.0.0.1; of those that are equally near, the first one in the file is first.
    let three = [LOCAL_V6, local_v4(2), local_v4(3)];
    let many: Vec<_> = (2..2 + MANY).map(local_v4).collect();
    let last = many.len() - 1;
    for (addresses, listens_at) in
        [(&three[..], &three[2..]), (&three[..], &three[..]), (&many[..], &many[last..])]
    {
        let first = listens_at[0];
        let setup = Setup { host: &name, addresses, listens_at, ..Setup::default() };
        let mut client = start(context, &setup)?;
        client.connect_with_open_input(&random_text(&mut random, 10), first)?;
        client.expect_order(addresses)?;
        if listens_at.len() == 1 {
            client.expect_closed_attempts()?;
        }
    }
    Ok(())
}

impl ClientRun {
    /// Waits until the client has connected. Its input stays open, so that it does not end. A client
    /// may read the line before it connects. Therefore it gets the line if it does not connect without
    /// it.
    fn connect_with_open_input(&mut self, line: &str, address: IpAddr) -> Result<(), CheckError> {
        let waits = self.run.server.wait_for(|now| Ok((!now.accepted().is_empty()).then_some(())));
        if matches!(waits, Err(WaitError::Idle { .. })) {
            self.expect_no_udp()?;
            self.give_line(line);
        }
        let connected = self.run.server.wait_for(|now| Ok(now.accepted().first().cloned()));
        if let Ok(connection) = &connected
            && connection.address().ip() != address
        {
            return Err(self.other_order(connection.address().ip(), address));
        }
        if let Err(wait_error) = connected {
            let tried: Vec<_> = self.attempts().iter().map(IpAddr::to_string).collect();
            let failure = Failure {
                id: "not-tried",
                mistake: (tried.len() == 1).then_some("first-only"),
                summary: match tried.as_slice() {
                    [] => "The client logs no attempt, and does not connect.".to_owned(),
                    _ => format!(
                        "The client has tried {} and not {address}, where a server listens.",
                        tried.join(" and ")
                    ),
                },
                expected: format!("a connection to {address}"),
                observed: self.run.logged_text(),
            };
            let error = self.fail(wait_error, failure);
            return Err(if tried.is_empty() { error.depends_on("connects") } else { error });
        }
        // Another text than an address is no question of which address comes next.
        self.expect_connected_to(address).map_err(|error| match &error {
            CheckError::Failed(cause)
                if cause.mistake.as_deref() != Some("first-address-logged") =>
            {
                error.depends_on("connects")
            }
            _ => error,
        })
    }

    /// The failure of a client that has passed over `first`, where a server listens.
    fn other_order(&mut self, connected_to: IpAddr, first: IpAddr) -> CheckError {
        let failure = Failure {
            id: "other-order",
            mistake: Some("own-order"),
            summary: format!(
                "The client has connected to {connected_to}. A server also listens at {first}, \
                 which getaddrinfo returns first."
            ),
            expected: format!("a connection to {first}"),
            observed: self.run.logged_text(),
        };
        self.run.fail_now(failure)
    }

    /// Checks that the attempts have the order of the list.
    fn expect_order(&mut self, list: &[IpAddr]) -> Result<(), CheckError> {
        let tried = self.attempts();
        let places = tried.iter().filter_map(|it| list.iter().position(|each| each == it));
        if places.is_sorted() {
            return Ok(());
        }
        let text = |addresses: &[IpAddr]| {
            addresses.iter().map(IpAddr::to_string).collect::<Vec<_>>().join(", ")
        };
        let failure = Failure {
            id: "other-order",
            mistake: Some("own-order"),
            summary: "The client tries the addresses in another order than that of getaddrinfo."
                .to_owned(),
            expected: format!("the order {}", text(list)),
            observed: format!("the order {}", text(&tried)),
        };
        Err(self.run.fail_now(failure))
    }

    /// Checks that the client is not connected by UDP. For a datagram socket, connect(2) only stores
    /// the address, and succeeds although nobody listens.
    fn expect_no_udp(&mut self) -> Result<(), CheckError> {
        let Some((_, fd)) = self.run.server.connected_by_udp(self.run.port)? else {
            return Ok(());
        };
        let failure = Failure {
            id: "udp",
            mistake: Some("no-socktype"),
            summary: format!(
                "The client is not connected by TCP: the kernel shows that its descriptor {fd} is a \
                 UDP socket."
            ),
            expected: "a TCP connection".to_owned(),
            observed: self.run.logged_text(),
        };
        Err(self.run.fail_now(failure))
    }

    /// The addresses that the client has logged as attempts, in order.
    pub(super) fn attempts(&self) -> Vec<IpAddr> {
        let events = self.events().into_iter();
        let address = |event| match event {
            ClientEvent::Attempting(text) => logged_address(text),
            _ => None,
        };
        events.filter_map(address).collect()
    }

    /// Checks that the client has closed the sockets of its refused attempts. A client that has ended
    /// has closed them.
    fn expect_closed_attempts(&mut self) -> Result<(), CheckError> {
        if self.run.server.wait_idle().is_err() {
            return Ok(());
        }
        let left = self.run.server.unconnected_sockets()?;
        let Some((_, fd)) = left.first() else { return Ok(()) };
        let failure = Failure {
            id: "attempt-not-closed",
            mistake: Some("socket-kept"),
            summary: format!(
                "The client is connected, and has not closed descriptor {fd}: the socket of an \
                 attempt that was refused."
            ),
            expected: "one socket".to_owned(),
            observed: format!("{} sockets", left.len() + 1),
        };
        Err(self.run.fail_now(failure))
    }
}
