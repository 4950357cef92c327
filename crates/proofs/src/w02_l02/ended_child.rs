//! Children that end while the parent is paused, so that the check sees how each of them has ended.

use crate::check_error::{CheckError, Failure};
use crate::fork_server::children::{has_ended, stopped_serving};
use crate::fork_server::many_children::child_runs_on;
use crate::fork_server::process_evidence;
use crate::test_run::TestRun;
use witness::{Process, Unobservable, WaitError};

/// A child that will end or has ended.
#[derive(Clone)]
pub(super) struct Child {
    /// The name of the child in a sentence, e.g. `A's child`.
    pub(super) name: String,
    pub(super) process: Process,
    /// The process ids of the child. The last one is the id that the server knows.
    pub(super) pids: Vec<i32>,
}

/// A child that has ended, and the number that waitpid(2) stores for it.
pub(super) struct EndedChild {
    pub(super) child: Child,
    pub(super) status: i32,
}

impl Child {
    /// A child that still runs.
    ///
    /// # Errors
    /// The machine hides how the child will end.
    pub(super) fn new(name: String, process: Process) -> Result<Self, CheckError> {
        if !process.shows_wait_status() {
            return Err(CheckError::Inconclusive(format!(
                "the kernel hides from this user how processes end (/proc/{}/stat, exit_code)",
                process.pid
            )));
        }
        Ok(Self { name, process, pids: process.ids()? })
    }

    /// The process id that the server knows.
    pub(super) fn pid(&self) -> i32 {
        self.pids.last().copied().unwrap_or(self.process.pid)
    }
}

/// Pauses the parent, calls `end`, which makes the children end, and resumes the parent when all of
/// them have ended. Returns how each child has ended, as the kernel keeps it until the parent asks.
pub(super) fn end_while_paused(
    run: &mut TestRun,
    children: Vec<Child>,
    end: impl FnOnce(&mut TestRun),
) -> Result<Vec<EndedChild>, CheckError> {
    run.check_alive().map_err(|error| stopped_serving(run, error))?;
    run.server.pause().map_err(|error| stopped_serving(run, error))?;
    end(run);
    let ended = run.server.wait_for(|now| {
        let all = children.iter().map(|child| has_ended(now, child.process));
        let all: Vec<bool> = all.collect::<Result<_, Unobservable>>()?;
        Ok(all.into_iter().all(|it| it).then_some(()))
    });
    ended.map_err(|error| child_runs_on(run, error))?;
    let mut found = Vec::new();
    // The status of a child of another process is kept for that process.
    let own = run.server.process().children()?;
    for child in children {
        match child.process.wait_status()? {
            Some(status) if own.contains(&child.process) => {
                found.push(EndedChild { child, status })
            }
            _ => return Err(not_kept(run, &child)),
        }
    }
    run.server.resume().map_err(|error| stopped_serving(run, error))?;
    Ok(found)
}

/// The failure of a server whose child is gone before the server has asked how it has ended.
fn not_kept(run: &mut TestRun, child: &Child) -> CheckError {
    let _ = run.server.resume();
    let failure = Failure {
        id: "status-lost",
        mistake: None,
        summary: format!(
            "{} ended while the server was paused, and nothing kept its exit status for the server.",
            child.name
        ),
        expected: "a zombie, until the server has asked how the child has ended".to_owned(),
        observed: format!("process {} is gone", child.pid()),
    };
    let wait_error: Option<WaitError> = None;
    process_evidence::fail(run, wait_error, failure).depends_on("handler")
}
