//! Waits until a server and everything that it has started has ended.

use super::Server;
use super::verdict::calls;
use crate::wait_error::{WaitError, doing_at_end};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sandbox::{CpuLoad, Exit, Process, Unobservable};
use std::time::{Duration, Instant};

/// The pause between two checks while no event arrives.
const PAUSE: Duration = Duration::from_millis(1);
/// The time for which everything that the program has left must have slept.
const SURVIVORS_SLEEP: Duration = Duration::from_millis(100);
/// The time after which processes that are left are killed again, and the time for all attempts.
const KILL_AGAIN_AFTER: Duration = Duration::from_millis(50);
const LONGEST_KILL: Duration = Duration::from_secs(2);
/// The additional time for a server that has waited for a processor during most of the time.
const STARVED_TIME: Duration = Duration::from_secs(10);

impl Server {
    /// Waits until the program, and every process that it has started, has ended. Returns how the
    /// program itself has ended.
    ///
    /// A server that is about to end may sleep meanwhile, for example until its clients have
    /// finished. Therefore this wait does not end when the server is idle. It lasts at most
    /// `limit`, also if the server's deadline is earlier. Time in which the server waited for a
    /// processor is not counted.
    ///
    /// # Errors
    /// `TimedOut` if a process is left after `limit`: the program itself, or one of the
    /// [`survivors`](Self::survivors). `Idle` if the program has ended and each survivor sleeps
    /// until an event, so that none will end by itself. `Unobservable` if the machine was too busy
    /// to run the server, and still was 10 s after `limit`.
    pub fn wait_ended(&mut self, limit: Duration) -> Result<Exit, WaitError> {
        self.wait_ended_with(limit, STARVED_TIME)
    }

    /// Does the same. `starved_time` is the additional time for a server that waits for a
    /// processor.
    fn wait_ended_with(
        &mut self,
        limit: Duration,
        starved_time: Duration,
    ) -> Result<Exit, WaitError> {
        let begun = Instant::now();
        let load = CpuLoad::now(&self.all_threads()?);
        let (mut left, mut left_since) = (Vec::new(), begun);
        loop {
            let has_event = self.poll_events()?;
            if let Some(exit) = self.exit.clone() {
                if self.survivors()?.is_empty() {
                    self.catch_up()?;
                    return Ok(exit);
                }
                // A survivor that has ended since has no threads.
                let threads = self.all_threads()?;
                if threads.is_empty() || threads != left {
                    (left, left_since) = (threads, Instant::now());
                } else if left_since.elapsed() >= SURVIVORS_SLEEP
                    && self.sandbox.limit_exceeded().is_none()
                    && self.all_rest(&left)
                {
                    return Err(WaitError::Idle { calls: calls(&left) });
                }
            }
            if begun.elapsed() >= limit {
                let threads = self.all_threads()?;
                match load.starvation(&threads) {
                    Some(starved) if begun.elapsed() >= limit + starved_time => {
                        return Err(WaitError::Unobservable(starved.into()));
                    }
                    None if begun.elapsed() >= limit + load.longest_wait(&threads) => {
                        return Err(WaitError::TimedOut {
                            after: limit,
                            doing: doing_at_end(&threads),
                        });
                    }
                    _ => {}
                }
            }
            if !has_event {
                self.wait_for_event(PAUSE);
            }
        }
    }

    /// Ends the program, and every process that it has started (SIGKILL). Returns how the program
    /// itself has ended.
    ///
    /// # Errors
    /// As [`wait_ended`](Self::wait_ended), if a process is left after 2 s, or after 12 s on a
    /// machine that was too busy to end it.
    pub fn kill_all(&mut self) -> Result<Exit, WaitError> {
        let begun = Instant::now();
        loop {
            for process in self.processes()? {
                // The error of a process that has just ended is ignored.
                let _ = kill(Pid::from_raw(process.pid), Signal::SIGKILL);
            }
            // A process may have started another one before it was killed.
            let ended = self.wait_ended_with(KILL_AGAIN_AFTER, Duration::ZERO);
            let longest = match ended {
                Err(WaitError::TimedOut { .. }) => LONGEST_KILL,
                Err(WaitError::Unobservable(_)) => LONGEST_KILL + STARVED_TIME,
                _ => return ended,
            };
            if begun.elapsed() >= longest {
                return ended;
            }
        }
    }

    /// The processes that are still there although the program has ended. None while the program
    /// is running. A process that has ended and has not been reaped is not included.
    ///
    /// # Errors
    /// [`Unobservable`] if the kernel hides this information from this user.
    pub fn survivors(&self) -> Result<Vec<Process>, Unobservable> {
        if self.exit.is_none() {
            return Ok(Vec::new());
        }
        let mut alive = Vec::new();
        for process in self.processes()? {
            // A process without threads has ended after it was listed.
            if !process.threads()?.iter().all(|thread| thread.zombie) {
                alive.push(process);
            }
        }
        Ok(alive)
    }

    /// The processor time that all processes of the server have used so far, without the sandbox's
    /// first process. The time of children that the server has not waited for, because it ignores
    /// SIGCHLD, is not included (wait(2)).
    ///
    /// # Errors
    /// [`Unobservable`] if the kernel hides the processes from this user.
    pub fn cpu_time(&self) -> Result<Duration, Unobservable> {
        let running = self.processes()?.into_iter();
        let used: Duration = running.map(|process| process.cpu_time() + process.reaped()).sum();
        Ok(used + self.sandbox.init().reaped())
    }
}
