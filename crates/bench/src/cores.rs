//! Pins the server and the clients to different cores, so that they do not compete for CPU time.

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;
use std::io;

/// Two different cores, both of which this process is permitted to use (sched_setaffinity(2)).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cores {
    server: CpuSet,
    clients: CpuSet,
}

impl Cores {
    /// Chooses the first core for the clients and the last core for the server. `None` if this
    /// process may use only one core.
    ///
    /// # Errors
    /// The errors of sched_getaffinity(2).
    pub(crate) fn find() -> io::Result<Option<Self>> {
        let ours = sched_getaffinity(Pid::from_raw(0))?;
        let mut cores = (0..CpuSet::count()).filter(|core| ours.is_set(*core).unwrap_or(false));
        let (Some(first), Some(last)) = (cores.next(), cores.next_back()) else { return Ok(None) };
        Ok(Some(Self { server: only(last)?, clients: only(first)? }))
    }

    /// Pins the calling process, and the processes that it starts, to the clients' core.
    ///
    /// # Errors
    /// The errors of sched_setaffinity(2).
    pub(crate) fn pin_clients(&self) -> io::Result<()> {
        Ok(sched_setaffinity(Pid::from_raw(0), &self.clients)?)
    }

    /// Pins the calling process, and the processes that it starts, to the server's core.
    ///
    /// # Errors
    /// As for [`Cores::pin_clients`].
    pub(crate) fn pin_server(&self) -> io::Result<()> {
        Ok(sched_setaffinity(Pid::from_raw(0), &self.server)?)
    }
}

fn only(core: usize) -> io::Result<CpuSet> {
    let mut set = CpuSet::new();
    set.set(core)?;
    Ok(set)
}
