//! The threads of a server, and the calls that they sleep in.

use super::Server;
use sandbox::{Process, Thread, Unobservable};

impl Server {
    /// The threads of the process that listens; see [`threads_of`](Self::threads_of).
    ///
    /// # Errors
    /// [`Unobservable`] if the kernel hides this information from this user.
    pub fn threads(&self) -> Result<Vec<Thread>, Unobservable> {
        self.threads_of(self.process())
    }

    /// The threads of a process of the server, each with the call that it sleeps in. After a thread
    /// was stopped and resumed, the kernel may show restart_syscall(2) in place of the interrupted
    /// call; this function returns the interrupted call.
    ///
    /// # Errors
    /// [`Unobservable`] if the kernel hides this information from this user.
    pub fn threads_of(&self, process: Process) -> Result<Vec<Thread>, Unobservable> {
        let mut threads = self.threads_in(process)?;
        let sleeps = self.sleeps.borrow();
        for thread in &mut threads {
            thread.call = thread.call.map(|call| sleeps.interrupted(thread.tid, call));
        }
        Ok(threads)
    }

    /// The threads of every process in the sandbox.
    pub(super) fn all_threads(&self) -> Result<Vec<(Process, Thread)>, Unobservable> {
        let mut all = Vec::new();
        for process in self.processes()? {
            let threads = self.threads_in(process)?;
            if threads.is_empty() {
                // The process has ended after it was listed. The kernel may not have woken its
                // parent yet, so the process is still counted as running.
                all.push((process, Thread::vanished(process.pid)));
            }
            all.extend(threads.into_iter().map(|thread| (process, thread)));
        }
        self.sleeps.borrow_mut().update(&mut all, self.tracer.take_interrupted());
        Ok(all)
    }

    /// The threads of one process. The kernel shows a traced thread that a signal has stopped as
    /// traced, and not as stopped (proc_pid_stat(5)).
    pub(super) fn threads_in(&self, process: Process) -> Result<Vec<Thread>, Unobservable> {
        let mut threads = process.threads()?;
        if let Some(recorder) = &self.recorder {
            let is_stopped = |thread: &&mut Thread| recorder.is_stopped(thread.tid);
            for thread in threads.iter_mut().filter(is_stopped) {
                (thread.stopped, thread.call) = (true, None);
            }
        }
        Ok(threads)
    }
}
