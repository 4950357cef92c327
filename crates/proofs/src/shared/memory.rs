//! The memory of a server.

use witness::{Process, Server, Unobservable};

/// The memory that the server's processes use, in bytes.
pub(crate) fn memory(server: &Server) -> Result<u64, Unobservable> {
    let processes = server.processes()?;
    processes.into_iter().map(Process::memory).sum()
}
