//! Uses up the descriptors of a running server, so that its next accept or open really fails with
//! EMFILE.
//!
//! prlimit(2) changes the limit of a running process, which needs no cooperation of the program.
//! The kernel compares the number of a new descriptor with the limit, and always takes the lowest
//! free number. Therefore the limit is set to the lowest free number.

use super::Server;
use sandbox::{Call, Process, Unobservable};

/// The descriptor limit of a process, before the observer lowered it.
#[derive(Clone, Copy, Debug)]
pub(super) struct LoweredLimit {
    /// The limit that the observer has set.
    now: u64,
    before: u64,
}

impl Server {
    /// Lowers the descriptor limit of the listening process, so that the process can have no
    /// further descriptor: its next call that creates a descriptor fails with EMFILE (getrlimit(2),
    /// RLIMIT_NOFILE). The server should be idle during this call.
    ///
    /// If a thread of the process sleeps in poll(2), the limit is not lower than the number of
    /// entries of this poll, because poll fails with EINVAL if it has more entries than the limit.
    /// Then some descriptors may remain free ([`free_descriptors`](Self::free_descriptors)), and
    /// clients can use them up.
    ///
    /// # Errors
    /// [`Unobservable`] if this user may not change the limit (prlimit(2)).
    pub fn exhaust_descriptors(&mut self) -> Result<(), Unobservable> {
        let process = self.process();
        let limit = lowest_free(process)?.max(self.poll_length()?);
        self.limit_descriptors(limit)
    }

    /// Lowers the descriptor limit of the listening process to `limit` (getrlimit(2),
    /// RLIMIT_NOFILE): the process can create no descriptor with this number or a higher one.
    /// Descriptors that are open remain open.
    ///
    /// # Errors
    /// [`Unobservable`] if this user may not change the limit (prlimit(2)).
    pub fn limit_descriptors(&mut self, limit: u64) -> Result<(), Unobservable> {
        let process = self.process();
        let before = match self.lowered {
            Some(lowered) => lowered.before,
            None => process.descriptor_limit()?,
        };
        process.set_descriptor_limit(limit)?;
        self.lowered = Some(LoweredLimit { now: process.descriptor_limit()?, before });
        Ok(())
    }

    /// The number of descriptors that the listening process can still create below its current
    /// limit.
    ///
    /// # Errors
    /// [`Unobservable`] if the kernel hides the limit or the descriptors from this user.
    pub fn free_descriptors(&self) -> Result<usize, Unobservable> {
        let process = self.process();
        let limit = process.descriptor_limit()?;
        let used = process.descriptors()?;
        let below = used.iter().filter(|it| (it.fd as u64) < limit).count();
        Ok(usize::try_from(limit).unwrap_or(usize::MAX) - below)
    }

    /// Gives the listening process the limit back that it had before
    /// [`exhaust_descriptors`](Self::exhaust_descriptors), and also each process that has inherited
    /// the lowered limit. Does nothing if the limit was not lowered, or if the program has ended.
    ///
    /// # Errors
    /// [`Unobservable`] if this user may not change the limit (prlimit(2)).
    pub fn restore_descriptors(&mut self) -> Result<(), Unobservable> {
        let Some(lowered) = self.lowered.take() else { return Ok(()) };
        for process in self.processes()? {
            // A process that has ended in the meantime has no limit any more.
            if process.descriptor_limit().is_ok_and(|limit| limit == lowered.now)
                && let Err(unobservable) = process.set_descriptor_limit(lowered.before)
                && !process.threads()?.is_empty()
            {
                return Err(unobservable);
            }
        }
        Ok(())
    }

    /// The largest number of entries of a poll that a thread of the listening process sleeps in.
    fn poll_length(&self) -> Result<u64, Unobservable> {
        let threads = self.threads()?;
        let calls = threads.iter().filter_map(|thread| thread.call);
        Ok(calls.filter(Call::is_poll).map(|call| call.arguments[1]).max().unwrap_or(0))
    }
}

/// The number that the process's next descriptor will have.
fn lowest_free(process: Process) -> Result<u64, Unobservable> {
    let used = process.descriptors()?; // sorted by number
    let numbers = (0..).zip(&used).take_while(|(number, it)| *number == it.fd);
    Ok(numbers.count() as u64)
}
