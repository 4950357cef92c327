//! The processes of the server, as they were read last.

use crate::evidence::Waits;
use witness::{Activity, Call, Descriptor, Process, Server, Thread, Unobservable};

/// The processes of the server.
#[derive(Default)]
pub(super) struct Processes {
    pub(super) all: Vec<SeenProcess>,
    /// Whether the last call of [`read`](Self::read) has found something new. The kernel may know
    /// sockets that were not known before.
    pub(super) is_new: bool,
    /// Why the array or list of a process could not be read.
    pub(super) problem: Option<String>,
}

/// What was read of a process.
pub(super) struct SeenProcess {
    pub(super) process: Process,
    /// The process id, as the process itself has it.
    pub(super) pid: i32,
    pub(super) threads: Vec<Thread>,
    pub(super) descriptors: Vec<Descriptor>,
    pub(super) waits: Waits,
    /// Whether no thread has run while the process was read, so that all of this was true at one
    /// moment.
    pub(super) is_consistent: bool,
    activity: Activity,
}

impl Processes {
    /// Whether a thread has run since the last call of [`read`](Self::read).
    pub(super) fn have_run(&self) -> bool {
        self.all.is_empty() || self.all.iter().any(SeenProcess::has_run)
    }

    /// Looks again whether every thread of every process sleeps, as it did when it was read.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub(super) fn are_asleep(&self, server: &Server) -> Result<bool, Unobservable> {
        for seen in self.all.iter().filter(|seen| !seen.is_zombie()) {
            let threads = server.threads_of(seen.process)?;
            if !seen.is_consistent || threads.iter().any(Thread::is_running) {
                return Ok(false);
            }
        }
        Ok(!self.have_run())
    }

    /// Reads the processes of which a thread has run, and those that are new.
    ///
    /// # Errors
    /// [`Unobservable`] if the kernel hides a process from this user.
    pub(super) fn read(&mut self, server: &Server) -> Result<(), Unobservable> {
        self.problem = None;
        let mut before = std::mem::take(&mut self.all);
        for process in server.processes()? {
            let known = before.iter().position(|seen| seen.process == process);
            let known = known.map(|index| before.swap_remove(index));
            let seen = match known {
                Some(seen) if !seen.has_run() => seen,
                known => {
                    self.is_new = true;
                    self.read_one(server, process, known)?
                }
            };
            self.all.push(seen);
        }
        Ok(())
    }

    /// Reads one process. `known` is what was read of it before.
    fn read_one(
        &mut self,
        server: &Server,
        process: Process,
        known: Option<SeenProcess>,
    ) -> Result<SeenProcess, Unobservable> {
        // A thread that runs after this line has run since the last read.
        let threads = server.threads_of(process)?;
        let activity = Activity::of(threads.iter().map(|thread| (process, thread.tid)));
        let threads = server.threads_of(process)?;
        let descriptors = process.descriptors()?;
        let waits = match self.waits(server, process, &threads) {
            // A server that runs waits for nothing, but it still has its array or list.
            Waits::Nothing => known.map(|known| known.waits).unwrap_or_default(),
            waits => waits,
        };
        Ok(SeenProcess {
            process,
            pid: process.ids()?.last().copied().unwrap_or(process.pid),
            is_consistent: activity.now() == activity,
            threads,
            descriptors,
            waits,
            activity,
        })
    }

    /// The array or the lists of the process that listens, if a thread waits with them.
    fn waits(&mut self, server: &Server, process: Process, threads: &[Thread]) -> Waits {
        if process != server.process() {
            return Waits::Nothing;
        }
        let has =
            |is_it: fn(&Call) -> bool| threads.iter().any(|it| it.call.as_ref().is_some_and(is_it));
        let waits = if has(Call::is_poll) {
            server.poll_entries().map(|array| array.map(Waits::Poll))
        } else if has(Call::is_epoll) {
            server.epoll_entries().map(|list| list.map(Waits::Epoll))
        } else {
            Ok(None)
        };
        waits
            .unwrap_or_else(|problem| {
                self.problem = Some(problem.to_string());
                None
            })
            .unwrap_or_default()
    }
}

impl SeenProcess {
    fn has_run(&self) -> bool {
        self.activity.now() != self.activity
    }

    /// Whether every thread sleeps, and none is stopped.
    pub(super) fn is_asleep(&self) -> bool {
        self.threads.iter().all(|thread| thread.call.is_some() && !thread.stopped)
    }

    /// Whether the process has ended, and its parent has not waited for it.
    pub(super) fn is_zombie(&self) -> bool {
        !self.threads.is_empty() && self.threads.iter().all(|thread| thread.zombie)
    }

    /// Whether a signal has stopped the process.
    pub(super) fn is_stopped(&self) -> bool {
        !self.threads.is_empty() && self.threads.iter().all(|thread| thread.stopped)
    }
}
