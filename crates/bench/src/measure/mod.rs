//! What is measured: one module a bench.

pub(crate) mod echo;
pub(crate) mod idle;
pub(crate) mod store;

use crate::cores::Cores;
use crate::load::Work;
use crate::report::{Heading, Said};
use anyhow::Result;
use std::io::{self, Write};
use std::time::Duration;

/// The longest that a run goes on: on a slow machine it answers fewer requests, not later.
const MOST: Duration = Duration::from_secs(1);

/// What every bench is told.
#[derive(Debug)]
pub(crate) struct Setting {
    /// `None` where the machine has only one core.
    pub(crate) cores: Option<Cores>,
    /// Files that this process, and each server, may have open.
    pub(crate) descriptors: u64,
    /// How often each case is run.
    pub(crate) runs: u32,
    /// Whether a run is a quarter as long.
    pub(crate) quick: bool,
}

impl Setting {
    /// A run of so many requests, or of a quarter of them.
    pub(crate) fn work(&self, requests: u64) -> Work {
        let share = if self.quick { 4 } else { 1 };
        Work { requests: requests / share, at_most: MOST / share as u32 }
    }

    /// Whether so many clients fit the limit of open files, with the few that a server has besides.
    pub(crate) fn allows(&self, clients: usize) -> bool {
        clients as u64 + 100 <= self.descriptors
    }

    /// Says what will be measured, and what is amiss with this machine.
    ///
    /// # Errors
    /// As for [`say`].
    pub(crate) fn begin(&self, heading: Heading) -> Result<()> {
        say(&Said::Heading(heading))?;
        if self.cores.is_none() {
            let note = "one core: server and clients take each other's time, so compare nothing";
            say(&Said::Note(note.into()))?;
        }
        Ok(())
    }
}

/// Writes one line of JSON.
///
/// # Errors
/// Those of write(2): nobody listens any more.
pub(crate) fn say(said: &Said) -> Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{}", serde_json::to_string(said)?)?;
    Ok(stdout.flush()?)
}
