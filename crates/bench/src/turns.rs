//! Two servers measured by turns: whatever the machine does meanwhile, it does to both.

use crate::exchange::Exchange;
use crate::load::{Clients, Work};
use crate::report::Figures;
use crate::server::Server;
use crate::statistics::median;
use anyhow::Result;

/// A server and the clients that it has.
#[derive(Debug)]
pub(crate) struct Side {
    server: Server,
    clients: Clients,
}

impl Side {
    /// A server without clients.
    pub(crate) fn new(server: Server) -> Self {
        Self { server, clients: Clients::default() }
    }

    /// Connects clients until there are `count`; see [`Clients::join`].
    ///
    /// # Errors
    /// As for [`Clients::join`].
    pub(crate) fn join(&mut self, count: usize, hello: &mut Exchange, every: usize) -> Result<()> {
        self.clients.join(self.server.port(), count, hello, every)
    }

    /// The server's memory; see [`Server::memory`].
    ///
    /// # Errors
    /// As for [`Server::memory`].
    pub(crate) fn memory(&self) -> Result<u64> {
        self.server.memory()
    }

    /// One run of every client: the rate, and the CPU time of a request.
    ///
    /// # Errors
    /// As for [`Clients::run`].
    pub(crate) fn run(&mut self, exchange: &mut Exchange, work: Work) -> Result<Figures> {
        let before = self.server.cpu()?;
        let done = self.clients.run(exchange, work)?;
        let cpu = self.server.cpu()? - before;
        let requests = done.requests as f64;
        Ok(Figures {
            per_second: Some(requests / done.elapsed.as_secs_f64()),
            cpu_ns: Some(cpu.as_nanos() as f64 / requests),
            ..Figures::default()
        })
    }

    /// One run of one client, while the others are silent: its median round trip, and the CPU time
    /// of a request.
    ///
    /// # Errors
    /// As for [`Clients::round_trips`].
    pub(crate) fn round_trips(&mut self, exchange: &mut Exchange, work: Work) -> Result<Figures> {
        let before = self.server.cpu()?;
        let times = self.clients.round_trips(exchange, work)?;
        let cpu = self.server.cpu()? - before;
        Ok(Figures {
            round_trip_us: median(times.iter().map(|time| time.as_secs_f64() * 1e6)),
            cpu_ns: Some(cpu.as_nanos() as f64 / times.len() as f64),
            ..Figures::default()
        })
    }
}

/// The figures of each side, run beside run.
#[derive(Debug, Default)]
pub(crate) struct Runs {
    /// The server's.
    pub(crate) server: Vec<Figures>,
    /// The reference's; empty where there is none.
    pub(crate) reference: Vec<Figures>,
}

/// Measures both sides `count` times, and lets each go first by turns.
///
/// # Errors
/// The first of `measure`.
pub(crate) fn by_turns<S>(
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
    fn each_side_goes_first_by_turns() {
        let mut order = String::new();
        let runs = by_turns(3, &mut 's', Some(&mut 'r'), |side| {
            order.push(*side);
            Ok(Figures::default())
        });
        assert_eq!(order, "srrssr");
        let runs = runs.unwrap();
        assert_eq!((runs.server.len(), runs.reference.len()), (3, 3));
    }

    #[test]
    fn a_server_without_a_reference_runs_alone() {
        let runs = by_turns(2, &mut 's', None, |_| Ok(Figures::default())).unwrap();
        assert_eq!((runs.server.len(), runs.reference.len()), (2, 0));
    }
}
