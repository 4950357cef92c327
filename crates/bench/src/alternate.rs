//! Measures two servers alternately. A change of the machine's speed then affects both servers.

use crate::exchange::Exchange;
use crate::load::{Clients, RunLength};
use crate::report::Figures;
use crate::server::Server;
use crate::statistics::median;
use anyhow::Result;

/// A server under measurement, with its clients.
#[derive(Debug)]
pub(crate) struct Contender {
    server: Server,
    clients: Clients,
}

impl Contender {
    /// A server without clients.
    pub(crate) fn new(server: Server) -> Self {
        Self { server, clients: Clients::default() }
    }

    /// Connects clients until `count` clients are connected. See [`Clients::connect_up_to`].
    ///
    /// # Errors
    /// As for [`Clients::connect_up_to`].
    pub(crate) fn connect_up_to(
        &mut self,
        count: usize,
        hello: &mut Exchange,
        every: usize,
    ) -> Result<()> {
        self.clients.connect_up_to(self.server.port(), count, hello, every)
    }

    /// The server's memory in bytes. See [`Server::memory`].
    ///
    /// # Errors
    /// As for [`Server::memory`].
    pub(crate) fn memory(&self) -> Result<u64> {
        self.server.memory()
    }

    /// Runs all clients. Returns the requests per second and the server's CPU time for each
    /// request.
    ///
    /// # Errors
    /// As for [`Clients::run`].
    pub(crate) fn run(&mut self, exchange: &mut Exchange, length: RunLength) -> Result<Figures> {
        let before = self.server.cpu()?;
        let done = self.clients.run(exchange, length)?;
        let cpu = self.server.cpu()? - before;
        let requests = done.requests as f64;
        Ok(Figures {
            per_second: Some(requests / done.elapsed.as_secs_f64()),
            cpu_ns: Some(cpu.as_nanos() as f64 / requests),
            ..Figures::default()
        })
    }

    /// Runs the first client while the other clients are idle. Returns the median round-trip time
    /// and the server's CPU time for each request.
    ///
    /// # Errors
    /// As for [`Clients::round_trips`].
    pub(crate) fn round_trips(
        &mut self,
        exchange: &mut Exchange,
        length: RunLength,
    ) -> Result<Figures> {
        let before = self.server.cpu()?;
        let times = self.clients.round_trips(exchange, length)?;
        let cpu = self.server.cpu()? - before;
        Ok(Figures {
            round_trip_us: median(times.iter().map(|time| time.as_secs_f64() * 1e6)),
            cpu_ns: Some(cpu.as_nanos() as f64 / times.len() as f64),
            ..Figures::default()
        })
    }
}

/// The figures of each run. The server's run and the reference's run with the same index were made
/// one after the other.
#[derive(Debug, Default)]
pub(crate) struct Runs {
    /// The figures of the server.
    pub(crate) server: Vec<Figures>,
    /// The figures of the reference; empty if there is no reference.
    pub(crate) reference: Vec<Figures>,
}

/// Measures both servers `count` times. The server that is measured first changes with each run.
///
/// # Errors
/// The first error that `measure` returned.
pub(crate) fn alternate<S>(
    count: u32,
    server: &mut S,
    mut reference: Option<&mut S>,
    mut measure: impl FnMut(&mut S) -> Result<Figures>,
) -> Result<Runs> {
    let mut runs = Runs::default();
    for run in 0..count {
        if run % 2 == 0 {
            runs.server.push(measure(server)?);
        }
        if let Some(reference) = &mut reference {
            runs.reference.push(measure(reference)?);
        }
        if run % 2 == 1 {
            runs.server.push(measure(server)?);
        }
    }
    Ok(runs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_that_goes_first_changes_with_each_run() {
        let mut order = String::new();
        let runs = alternate(3, &mut 's', Some(&mut 'r'), |contender| {
            order.push(*contender);
            Ok(Figures::default())
        });
        assert_eq!(order, "srrssr");
        let runs = runs.unwrap();
        assert_eq!((runs.server.len(), runs.reference.len()), (3, 3));
    }

    #[test]
    fn a_server_without_a_reference_is_measured() {
        let runs = alternate(2, &mut 's', None, |_| Ok(Figures::default())).unwrap();
        assert_eq!((runs.server.len(), runs.reference.len()), (2, 0));
    }
}
